// The lines to the left of a list of events: from each event down to those that it replaced, as `git log --graph` draws
// commits. One lane for each event that replaces any; lanes that do not overlap share a column.

/// Lines between rows.
struct EventGraph {
    /// The characters that lines are made of.
    struct Pen: Sendable {
        let down, along, begin, end, branch, arrow: Character
        /// A line across a lane, across the beginning of one, across its end.
        let cross, crossBegin, crossEnd: Character

        static let unicode = Pen(
            down: "│", along: "─", begin: "╭", end: "╰", branch: "├", arrow: "▶", cross: "┼", crossBegin: "┬",
            crossEnd: "┴")
        static let ascii = Pen(
            down: "|", along: "-", begin: ".", end: "`", branch: "+", arrow: ">", cross: "+", crossBegin: "+",
            crossEnd: "+")

        /// A line along where `there` is already.
        func crossing(_ there: Character) -> Character {
            switch there {
            case " ", along: along
            case arrow: arrow
            case begin: crossBegin
            case end, crossEnd: crossEnd
            default: cross
            }
        }
    }

    /// For each row what stands before it, all equally wide; empty strings where there are no edges.
    let gutters: [String]

    /// - Parameter edges: pairs of rows, the first above the second; others are left out.
    init(rows: Int, edges: [(from: Int, to: Int)], pen: Pen) {
        var targets: [Int: [Int]] = [:]
        for edge in edges where edge.from < edge.to && edge.to < rows {
            targets[edge.from, default: []].append(edge.to)
        }
        let trunks = targets.sorted { $0.key < $1.key }.map { (top: $0.key, ends: $0.value.sorted()) }
        var bottoms: [Int] = []
        var lanes: [Int] = []
        for trunk in trunks {
            let bottom = trunk.ends.last ?? trunk.top
            let lane = bottoms.firstIndex { $0 < trunk.top } ?? bottoms.count
            if lane == bottoms.count { bottoms.append(bottom) } else { bottoms[lane] = bottom }
            lanes.append(lane)
        }
        guard !bottoms.isEmpty else {
            gutters = [String](repeating: "", count: rows)
            return
        }
        // One column for each lane, one between two of them, and one for the arrow.
        let width = bottoms.count * 2
        var grid = [[Character]](repeating: [Character](repeating: " ", count: width), count: rows)
        for (trunk, lane) in zip(trunks, lanes) {
            let column = (bottoms.count - 1 - lane) * 2
            let bottom = trunk.ends.last ?? trunk.top
            for row in trunk.top ... bottom {
                let isEnd = row == trunk.top || trunk.ends.contains(row)
                let mark = row == trunk.top ? pen.begin : row == bottom ? pen.end : isEnd ? pen.branch : pen.down
                // A line of an earlier trunk may run along here; its own column is free.
                grid[row][column] = grid[row][column] == " " ? mark : pen.cross
                guard isEnd else { continue }
                for next in (column + 1) ..< width {
                    grid[row][next] = pen.crossing(grid[row][next])
                }
                if row != trunk.top { grid[row][width - 1] = pen.arrow }
            }
        }
        gutters = grid.map { String($0) }
    }
}
