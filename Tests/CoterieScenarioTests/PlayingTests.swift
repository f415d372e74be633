// Steps are played in their order and at their times, and what does not hold is said with its line.

import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieSimulation
import CoterieWire
import Testing

@Suite struct ScenarioPlayingTests {
    private func unmet(_ text: String) throws -> [String] {
        let report = try play(scenario(text))
        #expect(report.verdict.isOK, "\(report.description)")
        return report.unmet.map(\.description)
    }

    @Test(arguments: [
        ("not found", "6:36: expected not found, but it was ok [x], met 2"),
        ("refused", "6:36: expected refused, but it was ok [x], met 2"),
        ("timeout or unknown", "6:36: expected unknown or timeout, but it was ok [x], met 2"),
        ("[y]", "6:36: expected exactly [y], but it was ok [x], met 2"),
        ("[x, y]", "6:36: expected exactly [x, y], but it was ok [x], met 2"),
        ("{values: []}", "6:36: expected no values, but it was ok [x], met 2"),
        ("{among: [y]}", "6:36: expected one or more of [y], but it was ok [x], met 2"),
        ("{including: [x, y]}", "6:36: expected [x, y], perhaps with others, but it was ok [x], met 2"),
        ("{siblings: 2}", "6:36: expected siblings: 2, but it was ok [x], met 2"),
        ("{met: at least 3}", "6:36: expected met: at least 3, but it was ok [x], met 2"),
    ])
    func anAnswerThatIsNotWhatWasExpectedIsNamed(_ expected: String, _ message: String) throws {
        let text = """
            timeline:
              - {put: k, value: x, w: all}
              - {get: k, on: n1, r: 2, expect: \(expected)}
              - {put: other, value: y}

            """
        #expect(try unmet(text) == [message])
    }

    @Test(arguments: [
        "ok", "ok or unknown", "[x]", "{values: [x]}", "{among: [x, y]}", "{including: [x]}", "{siblings: 1}",
        "{met: 2 to 3}", "{outcome: ok, siblings: at most 1}",
    ])
    func anAnswerThatIsWhatWasExpectedPasses(_ expected: String) throws {
        let text = """
            timeline:
              - {put: k, value: x, w: all}
              - {get: k, on: n1, r: 2, expect: \(expected)}
              - {put: other, value: y}

            """
        #expect(try unmet(text) == [])
    }

    @Test(arguments: [
        ("requests ok: at most 10", "6:16: expected requests ok: at most 10, but it was 50"),
        ("requests refused: at least 1", "6:21: expected requests refused: at least 1, but it was 0"),
        ("requests unknown: 1 to 2", "6:21: expected requests unknown: 1 to 2, but it was 0"),
        ("siblings: none", "6:13: expected siblings: none, but it was "),
        ("keys: {k0: not found}", "6:14: k0: expected not found, but it was ok [?"),
        ("reached: [diskFull]", "6:13: diskFull was never reached"),
        ("not reached: [digestHit]", "6:17: digestHit was reached "),
    ])
    func anEndThatIsNotWhatWasExpectedIsNamed(_ expected: String, _ message: String) throws {
        let found = try unmet("workload: {requests: 50, mix: {blind put: 1, get: 1}}\nexpect:\n  \(expected)\n")
        #expect(found.count == 1 && found[0].hasPrefix(message), "\(found)")
    }

    @Test func whatIsWaitedForInVainEndsTheTimeline() throws {
        let found = try unmet(
            """
            timeline:
              - kill: n2
              - {await: n2 serves, within: 2s}
              - {get: k, expect: ok}

            """)
        #expect(found == ["6:5: waited 2s in vain: n2 serves"])
    }

    @Test func aContextThatNobodyWasGivenIsNamed() throws {
        let found = try unmet(
            """
            timeline:
              - kill: [n2, n3]
              - {put: k, value: x, on: n1, w: all, after: 1s, timeout: 1s, name: failed}
              - {put: k, value: y, on: n1, w: 1, context: failed}

            """)
        #expect(found == ["7:5: context: failed was answered refused (insufficient_replicas), without a context"])
    }

    @Test func stepsHaveTheirTimes() throws {
        let text = """
            timeline:
              - {put: k, value: x, at: 2s}
              - {put: k, value: y, after: 3s}
              - {put: k, value: z, at: 4s}

            """
        let report = try play(scenario(text))
        let times = report.history.records.prefix(3).map { $0.called.nanoseconds }
        #expect(times[1] - times[0] >= 3_000_000_000)
        // Its time is past: at once.
        #expect(times[2] - times[1] < 100_000_000)
        #expect(times[0] >= 2_000_000_000)
    }

    /// A second request of a session waits for the answer of its first, though the timeline did not.
    @Test func aSessionDoesOneThingAfterTheOther() throws {
        let text = """
            timeline:
              - partition: [[n1], [n2, n3]]
              - {put: k, value: x, as: anna, on: n1, w: 2, timeout: 1s, wait: false, expect: unknown}
              - {get: k, as: anna, on: n1, r: 1, expect: [x]}

            """
        let report = try play(scenario(text))
        #expect(report.isGood, "\(report.whatIsWrong)")
        let records = report.history.records
        #expect(try #require(records[0].returned).order < records[1].called.order)
    }

    @Test func aStoppedNodeHasStoppedWhenTheNextStepBegins() throws {
        let text = """
            timeline:
              - stop: n2
              - {await: n2 is down, within: 1ms}
              - start: n2
              - {await: n2 serves, within: 5s}
              - restart: [n1, n3]
              - {await: all nodes serve, within: 5s}
              - {get: k, on: n1, r: all, timeout: 5s, expect: not found}

            """
        #expect(try unmet(text) == [])
    }

    @Test(arguments: ["network", "nodes", "disks", "all"])
    func healingEndsWhatItSays(_ scope: String) throws {
        let text = """
            stages: [simulator]
            timeline:
              - partition: [[n1], [n2, n3]]
              - pause: n3
              - {full disk: n2, room: 0}
              - heal: \(scope)
              - {put: k, value: a, on: n1, w: 2, timeout: 1s, expect: \(scope == "network" || scope == "all" ? "ok or unknown" : "unknown")}
              - {get: k, on: n3, r: 1, timeout: 1s, wait: false, name: read}
              - {await: read is answered, within: 2s}

            """
        let found = try unmet(text)
        // A paused node answers nothing.
        #expect(found.isEmpty == (scope == "nodes" || scope == "all"), "\(found)")
    }

    /// No delay of a link is multiplied: what takes 100 ms more takes 100 ms more under every seed.
    @Test(arguments: 1 ... 10 as ClosedRange<UInt64>)
    func aSlowLinkAddsItsDelayUntilItIsHealed(_ seed: UInt64) throws {
        let text = """
            timeline:
              - {slow link: n1, to: n2, delay: 100ms}
              - {get: k, on: n1, r: all}
              - heal: network
              - {get: k, on: n1, r: all}

            """
        let report = try play(scenario(text), seed: seed)
        let spans = try report.history.records.prefix(2).map {
            try #require($0.returned).nanoseconds - $0.called.nanoseconds
        }
        #expect(spans[0] >= 200_000_000 && spans[0] < 220_000_000)
        // Gossip that was on its way when it was healed arrives first.
        #expect(spans[1] < 120_000_000)
    }

    @Test func aWorkloadOfADurationEndsWithIt() throws {
        let text = """
            workload: {duration: 2s, think: 10ms, clients: 1, sessions: 2}
            timeline:
              - {await: the workload is done, within: 10s}

            """
        let report = try play(scenario(text))
        #expect(report.isGood, "\(report.whatIsWrong)")
        let last = try #require(report.history.records.last).called.nanoseconds
        #expect(last > 1_900_000_000 && last < 2_200_000_000)
    }

    @Test func settingsAndEnvironmentReachTheNodes() throws {
        let text = """
            cluster:
              nodes: 5
              replicas: 2
              partitions: 16
              durability: interval:20ms
              zones: [a, b, c, d, e]
              settings: {limits.maxSiblings: 7, limits.warnSiblings: 2, replication.rememberedRequests: 3}
            environment:
              network: {delay: 3ms}
              disk: {blocking reads: 50%}
              clocks: {skew: 1m, ppm: 7}
            workload: {r: 1, w: 2, doors: 25%, value bytes: 10 to 20, mix: {get: 3, update: 1}}

            """
        let plan = try RunPlan(scenario(text))
        #expect(plan.nodes == 5 && plan.replicas == 2 && plan.partitions == 16)
        #expect(plan.zones == ["a", "b", "c", "d", "e"])
        #expect(plan.replication.durability == .interval(.milliseconds(20)))
        #expect(plan.limits.maxSiblings == 7 && plan.replication.rememberedRequests == 3)
        #expect(plan.network.delay.least == 3_000_000 && plan.disk.blockingReads == 500)
        #expect(plan.process.skew == .seconds(60) && plan.process.drift == 7)
        #expect(plan.workload.quorums == [WorkloadPlan.Quorums(r: .count(1), w: .count(2))])
        #expect(plan.workload.doorSessions == 250 && plan.workload.valueBytes == 10 ... 20)
        #expect(plan.workload.mix.get == 3 && plan.workload.mix.put == 0 && plan.workload.mix.update == 1)
    }

    /// The checkers hold the store to what it promised under the timeline's faults.
    @Test func thePromiseFollowsFromTheTimeline() throws {
        func plan(_ steps: String) throws -> RunPlan {
            try RunPlan(scenario("stages: [simulator]\ntimeline:\n  - {get: k}\n\(steps)"))
        }
        #expect(try plan("").faults.losses == .none)
        #expect(try plan("  - wipe: n2\n").faults.losses == .only(MemberNumber(2)))
        #expect(try plan("  - rot: n2\n  - {failing reads: n2}\n").faults.losses == .only(MemberNumber(2)))
        #expect(try plan("  - wipe: n1\n  - wipe: n2\n").faults.losses == .inTurn)
        #expect(try plan("  - kill: n1\n").faults.losesTails == false)
        #expect(try plan("  - blackout: all\n").faults.losesTails)
    }
}
