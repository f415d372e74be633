// `coterie cluster status` for people: members, repairs, and only where there is any what is missing and what waits.
// Every table fits 80 columns with usual names.

import CoterieHTTP

/// Renders a report as lines.
struct ClusterStatusText {
    let report: ClusterReport
    let output: Output

    /// At most so many pairs of partition and peers are named.
    static let mostMissing = 12

    var lines: [String] {
        let layout = report.layout
        let title =
            "\(layout.cluster): epoch \(layout.epoch), \(layout.partitions) partitions, \(layout.replicas) replicas, "
            + "as \(report.status.node) sees it"
        return [title] + members + disagreements + [""] + repairs + yielding + missing + waiting + [""] + layoutLines
    }

    // MARK: Members

    private var members: [String] {
        let hasZones = Set(report.layout.members.map(\.zone)).count > 1
        let hasWeights = Set(report.layout.members.map(\.weight)).count > 1
        var titles: [(String, Columns.Alignment)] = [
            ("NODE", .left), ("STATE", .left), ("SINCE", .right), ("SERVICE", .left), ("IN SYNC", .left),
            ("LACKS", .right),
        ]
        if hasHints { titles.append(("HINTS", .right)) }
        if hasZones { titles.append(("ZONE", .left)) }
        if hasWeights { titles.append(("WEIGHT", .right)) }
        titles += [("SLOTS", .right), ("HTTP", .left)]
        var columns = Columns(titles)
        for (member, place) in zip(report.members, report.layout.members) {
            var cells = [
                member.name, styled(member.state), LocalStatusTable.uptime(member.sinceMilliseconds),
                service(of: member), inSync(member.status), lacks(member.status),
            ]
            if hasHints { cells.append(hints(for: member)) }
            if hasZones { cells.append(place.zone) }
            if hasWeights { cells.append("\(place.weight)") }
            columns.add(cells + ["\(place.slots)", place.http])
        }
        return columns.lines(on: output)
    }

    private func styled(_ state: NodeStatus.Peer.State) -> String {
        switch state {
        case .alive: output.styled("alive", .green)
        case .suspect: output.styled("suspect", .yellow)
        case .dead: output.styled("dead", .red)
        }
    }

    private func service(of member: ClusterReport.Member) -> String {
        guard let service = member.status?.service else { return output.styled("no answer", .red) }
        return service == "serving" ? service : output.styled(service, .yellow)
    }

    private func inSync(_ status: NodeStatus?) -> String {
        guard let status else { return "-" }
        if status.peers.allSatisfy({ $0.exchange == nil }) { return "alone" }
        guard let ago = status.inSyncAgoMilliseconds else { return output.styled("not yet", .yellow) }
        // A tick of anti-entropy or two are as good as now.
        if ago < 3_000 { return output.styled("now", .green) }
        return output.styled("\(LocalStatusTable.uptime(ago)) ago", .yellow)
    }

    private func lacks(_ status: NodeStatus?) -> String { status.map { "\($0.exchange["lacked_events"] ?? 0)" } ?? "-" }

    private var statuses: [NodeStatus] { report.members.compactMap(\.status) }

    private var hasHints: Bool { statuses.contains { $0.peers.contains { $0.hints != nil } } }

    /// What all nodes that answer keep for it.
    private func hints(for member: ClusterReport.Member) -> String {
        "\(statuses.flatMap(\.peers).filter { $0.name == member.name }.compactMap(\.hints).reduce(0, +))"
    }

    /// Who is not seen alive or not connected, why, and who sees it otherwise.
    private var disagreements: [String] {
        report.members.compactMap { member in
            var parts: [String] = []
            if member.state != .alive, let because = member.because {
                parts.append("\(member.state.rawValue): \(because)")
            }
            let peer = report.status.peers.first { $0.name == member.name }
            if member.state == .alive, peer?.connected == false {
                parts.append("not connected to \(report.status.node)")
            }
            if let accusers = peer?.accusers { parts.append("accused by \(accusers.joined(separator: ", "))") }
            if let dead = peer?.deadInMilliseconds { parts.append("dead in \(LocalStatusTable.uptime(dead))") }
            for name in member.otherwise.keys.sorted() {
                if let state = member.otherwise[name] { parts.append("\(state.rawValue) for \(name)") }
            }
            return parts.isEmpty ? nil : "  \(member.name): \(parts.joined(separator: "; "))"
        }
    }

    // MARK: Repairs, what is missing, what waits

    /// Since each node's start.
    private var repairs: [String] {
        var columns = Columns([
            ("SINCE START", .left), ("UP", .right), ("READ REPAIRS", .right), ("SKIPPED", .right), ("OFFERED", .right),
            ("TAKEN", .right), ("PROBES", .right), ("FAILED", .right), ("SLOW", .right),
        ])
        for status in statuses {
            func counter(_ name: String) -> String { "\(status.counters[name] ?? 0)" }
            let health = status.membership["health_multiplier"] ?? 1
            columns.add([
                status.node, LocalStatusTable.uptime(status.uptimeMilliseconds), counter("read_repairs"),
                counter("read_repairs_skipped"), counter("offers_made"), counter("offers_taken"),
                "\(status.membership["probes"] ?? 0)", "\(status.membership["failed_probes"] ?? 0)",
                health == 1 ? "no" : output.styled("\(health)x", .yellow),
            ])
        }
        return columns.lines(on: output)
    }

    /// Whose background work goes slower than it might, and why.
    private var yielding: [String] {
        statuses.compactMap { status in
            guard let background = status.background, let since = background.yieldingMilliseconds else { return nil }
            let latencies = background.foreground.keys.sorted().compactMap { kind in
                background.foreground[kind].map { "\(kind) \(milliseconds($0.now)) ms (calm \(milliseconds($0.calm)))" }
            }
            let because = latencies.isEmpty ? "" : ": \(latencies.joined(separator: ", "))"
            return "  \(status.node): yields to requests for \(LocalStatusTable.uptime(since)), background at "
                + "\(background.percent) %\(because)"
        }
    }

    private func milliseconds(_ microseconds: Int) -> String {
        LocalStatusTable.decimal(Double(microseconds) / 1_000, digits: 1)
    }

    private var missing: [String] {
        var rows: [(at: String, missing: NodeStatus.Missing)] = []
        for status in statuses { rows += status.missing.map { (status.node, $0) } }
        guard !rows.isEmpty else { return [] }
        rows.sort { $0.missing.events > $1.missing.events }
        var columns = Columns([
            ("MISSING AT", .left), ("TOLD BY", .left), ("PARTITION", .right), ("N", .right), ("EVENTS", .right),
        ])
        for (at, missing) in rows.prefix(Self.mostMissing) {
            columns.add([at, missing.peer, "\(missing.partition)", "\(missing.n)", "\(missing.events)"])
        }
        let more = rows.count - Self.mostMissing
        return [""] + columns.lines(on: output) + (more > 0 ? ["  and \(more) more (--json has them)"] : [])
    }

    private var waiting: [String] {
        let rows = statuses.flatMap { status in status.waiting.map { (status.node, $0) } }
        guard !rows.isEmpty else { return [] }
        var columns = Columns([
            ("WAITS", .left), ("FOR", .left), ("OF", .left), ("SINCE", .right), ("BECAUSE", .left),
        ])
        for (node, waiting) in rows {
            columns.add([
                node, waiting.what, waiting.peer ?? "-", LocalStatusTable.uptime(waiting.milliseconds), waiting.why,
            ])
        }
        return [""] + columns.lines(on: output)
    }

    // MARK: The layout

    private var layoutLines: [String] {
        let balance = report.layout.balance
        let load =
            "slots per weight: \(number(balance.least)) to \(number(balance.most)), ideal \(number(balance.ideal))"
        return [load] + bucketTypes
    }

    /// As many on a line as 80 columns hold.
    private var bucketTypes: [String] {
        var lines = ["bucket types:"]
        for (place, type) in report.layout.bucketTypes.enumerated() {
            let isLast = place == report.layout.bucketTypes.count - 1
            let word = "\(type.name) (n=\(type.n), \(type.type))" + (isLast ? "" : ",")
            if lines[lines.count - 1].count + 1 + word.count > 80 { lines.append(" ") }
            lines[lines.count - 1] += " " + word
        }
        return lines
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : LocalStatusTable.decimal(value, digits: 2)
    }
}
