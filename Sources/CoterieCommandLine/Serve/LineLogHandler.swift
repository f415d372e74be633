// Log lines to standard error: for people on a terminal, for machines elsewhere. One line an event, one write a line.

import CoterieServer
import Foundation
import Logging

/// A swift-log handler that writes `text`, `logfmt` or `json` lines.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let format: NodeSettings.LogFormat
    private let output: Output
    private let now: @Sendable () -> Date

    /// `auto` becomes `text` on a terminal and `logfmt` elsewhere.
    init(
        level: Logger.Level, format: NodeSettings.LogFormat, output: Output = .error,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        logLevel = level
        self.format = format == .auto ? (output.isTerminal ? .text : .logfmt) : format
        self.output = output
        self.now = now
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        let pairs = fields.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        output.line(line(level: event.level, message: event.message.description, fields: pairs))
    }

    /// One line without its end.
    func line(level: Logger.Level, message: String, fields: [(String, String)]) -> String {
        let time = Self.timestamp(now())
        switch format {
        case .auto, .text:
            let tail = fields.map { " " + output.styled("\($0.0)=", .dim) + Self.logfmt($0.1) }.joined()
            let name = level.rawValue.uppercased().padding(toLength: 8, withPad: " ", startingAt: 0)
            return "\(output.styled(String(time.dropFirst(11).dropLast()), .dim)) "
                + "\(output.styled(name, Self.style(of: level))) \(Self.oneLine(message))\(tail)"
        case .logfmt:
            let tail = fields.map { " \($0.0)=\(Self.logfmt($0.1))" }.joined()
            return "time=\(time) level=\(level.rawValue) msg=\(Self.logfmt(message))\(tail)"
        case .json:
            let pairs = [("time", time), ("level", level.rawValue), ("msg", message)] + fields
            return "{" + pairs.map { "\(Self.json($0.0)):\(Self.json($0.1))" }.joined(separator: ",") + "}"
        }
    }

    private static func style(of level: Logger.Level) -> Output.Style {
        switch level {
        case .trace, .debug: .dim
        case .info, .notice: .green
        case .warning: .yellow
        case .error, .critical: .red
        }
    }

    /// UTC with milliseconds: `2026-01-31T23:59:59.999Z`.
    static func timestamp(_ date: Date) -> String {
        let milliseconds = Int64((date.timeIntervalSince1970 * 1_000).rounded(.down))
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
        return "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
    }

    /// Control characters escaped, so that nothing that is logged can begin a line of its own.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return text }
        return text.unicodeScalars.map { scalar in
            switch scalar {
            case "\n": "\\n"
            case "\t": "\\t"
            case "\r": "\\r"
            default:
                scalar.value < 0x20 || scalar.value == 0x7F
                    ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
            }
        }.joined()
    }

    /// Bare where it has no space, quote or equals sign; else quoted.
    private static func logfmt(_ text: String) -> String {
        let flat = oneLine(text)
        guard flat.isEmpty || flat.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return flat }
        return "\"" + flat.replacing("\"", with: "\\\"") + "\""
    }

    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
