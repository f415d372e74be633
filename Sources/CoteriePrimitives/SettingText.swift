// How values are written in flags, environment and YAML: durations such as `100ms`, sizes such as `64MiB`, and back.
// What users write is the same wherever they write it: a node's settings, a flag, a scenario.

/// Why a text is no value of its kind: the second half of a sentence that begins with the text.
public struct RejectedText: Error, Hashable, Sendable {
    public let reason: String
    public init(_ reason: String) { self.reason = reason }
}

/// Reads and writes the texts of values.
public enum SettingText {
    private static let spanUnits: [(suffix: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ]
    private static let sizeUnits: [(suffix: String, bytes: Int)] = [
        ("", 1), ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
        ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ]

    /// A duration: a whole number and one of `ns us ms s m h d`.
    public static func span(_ text: String) throws(RejectedText) -> TimeSpan {
        let (number, suffix) = split(text)
        guard let number, let unit = spanUnits.first(where: { $0.suffix == suffix }) else {
            throw RejectedText("is not a duration: give a whole number with a unit, such as 100ms, 5s, 2m or 1h")
        }
        let (nanoseconds, overflow) = Int64(number).multipliedReportingOverflow(by: unit.nanoseconds)
        guard !overflow else { throw RejectedText("is too long a duration") }
        return TimeSpan(nanoseconds: nanoseconds)
    }

    /// The shortest exact text of a duration.
    public static func text(of span: TimeSpan) -> String {
        let nanoseconds = span.nanoseconds
        for unit in spanUnits.reversed()
        where unit.suffix != "µs" && nanoseconds != 0 && nanoseconds % unit.nanoseconds == 0 {
            return "\(nanoseconds / unit.nanoseconds)\(unit.suffix)"
        }
        return "0s"
    }

    /// A size in bytes: a whole number, alone or with one of `KiB MiB GiB TiB` (or decimal `kB MB GB TB`).
    public static func size(_ text: String) throws(RejectedText) -> Int {
        let (number, suffix) = split(text)
        guard let number, let unit = sizeUnits.first(where: { $0.suffix == suffix }) else {
            throw RejectedText("is not a size: give bytes, or a whole number with KiB, MiB or GiB, such as 64MiB")
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
        guard !overflow else { throw RejectedText("is too large a size") }
        return bytes
    }

    /// The shortest exact text of a size in binary units.
    public static func text(ofSize bytes: Int) -> String {
        for (suffix, unit) in [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        where bytes != 0 && bytes % unit == 0 {
            return "\(bytes / unit)\(suffix)"
        }
        return "\(bytes)"
    }

    /// A whole number; underscores may group its digits.
    public static func count(_ text: String) throws(RejectedText) -> Int {
        let digits = text.filter { $0 != "_" }
        guard let number = Int(digits), !digits.isEmpty else { throw RejectedText("is not a whole number") }
        return number
    }

    public static func flag(_ text: String) throws(RejectedText) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw RejectedText("is neither true nor false")
        }
    }

    /// Leading digits and what follows them, without a space between.
    private static func split(_ text: String) -> (Int?, String) {
        let trimmed = text.filter { $0 != "_" && $0 != " " }
        let digits = trimmed.prefix { $0.isASCII && $0.isNumber }
        return (Int(digits), String(trimmed.dropFirst(digits.count)))
    }
}
