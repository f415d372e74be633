// The picture of a key for a terminal: who holds what, the events with the lines between them, what the nodes remember.

import CoterieHTTP
import CoterieTypes

/// Lines about a picture.
struct PictureText {
    let picture: KeyPicture
    let output: Output
    /// Only characters that every terminal has.
    var isASCII = false
    /// So many events and so many merges are drawn.
    static let maxEvents = 60
    static let maxMerges = 20

    var lines: [String] { heading + [""] + events + legend + merges }

    private var heading: [String] {
        let name = KeyName(type: picture.bucketType, bucket: picture.bucket, key: picture.key)
        var lines = [
            output.styled(name.text, .bold) + ": \(picture.datatype), on "
                + picture.replicas.map(\.node).joined(separator: ", ")
        ]
        lines.append(output.styled("rule", .dim) + "   \(Self.rule(of: picture.datatype))")
        let width = picture.replicas.map(\.node.count).max() ?? 0
        for replica in picture.replicas {
            let node = replica.node + String(repeating: " ", count: width - replica.node.count)
            if let trouble = replica.trouble {
                lines.append("\(output.styled(node, .red))  does not tell: \(trouble)")
                continue
            }
            let lacks = replica.lacks.isEmpty ? "" : output.styled("  lacks \(list(replica.lacks))", .yellow)
            lines.append("\(output.styled(node, .cyan))  \(Self.shown(replica))\(lacks)")
        }
        return lines
    }

    private static func shown(_ replica: KeyPicture.Replica) -> String {
        guard let value = replica.value else {
            return replica.knowsNothing
                ? "nothing: never written here, or deleted and forgotten" : "nothing live; what was seen is known"
        }
        let text = value.line
        return text.count > 100 ? text.prefix(99) + "…" : text
    }

    private var events: [String] {
        guard !picture.events.isEmpty else { return ["no event is known of this key"] }
        let shown = Array(picture.events.prefix(Self.maxEvents))
        let rows = Dictionary(uniqueKeysWithValues: shown.enumerated().map { ($1.name, $0) })
        let graph = EventGraph(
            rows: shown.count,
            edges: picture.edges.compactMap { edge in
                guard let from = rows[edge.from], let to = rows[edge.to] else { return nil }
                return (from, to)
            }, pen: isASCII ? .ascii : .unicode)
        var columns = Columns(
            [("", .left), ("EVENT", .left), ("SAYS", .left), ("WRITTEN", .left), ("REPLACES", .left)]
                + picture.replicas.map { ($0.node, .left) })
        for (index, event) in shown.enumerated() {
            let style: Output.Style = event.isLive ? .green : .dim
            columns.add(
                [
                    graph.gutters[index] + output.styled(mark(event.isLive ? .live : .gone), style),
                    output.styled(event.label, style),
                    (event.says ?? "-") + (event.isShown ? "" : output.styled(" (hidden)", .yellow)),
                    event.written ?? "-", replaced(by: event),
                ] + event.standings.map(mark))
        }
        let more = picture.events.count - shown.count
        return columns.lines(on: output) + (more > 0 ? ["and \(more) more events; --json has all"] : [])
    }

    private func replaced(by event: KeyPicture.Event) -> String {
        let edges = picture.edges.filter { $0.from == event.name }
        return edges.isEmpty
            ? "-" : list(edges.map { picture.label($0.to) + ($0.ground == .inferred ? "?" : "") })
    }

    private var legend: [String] {
        var parts = ["\(mark(.live)) live", "\(mark(.gone)) seen, its value is gone", "\(mark(.unseen)) not seen"]
        if picture.replicas.contains(where: { $0.trouble != nil }) { parts.append("\(mark(.unknown)) not told") }
        if picture.edges.contains(where: { $0.ground == .inferred }) { parts.append("x? by elimination") }
        return ["", output.styled(parts.joined(separator: "   "), .dim)]
    }

    private var merges: [String] {
        guard !picture.merges.isEmpty else { return [] }
        let shown = picture.merges.prefix(Self.maxMerges)
        let more = picture.merges.count - shown.count
        return ["", output.styled("remembered merges, the newest first", .bold)] + shown.map { line($0) }
            + (more > 0 ? ["  and \(more) more; --json has all"] : [])
    }

    private func line(_ item: KeyPicture.NodeMerge) -> String {
        let merge = item.merge
        let what =
            merge.from.map { from in
                "merged what came from \(from)" + (merge.event.map { " with \(picture.label($0))" } ?? "")
            }
            ?? "wrote" + (merge.event.map { " \(picture.label($0))" } ?? "")
        var parts: [String] = []
        func add(_ word: String, _ names: [EventName]) {
            if !names.isEmpty { parts.append("\(word) \(list(names.map { picture.label($0) }))") }
        }
        add("came", merge.from == nil ? [] : merge.arrived)
        add("replaced", merge.replaced)
        add("discarded by the rule", merge.discarded)
        add("beside", merge.stayed)
        return "  \(Self.ago(merge.agoMilliseconds)) ago  \(item.node) \(what)"
            + (parts.isEmpty ? "" : ": " + parts.joined(separator: "; "))
    }

    private static func ago(_ milliseconds: Int64) -> String {
        switch milliseconds {
        case ..<1_000: "\(milliseconds) ms"
        case ..<120_000: "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s"
        case ..<7_200_000: "\(milliseconds / 60_000) min"
        default: "\(milliseconds / 3_600_000) h"
        }
    }

    private func list(_ names: [String]) -> String {
        names.count > 8
            ? names.prefix(7).joined(separator: ", ") + " and \(names.count - 7) more" : names.joined(separator: ", ")
    }

    private func mark(_ standing: KeyPicture.Standing) -> String {
        switch standing {
        case .live: isASCII ? "*" : "●"
        case .gone: isASCII ? "o" : "○"
        case .unseen: isASCII ? "." : "·"
        case .unknown: "?"
        }
    }

    /// What makes a value of the live events.
    static func rule(of datatype: String) -> String {
        switch datatype {
        case ReplicatedSiblings.name: "all live contents, side by side; a put replaces what its client had seen"
        case LastWriterWins.name, ReplicatedRegister.name:
            "the live event with the latest hybrid time is shown, ties by dot; the others are hidden until the next write"
        case ReplicatedCounter.name: "the sum of the live additions; a reset takes those it saw"
        case ReplicatedSet.name: "an element is there while an addition of it is live; a remove takes those it saw"
        case GrowOnlySet.name: "every element with a live addition"
        case ReplicatedFlag.name: "on while an enabling is live; a disabling takes those it saw"
        case ReplicatedMaximum.name: "the greatest of the live offers"
        case ReplicatedMinimum.name: "the least of the live offers"
        case DistinctCount.name: "about how many distinct elements the live sketches have seen together"
        case ReplicatedMap.name: "each field by its own type; a remove takes what it saw of a field"
        case BoundedCounter.name: "each replica's own totals; what they leave is the value"
        default: "a type of one's own reads the live events"
        }
    }
}
