// Lines that are redrawn in place at the bottom of a terminal. Never more than the screen holds, never wider.

/// A block of lines on a terminal. `leave` must be called before anything else is written.
struct LiveLines {
    private let output: Output
    private var drawn = 0
    private var isCursorHidden = false

    init(_ output: Output) { self.output = output }

    /// Replaces what was drawn before.
    mutating func draw(_ lines: [String]) {
        let size = output.size
        let visible = lines.prefix(max(size.rows - 1, 1)).map { Columns.truncated($0, to: size.columns - 1) }
        var text = isCursorHidden ? "" : "\u{1B}[?25l"
        isCursorHidden = true
        if drawn > 0 { text += "\u{1B}[\(drawn)A" }
        text += "\r\u{1B}[J"
        text += visible.map { $0 + "\n" }.joined()
        drawn = visible.count
        output.write(text)
    }

    /// Takes the lines away.
    mutating func erase() {
        if drawn > 0 { output.write("\u{1B}[\(drawn)A\r\u{1B}[J") }
        drawn = 0
    }

    /// Leaves the lines as they are and gives the cursor back; an echoed `^C` goes.
    mutating func leave() {
        if isCursorHidden { output.write("\r\u{1B}[K\u{1B}[?25h") }
        isCursorHidden = false
        drawn = 0
    }
}
