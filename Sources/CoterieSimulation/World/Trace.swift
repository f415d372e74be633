// What a run writes down for people: one line for each transition, in fixed columns.
//
//     column  width  what
//          1     14  virtual time in microseconds, right-aligned
//          2      4  the process: m1, m2 … for members, c0, c1 … for clients, -- for the world
//          3     12  what happened (send, recv, timer, disk, up, down, ask, answer, note, fault, heal …)
//          4      -  with what

/// A trace, kept in memory.
public struct Trace: Sendable {
    /// How many lines are kept, the latest; 0 switches the trace off.
    public let limit: Int
    private var kept: [String] = []
    private var next = 0
    /// How many lines there were in all.
    public private(set) var written = 0

    public init(limit: Int = 0) { self.limit = limit }

    public static let everything = Trace(limit: .max)

    @inlinable public var isOn: Bool { limit > 0 }

    /// The lines, in order.
    public var lines: [String] { Array(kept[next...]) + Array(kept[..<next]) }

    mutating func add(_ time: Int64, _ process: String, _ what: String, _ detail: String) {
        let line =
            Self.right("\(time / 1_000)", 14) + " " + Self.left(process, 4) + " " + Self.left(what, 12) + " " + detail
        written += 1
        if kept.count < limit {
            kept.append(line)
        } else {
            kept[next] = line
            next = (next + 1) % limit
        }
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }
}
