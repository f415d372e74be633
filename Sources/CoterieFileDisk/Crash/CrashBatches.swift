// What a crash test writes: batch `n` is a function of the seed and `n`, so whoever knows both knows what a store must
// hold after it. Every batch carries its number in a metadata record.

import CoteriePrimitives
import CoterieStorage
import NIOCore

/// The batches of one crash test.
public struct CrashBatches: Sendable {
    static let numberName = "batch"
    public let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    /// Settings under which a few seconds of writing seal segments, write checkpoints and compact, hundreds of times.
    public static var settings: LogEngine.Settings {
        var settings = LogEngine.Settings()
        settings.segmentBytes = 64 << 10
        settings.compactionStepBytes = 8 << 10
        settings.checkpointBytes = 96 << 10
        settings.checkpointShare = 1
        settings.checkpointStepBytes = 8 << 10
        settings.smallSegmentLimit = 4
        return settings
    }

    /// The batch numbered `number`, from 1 on.
    public func batch(_ number: Int) -> Batch {
        var generator = SeededGenerator(seed: seed &+ UInt64(number) &* 0x9e37_79b9_7f4a_7c15)
        var changes: [Change] = []
        for _ in 0 ... generator.below(6) {
            let group = Group(partition: PartitionIndex(UInt16(generator.below(4))), n: 3)
            let key = ByteBuffer(string: "key-\(generator.below(150))")
            if generator.chance(1, in: 5) {
                changes.append(Change(group: group, key: key, action: .remove))
            } else {
                var value = ByteBuffer(string: "\(number) ")
                value.writeRepeatingByte(UInt8(0x61 + number % 26), count: generator.below(200))
                let note = ByteBuffer(string: "dot \(number)")
                changes.append(Change(group: group, key: key, action: .put(value), note: note))
            }
        }
        let number = MetadataChange(name: Self.numberName, value: ByteBuffer(string: "\(number)"))
        return Batch(changes, metadata: [number])
    }

    /// The number of the last batch that a store holds; 0 for none.
    static func number(in engine: LogEngine) -> Int {
        engine.metadata(numberName).flatMap { Int(String(buffer: $0)) } ?? 0
    }
}
