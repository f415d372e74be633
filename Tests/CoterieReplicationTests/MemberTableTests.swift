// The table of members against a dictionary.

import CoteriePrimitives
import Testing

@testable import CoterieReplication

@Suite struct MemberTableTests {
    @Test(arguments: 0 ..< 20 as Range<UInt64>) func itIsADictionaryInTheOrderOfItsKeys(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = MemberTable<Int>()
        var twin: [MemberNumber: Int] = [:]
        for step in 0 ..< 200 {
            let member = MemberNumber(UInt32(1 + random.below(12)))
            let value = random.chance(1, in: 3) ? nil : step
            table[member] = value
            twin[member] = value
            #expect(table.keys == twin.keys.sorted(), "seed \(seed), step \(step)")
            #expect(table.values == twin.keys.sorted().map { twin[$0] })
            #expect(table.count == twin.count && table.isEmpty == twin.isEmpty)
            for number in 0 ... 14 as ClosedRange<UInt32> {
                #expect(table[MemberNumber(number)] == twin[MemberNumber(number)])
            }
        }
        table[MemberNumber(3)] = 7
        table[MemberNumber(3)]? += 1
        #expect(table[MemberNumber(3)] == 8)
    }
}
