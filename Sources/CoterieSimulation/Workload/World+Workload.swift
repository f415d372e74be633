// The workload: which session asks what, and what it makes of the answer. Everything is recorded: a request before it
// is handed over, its answer when it is there.

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
    func makeSessions() {
        addScriptKeys()
        for client in clients.indices {
            for _ in 0 ..< plan.workload.sessionsPerClient {
                let isDoor = workloadDraws.chance(plan.workload.doorSessions, in: 1000)
                sessions.append(
                    Session(client: isDoor ? nil : client, process: nextProcess(), keys: keys.count))
            }
        }
        for index in sessions.indices where sessions[index].client == nil { think(index) }
    }

    func nextProcess() -> ProcessNumber {
        processNumbers += 1
        return ProcessNumber(processNumbers)
    }

    func startSessions(of client: SimulatedClient) {
        for index in sessions.indices where sessions[index].client == client.index - plan.nodes { think(index) }
    }

    /// Their process is gone: their requests are never answered, and they remember nothing.
    func loseSessions(of client: SimulatedClient) {
        for index in sessions.indices where sessions[index].client == client.index - plan.nodes {
            sessions[index].call = nil
            sessions[index].memory.forget()
            sessions[index].process = nextProcess()
        }
        loseSteps(of: client)
    }

    private func think(_ index: Int, atLeast least: Int64 = 1_000) {
        let most = Int(plan.workload.thinkTime.nanoseconds)
        let pause = least + (most > 0 ? Int64(workloadDraws.below(most)) : 0)
        let life = sessions[index].client.map { Int(clients[$0].life) } ?? 0
        queue.push(.session, life, detail: UInt64(index), at: now + pause)
    }

    /// Whether every request has its answer and none is left to make.
    var workloadIsDone: Bool { operationsLeft <= 0 && sessions.allSatisfy { $0.call == nil } }

    /// A workload that has a duration makes no request after it.
    func endWorkloadInTime() {
        guard let duration = plan.workload.duration, now >= stageBegan + duration.nanoseconds else { return }
        operationsLeft = 0
    }

    // MARK: Asking

    func nextRequest(of index: Int, life: UInt32) {
        let current = sessions[index].client.map { clients[$0].life } ?? 0
        guard sessions[index].call == nil, life == current else { return }
        guard stage == .bootstrap || stage == .safety, operationsLeft > 0 else { return }
        if stage == .bootstrap, !plan.workload.fromTheStart { return think(index, atLeast: 5_000_000) }
        operationsLeft -= 1
        let (request, key, next) = drawRequest(for: index)
        ask(request, key: key, next, session: index)
    }

    private func ask(_ request: ClientRequest, key: Int, _ next: Session.Next, session index: Int) {
        sessions[index].calls += 1
        let number = sessions[index].calls
        let record = history.call(request, by: sessions[index].process, at: Instant(nanoseconds: now))
        sessions[index].call = Session.Call(
            number: number, record: record, key: key, isWrite: request.operation.isWrite, next: next)
        statistics.operations += 1
        if let client = sessions[index].client {
            note("ask", clients[client].index, "\(sessions[index].process) \(record) \(request.line)")
            handle(clients[client], .call(CallID(UInt64(index) << 40 | number), request))
        } else {
            askDoor(request, session: index, call: number, record: record)
        }
    }

    private func askDoor(_ request: ClientRequest, session index: Int, call: UInt64, record: RecordID) {
        let node = nodes[workloadDraws.below(nodes.count)]
        note("ask", node.index, "\(sessions[index].process) \(record) at the door: \(request.line)")
        guard node.state != .down else {
            answered(index, call: call, .failure(Failure(.ownerLost, "connection refused")))
            return
        }
        nextDoorCall += 1
        doorCalls[nextDoorCall] = .session(index, call: call, node: node.index)
        feed(node, .client(ReplyToken(rawValue: nextDoorCall), request))
        settle(node)
    }

    // MARK: Answers

    /// What came of a request, for the session.
    enum Answer {
        case reply(ClientReply)
        case failure(Failure)

        var line: String {
            switch self {
            case .reply(let reply): reply.result.line
            case .failure(let failure): "\(failure.outcome) \(failure)"
            }
        }
    }

    func completed(_ id: CallID, _ completion: Completion, by client: SimulatedClient) {
        if let step = ScriptState.step(of: id) { return stepCompleted(step, completion) }
        let index = Int(id.rawValue >> 40)
        let call = id.rawValue & (1 << 40 - 1)
        switch completion {
        case .answered(let reply, by: _): answered(index, call: call, .reply(reply))
        case .unanswered(let unanswered):
            probes.reach(unanswered: unanswered.reason)
            answered(index, call: call, .failure(unanswered.failure))
        }
    }

    func doorAnswered(_ token: ReplyToken, _ reply: ClientReply) {
        guard let caller = doorCalls.removeValue(forKey: token.rawValue) else {
            preconditionFailure("door request \(token.rawValue) is answered twice, or was never asked")
        }
        switch caller {
        case .session(let index, let call, _): answered(index, call: call, .reply(reply))
        case .convergence(let key, _): converged(key, reply)
        case .step(let step, _): stepAnswered(step, .reply(reply))
        }
    }

    /// The node is gone with the doors' requests.
    func failDoorCalls(of node: SimulatedNode) {
        for token in doorCalls.keys.sorted() {
            guard let caller = doorCalls[token], caller.node == node.index else { continue }
            doorCalls[token] = nil
            switch caller {
            case .session(let index, let call, _):
                answered(index, call: call, .failure(Failure(.ownerLost, "the node is gone", outcome: .unknown)))
            case .convergence(let key, _): convergence?.asked.remove(key)
            case .step(let step, _):
                stepAnswered(step, .failure(Failure(.ownerLost, "the node is gone", outcome: .unknown)))
            }
        }
    }

    private func answered(_ index: Int, call number: UInt64, _ answer: Answer) {
        guard let call = sessions[index].call, call.number == number else {
            preconditionFailure("session \(index) is answered request \(number), which it does not wait for")
        }
        sessions[index].call = nil
        let at = Instant(nanoseconds: now)
        switch answer {
        case .reply(let reply):
            history.complete(call.record, with: reply, at: at)
            learn(reply, call, index)
        case .failure(let failure):
            history.complete(call.record, failure: failure, at: at)
            count(failure)
        }
        note("answer", plan.nodes + (sessions[index].client ?? 0), "\(call.record) \(answer.line)")
        if workloadDraws.chance(plan.workload.forgetting, in: 1000) { sessions[index].memory.forget() }
        if case .put(let key) = call.next, case .reply(let reply) = answer, case .object = reply.result {
            operationsLeft -= 1
            return ask(drawPut(over: key, for: index), key: key, .nothing, session: index)
        }
        think(index)
    }

    private func count(_ failure: Failure) {
        if failure.outcome == .unknown { statistics.unknown += 1 } else { statistics.failed += 1 }
    }

    /// What the session knows of the key from now on.
    private func learn(_ reply: ClientReply, _ call: Session.Call, _ index: Int) {
        sessions[index].memory.learn(reply.result, of: call.key, requests.kinds[call.key])
        switch reply.result {
        case .object(let object):
            statistics.succeeded += 1
            if object.siblings.count > 1 { probes.reach(.siblings) }
            if object.isMarker { probes.reach(.markerRead) }
        case .stored: statistics.succeeded += 1
        case .failed(let failure):
            count(failure)
            probes.reach(failure: failure.code)
        }
    }
}
