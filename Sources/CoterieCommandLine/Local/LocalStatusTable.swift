// `coterie local status` for people: one line a node. The live view adds what happened between two looks.

import CoterieHTTP
import CoteriePrimitives

/// Renders a status as lines.
struct LocalStatusTable {
    let output: Output

    /// The lines, with rates where `rates` has them (requests a second, by node).
    func lines(of status: LocalStatus, rates: [String: Double]? = nil) -> [String] {
        var titles: [(String, Columns.Alignment)] = [("NODE", .left), ("STATE", .left), ("PID", .right)]
        if rates != nil { titles.append(("REQ/S", .right)) }
        titles += [
            ("GET p50", .right), ("p99", .right), ("PUT p50", .right), ("p99", .right), ("KEYS", .right),
            ("UP", .right), ("PEER", .left), ("HTTP", .left),
        ]
        var columns = Columns(titles)
        for node in status.nodes {
            var cells = [node.name, state(of: node), node.pid.map { "\($0)" } ?? "-"]
            if let rates { cells.append(rates[node.name].map(Self.rate) ?? "-") }
            let latencies = node.status?.latencies ?? [:]
            for kind in ["get", "put"] {
                let summary = latencies[kind].flatMap { $0.count > 0 ? $0 : nil }
                cells.append(summary.map { Self.microseconds($0.p50) } ?? "-")
                cells.append(summary.map { Self.microseconds($0.p99) } ?? "-")
            }
            cells.append(node.status?.storage["keys"].map { "\($0)" } ?? "-")
            cells.append(node.status.map { Self.uptime($0.uptimeMilliseconds) } ?? "-")
            cells += [node.addresses.peer, node.addresses.http]
            columns.add(cells)
        }
        return columns.lines(on: output)
    }

    /// The state, and what the node does where it does not serve.
    private func state(of node: LocalStatus.Node) -> String {
        guard node.state == .alive, let service = node.status?.service, service != "serving" else {
            return styled(node.state)
        }
        return styled(.alive) + ", " + output.styled(service, .yellow)
    }

    private func styled(_ state: LocalStatus.State) -> String {
        switch state {
        case .alive: output.styled(state.rawValue, .green)
        case .suspect, .paused: output.styled(state.rawValue, .yellow)
        case .dead: output.styled(state.rawValue, .red)
        case .stopped: output.styled(state.rawValue, .dim)
        }
    }

    /// `850us`, `1.3ms`, `2.10s`.
    static func microseconds(_ count: Int) -> String {
        switch count {
        case ..<1_000: "\(count)us"
        case ..<10_000: "\(Self.decimal(Double(count) / 1_000, digits: 2))ms"
        case ..<1_000_000: "\(Self.decimal(Double(count) / 1_000, digits: 1))ms"
        default: "\(Self.decimal(Double(count) / 1_000_000, digits: 2))s"
        }
    }

    static func rate(_ perSecond: Double) -> String {
        perSecond >= 10 || perSecond == 0 ? "\(Int(perSecond.rounded()))" : decimal(perSecond, digits: 1)
    }

    /// `12s`, `3m05s`, `2h10m`, `4d02h`.
    static func uptime(_ milliseconds: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let seconds = milliseconds / 1_000
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3_600: return "\(seconds / 60)m\(two(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3_600)h\(two(seconds / 60 % 60))m"
        default: return "\(seconds / 86_400)d\(two(seconds / 3_600 % 24))h"
        }
    }

    static func decimal(_ number: Double, digits: Int) -> String {
        var scale = 1
        for _ in 0 ..< digits { scale *= 10 }
        let scaled = Int((number * Double(scale)).rounded())
        guard digits > 0 else { return "\(scaled)" }
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
