import CoteriePrimitives
import NIOCore
import Testing

@testable import CoterieStorage

@Suite struct IndexTests {
    private func location(_ number: Int) -> Location {
        Location(
            segment: UInt32(number), offset: UInt32(number * 3), length: UInt32(number * 7),
            checksum: UInt32(truncatingIfNeeded: number &* 11))
    }

    private func sorted(_ model: [[UInt8]: Location]) -> [(key: [UInt8], location: Location)] {
        model.map { ($0.key, $0.value) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    private func key(_ generator: inout SeededGenerator, domain: Int, longest: Int) -> [UInt8] {
        let number = generator.below(domain)
        var bytes = Array("type\u{0}bucket\u{0}".utf8) + Array(String(number * 7919 % domain).utf8)
        if number % 13 == 0 {
            bytes += [UInt8](repeating: UInt8(number % 251), count: 1 + (number * 31) % longest)
        }
        return bytes
    }

    @Test(arguments: [(UInt64(1), 300, 40), (2, 5_000, 40), (3, 400, 16_000), (4, 40, 4_000)])
    func randomChangesGiveTheSameAsASortedDictionary(seed: UInt64, domain: Int, longest: Int) {
        var generator = SeededGenerator(seed: seed)
        var index = GroupIndex()
        var model: [[UInt8]: Location] = [:]
        for step in 0 ..< 12_000 {
            let bytes = key(&generator, domain: domain, longest: longest)
            let removes = generator.chance(step / 3_000 % 2 == 0 ? 1 : 7, in: 10)
            let old = bytes.withUnsafeBytes { raw in
                removes ? index.remove(raw) : index.set(raw, location(step))
            }
            #expect(old == model[bytes], "seed \(seed), step \(step)")
            model[bytes] = removes ? nil : location(step)
            if step % 997 == 0 { index.checkInvariants() }
        }
        index.checkInvariants()
        var walked: [(key: [UInt8], location: Location)] = []
        index.forEach(from: UnsafeRawBufferPointer(start: nil, count: 0)) { prefix, suffix, location in
            walked.append((Array(prefix) + Array(suffix), location))
            return true
        }
        let expected = sorted(model)
        #expect(walked.map(\.key) == expected.map(\.key), "seed \(seed)")
        #expect(walked.map(\.location) == expected.map(\.location), "seed \(seed)")
        for (key, location) in model { #expect(key.withUnsafeBytes { index.find($0) } == location) }
    }

    @Test func scansBeginWhereTheyAreToldAndEndAtTheLimit() {
        var generator = SeededGenerator(seed: 5)
        var index = GroupIndex()
        var model: [[UInt8]: Location] = [:]
        for step in 0 ..< 3_000 {
            let bytes = key(&generator, domain: 2_000, longest: 100)
            model[bytes] = location(step)
            _ = bytes.withUnsafeBytes { index.set($0, location(step)) }
        }
        let all = sorted(model).map(\.key)
        for _ in 0 ..< 300 {
            var start = generator.pick(all) ?? []
            if generator.chance(1, in: 2) { start.append(UInt8(generator.below(256))) }
            let limit = generator.below(50)
            let expected = all.filter { !$0.lexicographicallyPrecedes(start) }.prefix(limit)
            let found = index.keys(from: ByteBuffer(bytes: start), limit: limit).map { Array($0.readableBytesView) }
            #expect(found == Array(expected))
        }
    }

    @Test func ascendingKeysFillTheirPages() {
        var index = GroupIndex()
        for number in 0 ..< 50_000 {
            let digits = String(number)
            let key = Array((String(repeating: "0", count: 20 - digits.count) + digits).utf8)
            _ = key.withUnsafeBytes { index.set($0, location(1)) }
        }
        index.checkInvariants()
        let beyond = Double(index.bytes) / 50_000 - 20
        #expect(beyond < 22, "\(beyond) bytes a key beyond the key")
    }

    @Test func scatteredKeysStayWithinFortyBytesBeyondTheKey() {
        var generator = SeededGenerator(seed: 9)
        var index = GroupIndex()
        for _ in 0 ..< 50_000 {
            let digits = String(generator.next())
            let key = Array((String(repeating: "0", count: 20 - digits.count) + digits).utf8)
            _ = key.withUnsafeBytes { index.set($0, location(1)) }
        }
        index.checkInvariants()
        let beyond = Double(index.bytes) / Double(index.count) - 20
        #expect(beyond < 40, "\(beyond) bytes a key beyond the key")
    }

    @Test func aSnapshotDoesNotSeeLaterChanges() {
        var index = KeyIndex()
        let key = Array("a".utf8)
        let group = group(1)
        _ = key.withUnsafeBytes { index.set(group, $0, location(1)) }
        let snapshot = index.snapshot
        _ = key.withUnsafeBytes { index.set(group, $0, location(2)) }
        #expect(key.withUnsafeBytes { snapshot[0].keys.find($0) } == location(1))
        #expect(key.withUnsafeBytes { index.find(group, $0) } == location(2))
    }

    @Test func aDamagedPageIsRefusedWhereverABitFlips() {
        var page = Page()
        for number in 0 ..< 30 {
            let key = Array("key-\(number + 10)".utf8)
            key.withUnsafeBytes { page.insert($0, location(number), at: number) }
        }
        #expect(page.structureFault == nil)
        for place in page.bytes.indices {
            for bit in 0 ..< 8 {
                var damaged = page.bytes
                damaged[place] ^= 1 << bit
                // Refused, or a page whose places hold together: it never traps.
                if let taken = Page(stored: damaged) { _ = taken.search(UnsafeRawBufferPointer(start: nil, count: 0)) }
            }
        }
    }

    @Test func bytesCompareAsUnsignedAndAPrefixComesFirst() {
        let samples: [[UInt8]] = [
            [], [0], [0, 0], [0, 255], [1], [127], [128], [255], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8, 0],
            [1, 2, 3, 4, 5, 6, 7, 200, 0], [1, 2, 3, 4, 5, 6, 7, 9, 255], [255, 0, 0, 0, 0, 0, 0, 1],
        ]
        for a in samples {
            for b in samples {
                let order = a.withUnsafeBytes { a in b.withUnsafeBytes { compareBytes(a, $0) } }
                #expect((order < 0) == a.lexicographicallyPrecedes(b), "\(a) \(b)")
                #expect((order == 0) == (a == b), "\(a) \(b)")
            }
        }
    }
}
