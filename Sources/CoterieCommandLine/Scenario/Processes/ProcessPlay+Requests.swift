// The requests of a timeline: asked through the public client, at a node's own door or at a client process, and recorded
// as the workload's are.

import CoterieCausality
import CoterieClient
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieSimulation
import CoterieTypes
import CoterieWire
import NIOCore
import Synchronization

/// What a named request was answered.
struct StepAnswer: Sendable {
    let observed: ObservedAnswer
    /// What a later write may bring.
    var context: VersionVector?
    /// What a later read may demand.
    var floor: VersionVector?
}

extension ProcessPlay {
    /// Asks it in the name of its session. False where it refers to a step that was not answered as it had to be.
    func ask(_ request: DirectedRequest, _ step: Step) async throws -> Bool {
        if let earlier = state.withLock({ $0.underWay[request.session] }) { await earlier.value }
        try Task.checkCancellation()
        guard let asked = clientRequest(request, step) else { return false }
        let process = process(of: request.session)
        let task = Task { await self.perform(request, asked, step, process) }
        state.withLock { $0.underWay[request.session] = task }
        if request.waits {
            await withTaskCancellationHandler {
                await task.value
            } onCancel: {
                task.cancel()
            }
        }
        return true
    }

    private func process(of session: String) -> ProcessNumber {
        if let process = state.withLock({ $0.processes[session] }) { return process }
        let process = recorder.newProcess()
        state.withLock { $0.processes[session] = process }
        return process
    }

    private func perform(
        _ request: DirectedRequest, _ asked: ClientRequest, _ step: Step, _ process: ProcessNumber
    ) async {
        let record = recorder.call(asked, by: process, isCounted: false)
        let answer: StepAnswer
        do throws(CoterieError) {
            let (client, index, life) = door(request.door)
            let reply = try await client.perform(asked)
            if let index, clients.life(of: index) != life {
                answer = StepAnswer(observed: ObservedAnswer(.unknown))
            } else {
                recorder.complete(record, with: reply, isCounted: false)
                answer = self.answer(reply)
            }
        } catch {
            recorder.complete(record, with: error, isCounted: false)
            let outcome: AnswerOutcome = error.outcome == .unknown ? .unknown : .refused
            answer = StepAnswer(observed: ObservedAnswer(outcome, code: error.errorCode))
        }
        note("\(record) \(answer.observed.description)")
        if let name = step.name { state.withLock { $0.answers[name] = answer } }
        if let expected = request.expected, let problem = expected.problem(with: answer.observed) {
            miss(problem, at: expected.place)
        }
    }

    private func door(_ name: ProcessName) -> (CoterieClient, index: Int?, life: Int) {
        switch name {
        case .client(let index):
            let (client, life) = clients.client(index)
            return (client, index, life)
        case .member(let number):
            let place = layout.members.firstIndex { $0.number == number } ?? 0
            return (clients.door(place), nil, 0)
        }
    }

    private func answer(_ reply: ClientReply) -> StepAnswer {
        switch reply.result {
        case .object(let object):
            let values = state.withLock { $0.values }
            let names = object.siblings.map { sibling in SeenValue(sibling).value.flatMap { values[$0] } ?? "?" }
            return StepAnswer(
                observed: ObservedAnswer(names.isEmpty ? .notFound : .ok, values: names, met: reply.receipt.met),
                context: object.context, floor: object.context)
        case .stored(let context, _):
            return StepAnswer(
                observed: ObservedAnswer(.ok, met: reply.receipt.met), context: context,
                floor: reply.receipt.floor(context))
        case .failed(let failure):
            let outcome: AnswerOutcome = failure.outcome == .unknown ? .unknown : .refused
            return StepAnswer(observed: ObservedAnswer(outcome, code: failure.code))
        }
    }

    private func clientRequest(_ request: DirectedRequest, _ step: Step) -> ClientRequest? {
        var referred: [VersionVector?] = []
        for (parameter, name, part) in [
            ("context", request.context, \StepAnswer.context), ("floor", request.floor, \StepAnswer.floor),
        ] {
            guard let name else {
                referred.append(nil)
                continue
            }
            let answer = state.withLock { $0.answers[name] }
            guard let vector = answer?[keyPath: part] else {
                let was = answer?.observed.description ?? "nothing yet"
                miss("\(parameter): \(name) was answered \(was), without a context", at: step.place)
                return nil
            }
            referred.append(vector)
        }
        var asked = ClientRequest(key: request.key.objectKey, operation: operation(request, referred[0]))
        asked.options.timeout = request.timeout
        asked.options.floor = referred[1]
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

    private func operation(_ request: DirectedRequest, _ context: VersionVector?) -> CoterieWire.Operation {
        let condition: Condition? = request.condition.map { $0 == .absent ? .absent : .present }
        switch request.verb {
        case .get: return .get
        case .delete: return .delete(context: context, condition: condition)
        case .put(let name):
            let value = recorder.make { _, fresh in fresh() }
            state.withLock { $0.values[value] = name }
            return .put(Content(value.payload(bytes: request.bytes)), context: context, condition: condition)
        }
    }
}
