// Aligned columns for people. Widths count what is seen: escape sequences have none.

/// A table with a header, its columns as wide as their widest cell.
public struct Columns: Sendable {
    public enum Alignment: Sendable { case left, right }

    private var rows: [[String]]
    private let alignments: [Alignment]

    /// Columns with their titles; numbers are aligned right.
    public init(_ titles: [(String, Alignment)]) {
        rows = [titles.map(\.0)]
        alignments = titles.map(\.1)
    }

    public mutating func add(_ cells: [String]) {
        precondition(cells.count == alignments.count, "\(cells.count) cells for \(alignments.count) columns")
        rows.append(cells)
    }

    /// The lines, the header's titles dim on a terminal.
    public func lines(on output: Output) -> [String] {
        let widths = alignments.indices.map { column in rows.map { Self.width(of: $0[column]) }.max() ?? 0 }
        return rows.enumerated().map { index, cells in
            var line = ""
            for (column, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - Self.width(of: cell))
                line += column == 0 ? "" : "  "
                line += alignments[column] == .right ? padding + cell : cell + padding
            }
            while line.last == " " { line.removeLast() }
            return index == 0 ? output.styled(line, .dim) : line
        }
    }

    /// Seen characters: all but escape sequences.
    static func width(of text: String) -> Int {
        var width = 0
        var inEscape = false
        for scalar in text.unicodeScalars {
            if inEscape {
                inEscape = !(scalar.properties.isAlphabetic)
            } else if scalar == "\u{1B}" {
                inEscape = true
            } else if scalar.properties.generalCategory != .nonspacingMark {
                width += 1
            }
        }
        return width
    }

    /// `text` cut to so many seen characters; what is cut off is replaced by `…`, and attributes end there.
    static func truncated(_ text: String, to limit: Int) -> String {
        guard width(of: text) > limit, limit > 0 else { return text }
        var result = ""
        var seen = 0
        var inEscape = false
        for character in text {
            if inEscape {
                inEscape = !character.isLetter
            } else if character == "\u{1B}" {
                inEscape = true
            } else {
                seen += 1
                if seen == limit { return result + (result.contains("\u{1B}") ? "…\u{1B}[0m" : "…") }
            }
            result.append(character)
        }
        return result
    }
}
