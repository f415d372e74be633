// Zipf-distributed ranks in constant time: Gray, Sundaresan, Englert, Baclawski and Weinberger, "Quickly generating
// billion-record synthetic databases" (SIGMOD 1994), section 3.2. The rank r of n is drawn with a probability in
// proportion to 1 / r^theta. YCSB draws keys the same way.

import Foundation

/// Draws ranks `0 ..< n`, the lowest most often.
struct Zipfian: Sendable {
    let n: Int
    private let zeta: Double
    private let secondBound: Double
    private let alpha: Double
    private let eta: Double

    /// O(n), for the normalising sum. `theta` lies between 0 (uniform) and 1, both excluded.
    init(n: Int, theta: Double) {
        precondition(n > 0 && theta > 0 && theta < 1, "n is \(n), theta \(theta)")
        self.n = n
        var sum = 0.0
        // From the smallest addend on: rounding errors stay small.
        for rank in stride(from: n, through: 1, by: -1) { sum += pow(1 / Double(rank), theta) }
        zeta = sum
        secondBound = 1 + pow(0.5, theta)
        alpha = 1 / (1 - theta)
        eta = (1 - pow(2 / Double(n), 1 - theta)) / (1 - secondBound / sum)
    }

    /// The rank for a number `0 ..< 1`. O(1).
    func rank(_ uniform: Double) -> Int {
        let scaled = uniform * zeta
        if scaled < 1 { return 0 }
        if scaled < secondBound { return min(1, n - 1) }
        return min(n - 1, Int(Double(n) * pow(eta * uniform - eta + 1, alpha)))
    }
}
