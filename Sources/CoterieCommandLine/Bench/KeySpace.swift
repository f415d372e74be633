// The keys of a run, encoded once, and how they are drawn.

import CoteriePrimitives
import NIOCore

/// All keys, encoded and checked beforehand: drawing one allocates nothing.
struct KeySpace: Sendable {
    private let keys: [ObjectKey]
    private let zipfian: Zipfian?

    init(_ plan: BenchPlan) {
        let digits = String(plan.keys - 1).count
        // Slices of one buffer: an allocation for all of them, not for each.
        var buffer = ByteBuffer()
        func write(_ index: Int) -> Int {
            let text = String(index)
            let name = "k" + String(repeating: "0", count: digits - text.count) + text
            return buffer.writeImmutableBuffer(ObjectKey(type: plan.type, bucket: plan.bucket, key: name).bytes)
        }
        let length = write(0)
        buffer.reserveCapacity(length * plan.keys)
        for index in 1 ..< max(plan.keys, 1) { _ = write(index) }
        keys = (0 ..< plan.keys).map { index in
            guard let slice = buffer.getSlice(at: index * length, length: length),
                let key = ObjectKey(encoded: slice)
            else { preconditionFailure("key \(index) is not \(length) bytes long") }
            return key
        }
        zipfian = plan.distribution == .zipfian ? Zipfian(n: plan.keys, theta: plan.theta) : nil
    }

    var count: Int { keys.count }

    subscript(_ index: Int) -> ObjectKey { keys[index] }

    /// A key's number, drawn as the plan says.
    func draw(_ generator: inout SeededGenerator) -> Int {
        guard let zipfian else { return generator.below(keys.count) }
        // The hot ranks are spread over the whole space, one to one.
        return zipfian.rank(generator.unit()) &* 2_654_435_761 % keys.count
    }
}

extension SeededGenerator {
    /// A number `0 ..< 1`, of 53 bits.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
