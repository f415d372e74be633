// The settings that a scenario may give its nodes: those that a story can be about. Each has the name of a node's
// configuration; the simulator sets the same field that a node's configuration file would.

import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire

extension ScenarioSetting {
    private typealias Setter = @Sendable (inout RunPlan, String) throws(RejectedText) -> Void

    private static let table: [(name: String, set: Setter)] = [
        ("background.bytesPerSecond", count(\.replication.background.bytesPerSecond, 1 << 10 ... 1 << 40)),
        ("background.leastPercent", count(\.replication.background.leastPercent, 1 ... 100)),
        ("background.operationsPerSecond", count(\.replication.background.operationsPerSecond, 1 ... 10_000_000)),
        ("background.slowPercent", count(\.replication.background.slowPercent, 100 ... 100_000)),
        ("limits.maxSiblings", count(\.limits.maxSiblings, 1 ... 1_000_000)),
        ("limits.warnSiblings", count(\.limits.warnSiblings, 1 ... 1_000_000)),
        ("limits.maxPeerBacklogBytes", count(\.limits.maxPeerBacklogBytes, 1 << 16 ... 16 << 30)),
        ("limits.maxRequestsInFlight", count(\.limits.maxRequestsInFlight, 1 ... 16_777_216)),
        ("membership.deadProbeInterval", span(\.replication.membership.deadProbeInterval)),
        ("membership.exchangeInterval", span(\.replication.membership.exchangeInterval)),
        ("membership.gossipInterval", span(\.replication.membership.gossipInterval)),
        ("membership.indirectProbes", count(\.replication.membership.indirectProbes, 0 ... 32)),
        ("membership.probeInterval", span(\.replication.membership.probeInterval)),
        ("membership.probeTimeout", span(\.replication.membership.probeTimeout)),
        ("membership.suspicionMultiplier", count(\.replication.membership.suspicionMultiplier, 1 ... 32)),
        ("membership.unconfirmedMultiplier", count(\.replication.membership.unconfirmedMultiplier, 1 ... 60)),
        ("replication.maxLingeringReads", count(\.replication.maxLingeringReads, 0 ... 16_777_216)),
        ("replication.reconnectGrace", span(\.replication.reconnectGrace)),
        ("replication.rememberedRequests", count(\.replication.rememberedRequests, 1 ... 16_777_216)),
        ("replication.repairTimeout", span(\.replication.repairTimeout)),
        ("replication.retryInterval", span(\.replication.retryInterval)),
        ("replication.scrubInterval", span(\.replication.scrubInterval)),
        ("replication.scrubKeys", count(\.replication.scrubKeys, 1 ... 1_048_576)),
        ("replication.roundInterval", span(\.replication.roundInterval)),
        ("replication.stopTimeout", span(\.replication.stopTimeout)),
        ("storage.checkpointBytes", count(\.storage.checkpointBytes, 256 ... 1 << 40)),
        ("storage.compactionDeadPercent", count(\.storage.compactionDeadPercent, 1 ... 100)),
        ("storage.segmentBytes", count(\.storage.segmentBytes, 256 ... 1 << 30)),
    ]

    /// The names that a scenario may use.
    public static let names = table.map(\.name)

    static func read(_ outline: Outline) throws(ScenarioError) -> [ScenarioSetting] {
        var settings: [ScenarioSetting] = []
        for pair in try Fields.pairs(outline, "settings") {
            guard names.contains(pair.name) else { throw Fields.unknown(pair, in: "settings", known: names) }
            let setting = ScenarioSetting(
                name: pair.name, value: try pair.value.text(pair.name), place: pair.value.place)
            var trial = RunPlan(seed: 1)
            try setting.apply(to: &trial)
            settings.append(setting)
        }
        return settings
    }

    /// Sets it in a plan.
    func apply(to plan: inout RunPlan) throws(ScenarioError) {
        guard let entry = Self.table.first(where: { $0.name == name }) else {
            throw ScenarioError("\"\(name)\" is no setting of scenarios", at: place)
        }
        do throws(RejectedText) {
            try entry.set(&plan, value)
        } catch {
            throw ScenarioError("\(name): \"\(value)\" \(error.reason)", at: place)
        }
    }

    private static func count(
        _ field: any WritableKeyPath<RunPlan, Int> & Sendable, _ range: ClosedRange<Int>
    ) -> Setter {
        { plan, text throws(RejectedText) in
            let value = try SettingText.size(text)
            guard range.contains(value) else {
                throw RejectedText("is out of range: allowed is \(range.lowerBound) to \(range.upperBound)")
            }
            plan[keyPath: field] = value
        }
    }

    private static func span(_ field: any WritableKeyPath<RunPlan, TimeSpan> & Sendable) -> Setter {
        { plan, text throws(RejectedText) in plan[keyPath: field] = try SettingText.span(text) }
    }
}
