// From a tree to a scenario, or to an error that says where and what.

import CoteriePrimitives
import CoterieReplication
import CoterieRing

extension Scenario {
    static let names = [
        "title", "story", "stages", "seed", "cluster", "environment", "workload", "timeline", "expect",
    ]

    /// Reads a scenario. `path` names the file in errors and reports.
    public init(_ outline: Outline, path: String) throws(ScenarioError) {
        do throws(ScenarioError) {
            try self.init(reading: outline, path)
        } catch {
            throw ScenarioError(error.reason, at: error.place, path: path)
        }
    }

    private init(reading outline: Outline, _ path: String) throws(ScenarioError) {
        if outline.content == .nothing { throw ScenarioError("is empty: a scenario begins with its title", at: nil) }
        let fields = try Fields(outline, "a scenario", known: Self.names)
        self.path = path
        title = try fields.required("title").text("title")
        story = try fields.required("story").text("story")
        stages = try Self.stages(fields)
        seed =
            try fields.value("seed") { text throws(RejectedText) in
                guard let seed = UInt64(text), seed > 0 else {
                    throw RejectedText("is no seed: give a number from 1 on")
                }
                return seed
            } ?? 1
        let cluster = try ScenarioCluster(fields["cluster"], fields["environment"])
        self.cluster = cluster
        workload = try fields["workload"].map { (outline) throws(ScenarioError) in
            try WorkloadPlan(reading: outline, cluster)
        }
        let members = ScenarioMembers(nodes: cluster.nodes, clients: workload?.clients ?? 1)
        timeline = try Self.timeline(fields["timeline"], members)
        expectations = try Expectations(reading: fields["expect"])
        if workload == nil, timeline.isEmpty {
            throw ScenarioError(
                "a scenario needs a workload or a timeline: nothing happens in this one", at: outline.place)
        }
        try check()
    }

    private static func timeline(
        _ outline: Outline?, _ members: ScenarioMembers
    ) throws(ScenarioError) -> [Step] {
        var steps: [Step] = []
        for item in try outline?.list("timeline") ?? [] { steps.append(try Step(reading: item, members)) }
        return steps
    }

    private static func stages(_ fields: Fields) throws(ScenarioError) -> [ScenarioStage] {
        guard fields.has("stages") else { return ScenarioStage.allCases }
        var stages: Set<ScenarioStage> = []
        for item in try fields.items("stages") {
            stages.insert(
                try item.read("stages") { text throws(RejectedText) in
                    try ScenarioText.choice(text, ScenarioStage.self)
                })
        }
        if stages.isEmpty { throw fields.wrong("stages", "name at least one of simulator, processes") }
        return ScenarioStage.allCases.filter(stages.contains)
    }
}

extension Outline {
    /// A list, and nothing that could be taken for one.
    func list(_ name: String) throws(ScenarioError) -> [Outline] {
        switch content {
        case .nothing: return []
        case .list(let items): return items
        case .text, .mapping: throw ScenarioError("\(name) must be a list, not \(kind)", at: place)
        }
    }
}
