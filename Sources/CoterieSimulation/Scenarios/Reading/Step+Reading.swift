// One entry of the timeline.

import CoteriePrimitives
import CoterieRing

extension Step {
    init(reading outline: Outline, _ members: ScenarioMembers) throws(ScenarioError) {
        let action = try Self.actionName(outline)
        let known = ActionName.common + [action.rawValue] + action.parameters
        let fields = try Fields(outline, "a step that begins with \"\(action.rawValue)\"", known: known)
        let reader = ActionReader(name: action, fields: fields, members: members)
        self.init(
            try reader.action(), at: outline.place, time: try Self.time(fields), name: try fields.text("name"))
    }

    /// The one name among a step's names that says what it does.
    private static func actionName(_ outline: Outline) throws(ScenarioError) -> ActionName {
        let pairs = try Fields.pairs(outline, "a step")
        let known = ActionName.allCases.map(\.rawValue)
        var found: ActionName?
        for pair in pairs {
            guard let action = ActionName(rawValue: pair.name) else { continue }
            if let found {
                throw ScenarioError(
                    "a step does one thing, not both \"\(found.rawValue)\" and \"\(action.rawValue)\"", at: pair.place)
            }
            found = action
        }
        if let found { return found }
        let parameters = Set(ActionName.allCases.flatMap(\.parameters) + ActionName.common)
        if let pair = pairs.first(where: { !parameters.contains($0.name) }) {
            throw ScenarioError(
                "\"\(pair.name)\" is nothing that a step can do\(NearestName.suggestion(for: pair.name, among: known)) "
                    + "(known: \(known.joined(separator: ", ")))", at: pair.place)
        }
        throw ScenarioError("a step must do something (known: \(known.joined(separator: ", ")))", at: outline.place)
    }

    private static func time(_ fields: Fields) throws(ScenarioError) -> Time {
        let (at, after) = (try fields.span("at"), try fields.span("after"))
        switch (at, after) {
        case (nil, nil): return .now
        case (let at?, nil): return .at(at)
        case (nil, let after?): return .after(after)
        case (_?, _?): throw fields.wrong("after", "give either at or after")
        }
    }
}

/// Reads what a step does.
struct ActionReader {
    let name: ActionName
    let fields: Fields
    let members: ScenarioMembers

    func action() throws(ScenarioError) -> StepAction {
        switch name {
        case .kill: return try ofNodes { .kill($0, downFor: $1) }
        case .powerLoss: return try ofNodes { .powerLoss($0, downFor: $1) }
        case .stop: return try ofNodes { .stop($0, downFor: $1) }
        case .wipe: return try ofNodes { .wipe($0, downFor: $1) }
        case .start: return try ofNodes { member, _ in .start(member) }
        case .pause: return try ofNodes { .pause($0, during: $1) }
        case .blackout: return try blackout()
        case .restart: return .restart(try nodes())
        case .resume: return .resume(try nodes())
        case .partition: return try partition()
        case .cut: return try cut()
        case .slowLink: return try slowLink()
        case .lossyLink: return try lossyLink()
        case .breakConnection: return .faults([.breakConnection(try subject(), try other())])
        case .clockJump:
            let by = try required("by", try fields.value("by", ScenarioText.signedSpan))
            return try ofProcesses { .clockJump($0, by) }
        case .clockDrift:
            let ppm = try required("ppm", try fields.count("ppm", -500_000 ... 500_000))
            return try ofProcesses { .clockDrift($0, Int64(ppm)) }
        case .slowDisk:
            let factor = Int64(try required("factor", try fields.count("factor", 1 ... 1_000_000)))
            return try ofNodes { .slowDisk($0, factor: factor, during: $1) }
        case .fullDisk:
            let room = try fields.size("room") ?? 0
            return try ofNodes { .fullDisk($0, room: room, during: $1) }
        case .failingFsyncs, .failingAppends, .failingReads: return try failing()
        case .rot: return try rot()
        case .clientRestart: return try clientRestart()
        case .heal:
            return .heal(try fields.choice(name.rawValue, HealScope.self) ?? .all)
        case .put, .get, .delete: return .request(try request())
        case .await:
            let condition = try AwaitCondition(reading: try fields.required(name.rawValue), members)
            return .await(condition, within: try fields.span("within") ?? .seconds(30))
        }
    }

    // MARK: Parts

    private func ofNodes(_ fault: (MemberNumber, TimeSpan?) -> Fault) throws(ScenarioError) -> StepAction {
        let during = try lasting()
        return .faults(try nodes().map { fault($0, during) })
    }

    private func ofProcesses(_ fault: (ProcessName) -> Fault) throws(ScenarioError) -> StepAction {
        .faults(try members.processes(try fields.required(name.rawValue), name.rawValue).map(fault))
    }

    private func nodes() throws(ScenarioError) -> [MemberNumber] {
        try members.nodes(try fields.required(name.rawValue), name.rawValue)
    }

    private func subject() throws(ScenarioError) -> ProcessName {
        try members.process(try fields.required(name.rawValue), name.rawValue)
    }

    private func other() throws(ScenarioError) -> ProcessName {
        let other = try members.process(try fields.required("to"), "to")
        if other == (try subject()) { throw fields.wrong("to", "is the same process: a link has two ends") }
        return other
    }

    private func lasting() throws(ScenarioError) -> TimeSpan? {
        guard let during = try fields.span("for") else { return nil }
        guard during > .zero else { throw fields.wrong("for", "must be longer than nothing") }
        return during
    }

    private func required<Value>(_ parameter: String, _ value: Value?) throws(ScenarioError) -> Value {
        guard let value else {
            throw ScenarioError("\(name.rawValue) needs \"\(parameter)\"", at: fields.outline.place)
        }
        return value
    }

    private func blackout() throws(ScenarioError) -> StepAction {
        let outline = try fields.required(name.rawValue)
        guard case .text("all") = outline.content else {
            throw ScenarioError(
                "a blackout takes all nodes: write \"blackout: all\", or \"power loss\" for some", at: outline.place)
        }
        return .faults([.blackout(downFor: try lasting())])
    }

    private func partition() throws(ScenarioError) -> StepAction {
        let outline = try fields.required(name.rawValue)
        let groups = try outline.list("partition").map { (item) throws(ScenarioError) in
            try members.processes(item, "partition")
        }
        guard groups.count >= 2 else {
            throw ScenarioError("partition needs two or more sides, such as [[n1, n2], [n3]]", at: outline.place)
        }
        let all = groups.flatMap(\.self)
        guard Set(all).count == all.count else {
            throw ScenarioError("partition: someone stands on two sides; who is on none reaches all", at: outline.place)
        }
        let (breaks, during) = (try fields.flag("breaks") ?? false, try lasting())
        var faults: [Fault] = []
        for (index, one) in groups.enumerated() {
            for other in groups[(index + 1)...] {
                faults.append(.partition(one, other, breaks: breaks, during: during))
            }
        }
        return .faults(faults)
    }

    private func cut() throws(ScenarioError) -> StepAction {
        let from = try members.processes(try fields.required(name.rawValue), name.rawValue)
        let to = try members.processes(try fields.required("to"), "to")
        guard Set(from).isDisjoint(with: to) else { throw fields.wrong("to", "someone stands on both sides") }
        return .faults([.cut(from: from, to: to, breaks: try fields.flag("breaks") ?? false, during: try lasting())])
    }

    private func slowLink() throws(ScenarioError) -> StepAction {
        .slowLink(
            try subject(), try other(), delay: try required("delay", try fields.span("delay")),
            bytesPerSecond: Int64(try fields.size("bytes per second") ?? 0), during: try lasting())
    }

    private func lossyLink() throws(ScenarioError) -> StepAction {
        let plan = DatagramPlan(
            lost: try fields.permille("lost") ?? 0, repeated: try fields.permille("repeated") ?? 0,
            overtaken: try fields.permille("overtaken") ?? 0)
        guard plan != DatagramPlan(lost: 0, repeated: 0, overtaken: 0) else {
            throw ScenarioError("lossy link needs \"lost\", \"repeated\" or \"overtaken\"", at: fields.outline.place)
        }
        let (one, other, during) = (try subject(), try other(), try lasting())
        return .faults([
            .datagrams(one, other, plan, during: during), .datagrams(other, one, plan, during: during),
        ])
    }

    private func failing() throws(ScenarioError) -> StepAction {
        let share = try fields.permille("share") ?? 1_000
        return try ofNodes { member, during in
            switch name {
            case .failingFsyncs: .failingFsyncs(member, permille: share, during: during)
            case .failingAppends: .failingAppends(member, permille: share, during: during)
            default: .failingReads(member, permille: share, during: during)
            }
        }
    }

    private func rot() throws(ScenarioError) -> StepAction {
        let bits = try fields.count("bits", 1 ... 10_000) ?? 1
        return .faults(try nodes().flatMap { member in (0 ..< bits).map { .rot(member, file: $0) } })
    }

    private func clientRestart() throws(ScenarioError) -> StepAction {
        guard case .client(let number) = try subject() else {
            throw fields.wrong(name.rawValue, "names a node; clients are called c1, c2, …")
        }
        return .faults([.clientRestart(number)])
    }
}
