// A token bucket that bounds how much load retries and hedges add: calls earn tokens, repeats spend them. A client that
// repeats without such a bound turns a short fault into a long overload. (As in Finagle and gRPC.)

/// Hundredths of a token are counted, so that a call can earn less than one.
struct RetryBudget: Hashable, Sendable {
    private let capacity: Int
    private let earned: Int
    private(set) var hundredths: Int

    /// Begins full: a client that has just started may survive a fault too.
    init(capacity: Int, perHundredCalls: Int) {
        self.capacity = capacity * 100
        earned = perHundredCalls
        hundredths = capacity * 100
    }

    /// A new call was made.
    mutating func earn() { hundredths = min(capacity, hundredths + earned) }

    /// Whether one more repeat is allowed; if so, it is paid.
    mutating func spend() -> Bool {
        guard hundredths >= 100 else { return false }
        hundredths -= 100
        return true
    }
}
