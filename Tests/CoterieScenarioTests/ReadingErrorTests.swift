// What a person reads who wrote a scenario wrongly: the place, the name, what is allowed.

import CoterieCommandLine
import CoterieSimulation
import Testing

@Suite struct ScenarioReadingErrorTests {
    /// Line 4 and on are the argument.
    private func error(_ rest: String) -> String {
        do throws(ScenarioError) {
            _ = try ScenarioFile.read(text: "title: A test\nstory: It goes wrong.\n\n\(rest)", path: "s.yaml")
            return "no error"
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("timelime: []\n", "s.yaml:4:1: \"timelime\" is not known in a scenario; did you mean \"timeline\"?"),
        ("workload: 5\n", "s.yaml:4:11: workload must be a mapping of names to values, not \"5\""),
        ("stages: [simulato]\n", "s.yaml:4:10: stages: \"simulato\" is not allowed; did you mean \"simulator\"?"),
        ("stages: []\n", "s.yaml:4:9: stages: name at least one of simulator, processes"),
        ("seed: 0\n", "s.yaml:4:7: seed: \"0\" is no seed: give a number from 1 on"),
        ("story2: x\n", "s.yaml:4:1: \"story2\" is not known in a scenario; did you mean \"story\"?"),
        ("timeline:\n", "s.yaml:1:1: a scenario needs a workload or a timeline: nothing happens in this one"),
        ("timeline: later\n", "s.yaml:4:11: timeline must be a list, not \"later\""),
    ])
    func aNameOrValueOfTheWholeIsWrong(_ text: String, _ message: String) {
        #expect(error(text).hasPrefix(message), "\(error(text))")
    }

    @Test(arguments: [
        ("cluster: {nodes: 0}\n", "s.yaml:4:18: nodes: \"0\" is out of range: allowed is 1 to 15"),
        ("cluster: {nodes: 3, replicas: 4}\n", "s.yaml:4:31: replicas: \"4\" is out of range: allowed is 1 to 3"),
        ("cluster: {durability: never}\n", "s.yaml:4:23: durability: \"never\" is no durability: allowed are"),
        (
            "cluster: {zones: [a, b]}\n",
            "s.yaml:4:18: zones: 2 zones for 3 nodes: one for each, that of n1 first"
        ),
        (
            "cluster: {types: [{name: x, kind: lvw}]}\n",
            "s.yaml:4:35: kind: \"lvw\" is not allowed; did you mean \"lww\"? (allowed: bcounter, counter, flag,"
        ),
        ("cluster: {types: [{n: 2}]}\n", "s.yaml:4:19: a bucket type needs \"name\""),
        (
            "cluster: {settings: {limits.maxSibling: 3}}\n",
            "s.yaml:4:22: \"limits.maxSibling\" is not known in settings; did you mean \"limits.maxSiblings\"?"
        ),
        (
            "cluster: {settings: {membership.probeInterval: soon}}\n",
            "s.yaml:4:48: membership.probeInterval: \"soon\" is not a duration: give a whole number with a unit"
        ),
        (
            "cluster: {settings: {membership.probeInterval: 100ms}}\n",
            "s.yaml:4:21: settings: probeTimeout (500ms) must be less than probeInterval (100ms)"
        ),
        ("environment: {clocks: {skew: 1}}\n", "s.yaml:4:30: skew: \"1\" is not a duration"),
    ])
    func theClusterIsWrong(_ text: String, _ message: String) {
        #expect(error(text).hasPrefix(message), "\(error(text))")
    }

    @Test(arguments: [
        ("workload: {request: 5}\n", "s.yaml:4:12: \"request\" is not known in workload; did you mean \"requests\"?"),
        ("workload: {requests: 5, duration: 5s}\n", "s.yaml:4:35: duration: give either requests or a duration"),
        ("workload: {r: some}\n", "s.yaml:4:15: r: \"some\" is no quorum: allowed are one, quorum, all"),
        ("workload: {w: 4}\n", "s.yaml:4:15: w: 4 is more than the 3 replicas of each key"),
        ("workload: {r: 0}\n", "s.yaml:4:15: r: at least one replica must answer"),
        ("workload: {r: 1, quorums: [{w: 2}]}\n", "s.yaml:4:27: quorums: give either quorums or r, w, … themselves"),
        ("workload: {doors: 0.1}\n", "s.yaml:4:19: doors: \"0.1\" is no share: give a percentage such as 10% or 0.5%"),
        ("workload: {doors: 101%}\n", "s.yaml:4:19: doors: \"101%\" is no share"),
        ("workload: {mix: {putt: 1}}\n", "s.yaml:4:18: \"putt\" is not known in mix; did you mean \"put\"?"),
        ("workload: {mix: {put: 0}}\n", "s.yaml:4:17: mix: names nothing to do"),
        ("workload: {types: [lvw]}\n", "s.yaml:4:20: types: \"lvw\" is no bucket type of this cluster; did you mean"),
        ("workload: {value bytes: 64 to 32}\n", "s.yaml:4:25: value bytes: \"64 to 32\" is a range that ends before"),
    ])
    func theWorkloadIsWrong(_ text: String, _ message: String) {
        #expect(error(text).hasPrefix(message), "\(error(text))")
    }

    @Test(arguments: [
        ("kil: n1", "s.yaml:5:5: \"kil\" is nothing that a step can do; did you mean \"kill\"?"),
        ("at: 2s", "s.yaml:5:5: a step must do something (known: kill, power loss"),
        ("{kill: n1, start: n2}", "s.yaml:5:16: a step does one thing, not both \"kill\" and \"start\""),
        ("kill: n4", "s.yaml:5:11: kill: \"n4\" is no node of this cluster: there are n1 to n3"),
        ("kill: [n1, n1]", "s.yaml:5:11: kill: names someone twice"),
        ("kill:", "s.yaml:5:5: a step that begins with \"kill\" needs \"kill\""),
        (
            "{kill: n1, during: 2s}",
            "s.yaml:5:16: \"during\" is not known in a step that begins with \"kill\" (known: at, after, name, kill, for)"
        ),
        ("{kill: n1, for: 0s}", "s.yaml:5:21: for: must be longer than nothing"),
        ("{kill: n1, at: 1s, after: 1s}", "s.yaml:5:31: after: give either at or after"),
        ("{partition: [[n1], [n1, n2]]}", "s.yaml:5:17: partition: someone stands on two sides"),
        ("partition: [n1]", "s.yaml:5:16: partition needs two or more sides, such as [[n1, n2], [n3]]"),
        ("partition: [[n1], [c2]]", "s.yaml:5:24: partition: \"c2\" is no node or client: there are n1 to n3 and c1"),
        ("cut: n1", "s.yaml:5:5: a step that begins with \"cut\" needs \"to\""),
        ("{slow link: n1, to: n1, delay: 1ms}", "s.yaml:5:25: to: is the same process: a link has two ends"),
        ("{slow link: n1, to: n2}", "s.yaml:5:5: slow link needs \"delay\""),
        ("{lossy link: n1, to: n2}", "s.yaml:5:5: lossy link needs \"lost\", \"repeated\" or \"overtaken\""),
        ("heal: everything", "s.yaml:5:11: heal: \"everything\" is not allowed (allowed: all, network, nodes, disks)"),
        ("client restart: n1", "s.yaml:5:21: client restart: names a node; clients are called c1, c2, …"),
        ("await: n1 server", "s.yaml:5:12: await: \"n1 server\" is nothing to wait for; did you mean \"n1 serves\"?"),
        ("await: the workload is done", "s.yaml:5:5: await: there is no workload to wait for"),
        ("await: x is answered", "s.yaml:5:5: await: no earlier request is called \"x\""),
    ])
    func aStepIsWrong(_ step: String, _ message: String) {
        let text = error("timeline:\n  - \(step)\n")
        #expect(text.hasPrefix(message), "\(text)")
    }

    @Test(arguments: [
        ("power loss: n1", "nobody takes the power from a real process"),
        ("blackout: all", "nobody takes the power from a real process"),
        ("{clock jump: n1, by: -1h}", "nobody turns a real machine's clock"),
        ("{clock drift: n1, ppm: 100}", "nobody turns a real machine's clock"),
        ("{slow disk: n1, factor: 3}", "nobody breaks a real machine's disk"),
        ("full disk: n1", "nobody breaks a real machine's disk"),
        ("failing fsyncs: n1", "nobody breaks a real machine's disk"),
        ("rot: n1", "nobody breaks a real machine's disk"),
        ("{lossy link: n1, to: n2, overtaken: 5%}", "a connection's bytes are neither repeated nor overtaken"),
    ])
    func aStepThatOnlyTheSimulatorCanPlayNeedsASceneThatSaysSo(_ step: String, _ reason: String) {
        let text = error("timeline:\n  - get: k\n  - \(step)\n")
        #expect(
            text == "s.yaml:6:5: this step cannot be played on processes: \(reason); write \"stages: [simulator]\", "
                + "or leave it out")
        #expect(error("stages: [simulator]\ntimeline:\n  - \(step)\n") == "no error")
    }

    @Test(arguments: [
        ("{put: k}", "s.yaml:5:5: a step that begins with \"put\" needs \"value\""),
        ("{put: a/b/c, value: x}", "s.yaml:5:11: put: \"a/b/c\" is no key: give a name such as cart, or type/key"),
        ("{put: lvw/k, value: x}", "s.yaml:5:5: lvw/k: no bucket type is called \"lvw\"; did you mean \"lww\"?"),
        ("{get: k, w: 2}", "s.yaml:5:14: \"w\" is not known in a step that begins with \"get\""),
        ("{get: k, expect: refusd}", "s.yaml:5:22: expect: \"refusd\" is no outcome; did you mean \"refused\"?"),
        ("{get: k, expect: [milk]}", "s.yaml:5:22: expect: no step writes \"milk\""),
        ("{get: k, expect: {siblings: few}}", "s.yaml:5:33: siblings: \"few\" is no bound: give none, a number"),
        (
            "{put: k, value: x, context: first}",
            "s.yaml:5:5: context: no earlier request is called \"first\""
        ),
        ("{put: k, value: x, expect: [x]}", "s.yaml:5:32: expect: a write is answered without values"),
    ])
    func aRequestIsWrong(_ step: String, _ message: String) {
        let text = error("timeline:\n  - \(step)\n")
        #expect(text.hasPrefix(message), "\(text)")
    }

    @Test(arguments: [
        (
            "timeline:\n  - {put: k, value: x}\n  - {put: l, value: x}\n",
            "s.yaml:6:5: value: \"x\" is written by another step too"
        ),
        (
            "timeline:\n  - {get: k, name: a}\n  - {get: l, name: a}\n",
            "s.yaml:6:5: name: another step is called \"a\""
        ),
        (
            "timeline:\n  - {get: k, name: a}\n  - {put: l, value: x, context: a}\n",
            "s.yaml:6:5: context: \"a\" asked for k, this step for l; a context belongs to its key"
        ),
        (
            "timeline:\n  - {get: k, at: 2s}\n  - {get: l, at: 1s}\n",
            "s.yaml:6:5: at: 1s is before the step above it (2s): steps are played in their order"
        ),
        (
            "timeline:\n  - get: k\nexpect:\n  requests ok: at least 5\n",
            "s.yaml:7:16: expect: there is no workload whose requests could be counted"
        ),
        (
            "timeline:\n  - get: k\nexpect:\n  keys: {k: [milk]}\n",
            "s.yaml:7:13: expect: no step writes \"milk\""
        ),
        (
            "timeline:\n  - get: k\nexpect:\n  reached: [readrepair]\n",
            "s.yaml:7:13: reached: \"readrepair\" is not allowed; did you mean \"readRepair\"?"
        ),
        (
            "workload: {requests: 50}\ntimeline:\n  - await: 100 requests are made\n",
            "s.yaml:6:5: await: the workload never makes 100 requests"
        ),
    ])
    func theWholeDoesNotFitTogether(_ text: String, _ message: String) {
        #expect(error(text).hasPrefix(message), "\(error(text))")
    }

    @Test(arguments: [
        ("", "s.yaml: is empty"), ("story: x\n", "s.yaml:1:1: a scenario needs \"title\""),
        ("title: x\n", "s.yaml:1:1: a scenario needs \"story\""),
        ("title: x\ntitle: y\n", "s.yaml:"), ("title: [x\n", "s.yaml:2:1: is not valid YAML"),
        ("- x\n", "s.yaml:1:1: a scenario must be a mapping of names to values, not a list"),
    ])
    func theFileIsNoScenario(_ text: String, _ message: String) {
        do throws(ScenarioError) {
            _ = try ScenarioFile.read(text: text, path: "s.yaml")
            Issue.record("no error")
        } catch {
            #expect(error.description.hasPrefix(message), "\(error.description)")
        }
    }

    @Test func aFileThatIsNotThereIsNamed() {
        #expect(throws: ScenarioError("nowhere/s.yaml: there is no such file", at: nil)) {
            try ScenarioFile.read("nowhere/s.yaml")
        }
    }
}
