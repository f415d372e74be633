// Where commands write: standard output for results, standard error for what is said about them. Colours only on a
// terminal, and not where NO_COLOR is set (no-color.org) or TERM is dumb.

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// One of the process's two streams of text.
public struct Output: Sendable {
    let descriptor: Int32
    /// Whether a person is looking at it.
    public let isTerminal: Bool
    /// Whether colours and other attributes may be written.
    public let hasColor: Bool

    public static let standard = Output(descriptor: STDOUT_FILENO)
    public static let error = Output(descriptor: STDERR_FILENO)

    init(descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.init(descriptor: descriptor, isTerminal: isatty(descriptor) == 1, environment: environment)
    }

    init(descriptor: Int32, isTerminal: Bool, environment: [String: String]) {
        self.descriptor = descriptor
        self.isTerminal = isTerminal
        hasColor = isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// Writes the text and a line's end, in one call, so that lines of several writers do not mix.
    public func line(_ text: String = "") { write(text + "\n") }

    /// Writes the text as it is.
    public func write(_ text: String) { write(bytes: Array(text.utf8)) }

    /// Writes bytes as they are: values that need not be text.
    public func write(bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR || errno == EAGAIN { continue }
            // A closed pipe: nobody reads on, and there is nobody to tell.
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    /// `text` in a style, where colours may be written.
    public func styled(_ text: String, _ style: Style...) -> String {
        guard hasColor, !style.isEmpty, !text.isEmpty else { return text }
        return "\u{1B}[\(style.map(\.rawValue).joined(separator: ";"))m\(text)\u{1B}[0m"
    }

    /// Attributes of text, by their codes (ECMA-48, SGR).
    public enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case blue = "34"
        case magenta = "35"
        case cyan = "36"
    }

    /// Columns and rows of the terminal; 80 × 24 where there is none.
    public var size: (columns: Int, rows: Int) {
        var window = winsize()
        guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0 else { return (80, 24) }
        return (Int(window.ws_col), Int(window.ws_row))
    }
}

/// The system's `write`, out of the way of the method of that name.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
