// Why a text is no history: where, what was found, what is allowed.

/// A history in text that cannot be read.
public struct HistoryFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    public let line: Int
    public let text: String

    public init(line: Int, _ text: String) {
        self.line = line
        self.text = text
    }

    public var description: String { "line \(line): \(text)" }
}
