// What a scenario must keep as a whole: names that exist, values that are written once, steps that its stages can play.

import CoteriePrimitives
import CoterieRing

extension Scenario {
    /// The first thing that is wrong.
    func check() throws(ScenarioError) {
        var answered: [String: DirectedRequest] = [:]
        var names: Set<String> = []
        var values: Set<String> = []
        var last = TimeSpan.zero
        for step in timeline {
            try checkStages(step)
            if case .at(let time) = step.time {
                if time < last {
                    throw ScenarioError(
                        "at: \(SettingText.text(of: time)) is before the step above it (\(SettingText.text(of: last))): "
                            + "steps are played in their order", at: step.place)
                }
                last = time
            }
            if let name = step.name, !names.insert(name).inserted {
                throw ScenarioError("name: another step is called \"\(name)\"", at: step.place)
            }
            switch step.action {
            case .request(let request):
                try check(request, step.place, answered)
                if case .put(let value) = request.verb, !values.insert(value).inserted {
                    throw ScenarioError(
                        "value: \"\(value)\" is written by another step too; each value is written once, so that a read "
                            + "tells which write it shows", at: step.place)
                }
                if let name = step.name { answered[name] = request }
            case .await(.answer(let name), within: _):
                try refer(to: name, in: answered, "await", step.place)
            case .faults, .slowLink, .restart, .resume, .heal, .await: break
            }
        }
        try checkExpectedValues(values)
        try checkWaits()
    }

    private func check(
        _ request: DirectedRequest, _ place: Place, _ earlier: [String: DirectedRequest]
    ) throws(ScenarioError) {
        try check(type: request.key, place)
        for (parameter, name) in [("context", request.context), ("floor", request.floor)] {
            guard let name else { continue }
            let source = try refer(to: name, in: earlier, parameter, place)
            if source.key != request.key {
                throw ScenarioError(
                    "\(parameter): \"\(name)\" asked for \(source.key), this step for \(request.key); a context belongs "
                        + "to its key", at: place)
            }
        }
        if request.isWrite, let expected = request.expected,
            expected.values != nil || expected.among != nil || expected.including != nil
                || expected.siblings != nil
                || expected.outcomes.contains(.notFound) && request.verb != .delete
        {
            throw ScenarioError(
                "expect: a write is answered without values: read the key in a step of its own", at: expected.place)
        }
    }

    @discardableResult
    private func refer(
        to name: String, in earlier: [String: DirectedRequest], _ parameter: String, _ place: Place
    ) throws(ScenarioError) -> DirectedRequest {
        guard let found = earlier[name] else {
            let known = earlier.keys.sorted()
            throw ScenarioError(
                "\(parameter): no earlier request is called \"\(name)\"\(NearestName.suggestion(for: name, among: known))"
                    + (known.isEmpty ? "" : " (there are: \(known.joined(separator: ", ")))"), at: place)
        }
        return found
    }

    private func check(type key: ScenarioKey, _ place: Place) throws(ScenarioError) {
        let known = cluster.types.map(\.name)
        guard !known.contains(key.type) else { return }
        throw ScenarioError(
            "\(key): no bucket type is called \"\(key.type)\"\(NearestName.suggestion(for: key.type, among: known)) "
                + "(there are: \(known.joined(separator: ", ")))", at: place)
    }

    private func checkStages(_ step: Step) throws(ScenarioError) {
        guard stages.contains(.processes), let reason = step.action.whyNotProcesses else { return }
        throw ScenarioError(
            "this step cannot be played on processes: \(reason); write \"stages: [simulator]\", or leave it out",
            at: step.place)
    }

    /// A value that nobody writes can never be found.
    private func checkExpectedValues(_ written: Set<String>) throws(ScenarioError) {
        var expected = expectations.keys.map(\.expected)
        for step in timeline {
            if case .request(let request) = step.action, let one = request.expected { expected.append(one) }
        }
        for one in expected {
            for value in (one.values ?? []) + (one.among ?? []) + (one.including ?? []) where !written.contains(value) {
                throw ScenarioError(
                    "expect: no step writes \"\(value)\"\(NearestName.suggestion(for: value, among: written.sorted()))",
                    at: one.place)
            }
        }
        for key in expectations.keys { try check(type: key.key, key.expected.place) }
    }

    private func checkWaits() throws(ScenarioError) {
        for step in timeline {
            guard case .await(let condition, within: _) = step.action else { continue }
            switch condition {
            case .workloadDone where workload == nil:
                throw ScenarioError("await: there is no workload to wait for", at: step.place)
            case .requests(let count) where workload.map({ $0.operations < count }) ?? true:
                throw ScenarioError("await: the workload never makes \(count) requests", at: step.place)
            default: break
            }
        }
        guard workload == nil else { return }
        for count in [expectations.ok, expectations.refused, expectations.unknown].compactMap(\.self) {
            throw ScenarioError("expect: there is no workload whose requests could be counted", at: count.place)
        }
    }
}

extension StepAction {
    /// Nil where the process stage can play it.
    var whyNotProcesses: String? {
        switch self {
        case .faults(let faults):
            return faults.compactMap(\.whyNotProcesses).first
        case .slowLink, .restart, .resume, .heal, .request, .await: return nil
        }
    }
}

extension Fault {
    fileprivate var whyNotProcesses: String? {
        switch self {
        case .powerLoss, .blackout: ActionName.powerLoss.whyNotProcesses
        case .clockJump, .clockDrift: ActionName.clockJump.whyNotProcesses
        case .slowDisk, .fullDisk, .failingFsyncs, .failingAppends, .failingReads, .rot:
            ActionName.slowDisk.whyNotProcesses
        case .datagrams(_, _, let plan, _):
            plan.repeated > 0 || plan.overtaken > 0 ? "a connection's bytes are neither repeated nor overtaken" : nil
        case .kill, .stop, .wipe, .start, .pause, .cut, .partition, .breakConnection, .slowLink, .clientRestart: nil
        }
    }
}
