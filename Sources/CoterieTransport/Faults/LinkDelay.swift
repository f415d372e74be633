// How long a piece takes over a link: a number, or a distribution that each piece draws from.
//
// The mixtures of Pareto and exponential tails are how measured clusters look (Bailis et al., "Probabilistically Bounded
// Staleness", VLDB 2012, section 5.4): Pareto(scale, shape) = scale · U^(−1/shape), Exp(rate) = −ln U / rate.

import CoteriePrimitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A delay in milliseconds, as a value with several forms.
public indirect enum LinkDelay: Hashable, Sendable {
    case constant(Double)
    /// Each length between the two as likely.
    case uniform(from: Double, to: Double)
    case exponential(mean: Double)
    /// `scale` is the least that is drawn; the smaller `shape`, the heavier the tail.
    case pareto(scale: Double, shape: Double)
    /// One of the parts, by its weight.
    case mixture([Part])
    /// The sum of both: a distance and what happens on the way.
    case sum(LinkDelay, LinkDelay)

    public struct Part: Hashable, Sendable {
        /// Relative to the other parts' weights; more than 0.
        public var weight: Double
        public var delay: LinkDelay

        public init(weight: Double, delay: LinkDelay) {
            self.weight = weight
            self.delay = delay
        }
    }

    /// What a draw is cut to: a heavy tail draws anything.
    public static let longest = TimeSpan.seconds(600)

    /// The next length of a sequence that the generator decides.
    public func draw(_ draws: inout SeededGenerator) -> TimeSpan {
        let milliseconds = sample(&draws)
        let longest = Double(Self.longest.milliseconds)
        return TimeSpan(nanoseconds: Int64(min(max(milliseconds, 0), longest) * 1_000_000))
    }

    private func sample(_ draws: inout SeededGenerator) -> Double {
        switch self {
        case .constant(let length): return length
        case .uniform(let from, let to): return from + (to - from) * Self.unit(&draws)
        case .exponential(let mean): return -log(Self.unit(&draws)) * mean
        case .pareto(let scale, let shape): return scale * pow(Self.unit(&draws), -1 / shape)
        case .mixture(let parts):
            var left = Self.unit(&draws) * parts.reduce(0) { $0 + $1.weight }
            for part in parts {
                if left <= part.weight { return part.delay.sample(&draws) }
                left -= part.weight
            }
            return parts.last?.delay.sample(&draws) ?? 0
        case .sum(let one, let other): return one.sample(&draws) + other.sample(&draws)
        }
    }

    /// More than 0, at most 1: its logarithm and its negative powers are finite.
    private static func unit(_ draws: inout SeededGenerator) -> Double {
        (Double(draws.next() >> 11) + 1) / 9_007_199_254_740_992
    }

    /// The first thing that is wrong with it, and what is allowed; nil where nothing is.
    public var problem: String? {
        let most = Double(Self.longest.milliseconds)
        func length(_ value: Double, _ name: String, from least: Double = 0) -> String? {
            value.isFinite && value >= least && value <= most
                ? nil : "\(name) is \(least) to \(most) milliseconds, not \(value)"
        }
        switch self {
        case .constant(let value): return length(value, "constant")
        case .uniform(let from, let to):
            return length(from, "uniform's first value") ?? length(to, "uniform's second value")
                ?? (from <= to ? nil : "uniform goes from the smaller to the larger value, not from \(from) to \(to)")
        case .exponential(let mean): return length(mean, "exponential's mean")
        case .pareto(let scale, let shape):
            if !(shape.isFinite && shape > 0) { return "pareto's shape is more than 0, not \(shape)" }
            return length(scale, "pareto's scale")
        case .mixture(let parts):
            if parts.isEmpty { return "a mixture has at least one part" }
            for part in parts {
                if !(part.weight.isFinite && part.weight > 0) { return "a weight is more than 0, not \(part.weight)" }
                if let problem = part.delay.problem { return problem }
            }
            return nil
        case .sum(let one, let other): return one.problem ?? other.problem
        }
    }
}
