// xoshiro256** 1.0 (Blackman and Vigna, 2018), seeded by SplitMix64: every random draw of a pure module comes from one
// of these, so that a seed decides a run.

/// A seeded generator of random numbers. Not for secrets.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var s0, s1, s2, s3: UInt64

    /// Equal seeds give equal sequences, on every machine.
    public init(seed: UInt64) {
        var mixer = seed
        func next() -> UInt64 {
            mixer &+= 0x9e37_79b9_7f4a_7c15
            var z = mixer
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
        s0 = next()
        s1 = next()
        s2 = next()
        s3 = next()
    }

    public mutating func next() -> UInt64 {
        let product = s1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let t = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = s3 << 45 | s3 >> 19
        return result
    }

    /// A number below `bound`, which must be positive; each equally likely.
    ///
    /// Lemire's multiplication (2019), written out rather than left to the standard library, so that no release of it
    /// can change what a seed means.
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a bound must be positive, not \(bound)")
        let bound = UInt64(bound)
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let unfair = (0 &- bound) % bound
            while product.low < unfair { product = next().multipliedFullWidth(by: bound) }
        }
        return Int(product.high)
    }

    /// True in `numerator` of `denominator` cases: probabilities are integer ratios.
    public mutating func chance(_ numerator: Int, in denominator: Int) -> Bool {
        below(denominator) < numerator
    }

    /// An element, or nil of an empty collection.
    public mutating func pick<C: RandomAccessCollection>(_ choices: C) -> C.Element? {
        guard !choices.isEmpty else { return nil }
        return choices[choices.index(choices.startIndex, offsetBy: below(choices.count))]
    }

    /// Fisher–Yates, from this generator.
    public mutating func shuffle<T>(_ array: inout [T]) {
        guard array.count > 1 else { return }
        for i in stride(from: array.count - 1, to: 0, by: -1) {
            array.swapAt(i, below(i + 1))
        }
    }

    /// An independent generator: give each component its own, so that one's draws do not move another's.
    public mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }
}
