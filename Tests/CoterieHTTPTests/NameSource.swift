import Synchronization

/// Names that count: generated keys and boundaries that a transcript can hold.
final class NameSource: Sendable {
    private let count = Mutex(0)

    func next() -> String {
        count.withLock { count in
            count += 1
            let digits = String(count)
            return "name" + String(repeating: "0", count: 18 - digits.count) + digits
        }
    }
}
