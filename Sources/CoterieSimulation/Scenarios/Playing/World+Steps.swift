// The requests of a timeline: asked at a node's door or handed to a client process, recorded as the workload's are.

import CoterieCausality
import CoterieClientMachine
import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

extension World {
    /// Keys that only steps name take part in convergence too.
    func addScriptKeys() {
        for step in plan.timeline {
            guard case .request(let request) = step.action else { continue }
            let key = request.key.objectKey
            if !keys.contains(key) { keys.append(key) }
        }
        for expected in plan.expectations.keys where !keys.contains(expected.key.objectKey) {
            keys.append(expected.key.objectKey)
        }
    }

    /// Asks it in the name of its session.
    func ask(_ request: DirectedRequest, step: Int) {
        guard let asked = clientRequest(request, step) else { return }
        let process = process(of: request.session)
        let record = history.call(asked, by: process, at: Instant(nanoseconds: now))
        script.busy.insert(request.session)
        switch request.door {
        case .client(let number):
            script.calls[step] = ScriptState.Call(record: record, session: request.session, client: number)
            note("ask", plan.nodes + number, "\(request.session) \(record) \(asked.line)")
            handle(clients[number], .call(ScriptState.call(of: step), asked))
        case .member(let member):
            guard let node = node(member) else { preconditionFailure("the reader lets no step name \(member)") }
            script.calls[step] = ScriptState.Call(record: record, session: request.session, client: nil)
            note("ask", node.index, "\(request.session) \(record) at the door: \(asked.line)")
            guard node.state != .down else {
                return stepAnswered(step, .failure(Failure(.ownerLost, "connection refused")))
            }
            nextDoorCall += 1
            doorCalls[nextDoorCall] = .step(step, node: node.index)
            feed(node, .client(ReplyToken(rawValue: nextDoorCall), asked))
            settle(node)
        }
    }

    private func process(of session: String) -> ProcessNumber {
        if let process = script.processes[session] { return process }
        let process = nextProcess()
        script.processes[session] = process
        return process
    }

    /// Nil where it refers to a step that was not answered as it had to be.
    private func clientRequest(_ request: DirectedRequest, _ step: Int) -> ClientRequest? {
        var context: VersionVector?
        var floor: VersionVector?
        if let name = request.context {
            context = script.answers[name]?.context
            if context == nil {
                giveUpScript("context: \(name) was answered \(answerText(name)), without a context")
                return nil
            }
        }
        if let name = request.floor {
            floor = script.answers[name]?.floor
            if floor == nil {
                giveUpScript("floor: \(name) was answered \(answerText(name)), without a context")
                return nil
            }
        }
        let operation = operation(request, context)
        var asked = ClientRequest(key: request.key.objectKey, operation: operation)
        asked.options.timeout = request.timeout
        asked.options.floor = floor
        asked.options.r = request.quorums.r
        asked.options.w = request.quorums.w
        asked.options.pr = request.quorums.pr
        asked.options.pw = request.quorums.pw
        asked.options.dw = request.quorums.dw
        asked.options.notfoundOK = request.quorums.notfoundOK
        asked.options.basicQuorum = request.quorums.basicQuorum
        asked.options.sloppy = request.quorums.sloppy
        return asked
    }

    private func answerText(_ name: String) -> String {
        script.answers[name]?.observed.description ?? "nothing yet"
    }

    private func operation(_ request: DirectedRequest, _ context: VersionVector?) -> CoterieWire.Operation {
        let condition: Condition? = request.condition.map { $0 == .absent ? .absent : .present }
        switch request.verb {
        case .get: return .get
        case .delete: return .delete(context: context, condition: condition)
        case .put(let name):
            let value = history.freshValue()
            script.values[value] = name
            return .put(Content(value.payload(bytes: request.bytes)), context: context, condition: condition)
        }
    }

    // MARK: Answers

    func stepCompleted(_ step: Int, _ completion: Completion) {
        switch completion {
        case .answered(let reply, by: _): stepAnswered(step, .reply(reply))
        case .unanswered(let unanswered):
            probes.reach(unanswered: unanswered.reason)
            stepAnswered(step, .failure(unanswered.failure))
        }
    }

    /// A client process died with its requests: for its sessions their outcome is not known.
    func loseSteps(of client: SimulatedClient) {
        for step in script.calls.keys.sorted() where script.calls[step]?.client == client.index - plan.nodes {
            stepAnswered(step, nil)
        }
    }

    /// Nil: never, since who asked is gone.
    func stepAnswered(_ step: Int, _ answer: Answer?) {
        guard let call = script.calls.removeValue(forKey: step),
            case .request(let request) = plan.timeline[step].action
        else { preconditionFailure("step \(step) is answered a request that it does not wait for") }
        script.busy.remove(call.session)
        let at = Instant(nanoseconds: now)
        switch answer {
        case .reply(let reply): history.complete(call.record, with: reply, at: at)
        case .failure(let failure): history.complete(call.record, failure: failure, at: at)
        case nil: break
        }
        let found = scriptAnswer(answer)
        if trace.isOn { trace.add(now, "--", "answer", "\(call.record) \(found.observed.description)") }
        if let name = plan.timeline[step].name { script.answers[name] = found }
        if let expected = request.expected, let problem = expected.problem(with: found.observed) {
            script.unmet.append(UnmetExpectation(problem, at: expected.place))
        }
        wakeScript(at: now)
    }

    private func scriptAnswer(_ answer: Answer?) -> ScriptState.Answer {
        switch answer {
        case .reply(let reply):
            switch reply.result {
            case .object(let object):
                return ScriptState.Answer(
                    observed: observed(object, met: reply.receipt.met), context: object.context,
                    floor: object.context)
            case .stored(let context, _):
                return ScriptState.Answer(
                    observed: ObservedAnswer(.ok, met: reply.receipt.met), context: context,
                    floor: reply.receipt.floor(context))
            case .failed(let failure): return Self.failed(failure)
            }
        case .failure(let failure): return Self.failed(failure)
        case nil: return ScriptState.Answer(observed: ObservedAnswer(.unknown), context: nil, floor: nil)
        }
    }

    private static func failed(_ failure: Failure) -> ScriptState.Answer {
        let outcome: AnswerOutcome = failure.outcome == .unknown ? .unknown : .refused
        return ScriptState.Answer(
            observed: ObservedAnswer(outcome, code: failure.code), context: nil, floor: nil)
    }

    private func observed(_ object: CausalObject, met: Int?) -> ObservedAnswer {
        let names = object.siblings.map { sibling in
            SeenValue(sibling).value.flatMap { script.values[$0] } ?? "?"
        }
        return ObservedAnswer(names.isEmpty ? .notFound : .ok, values: names, met: met)
    }

    // MARK: The end

    /// What the scenario expected and did not find.
    var unmetExpectations: [UnmetExpectation] {
        let own = Set(script.processes.values)
        let unmet = plan.expectations.unmet(by: history, except: own, probes: probes) { key in
            guard let place = keys.firstIndex(of: key.objectKey), let object = convergence?.found[place] else {
                return nil
            }
            return observed(object, met: nil)
        }
        return (script.unmet + unmet).sorted { $0.place < $1.place }
    }
}
