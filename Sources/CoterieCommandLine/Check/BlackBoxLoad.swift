// The load of a run: sessions that ask a real cluster one thing after the other, drawn from the same source as the
// simulator's sessions.

import CoterieClient
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieSimulation
import CoterieWire
import Foundation
import NIOCore
import Synchronization

/// Sessions and what they do.
final class BlackBoxLoad: Sendable {
    let source: RequestSource
    let recorder: HistoryRecorder
    let clients: BlackBoxClients
    private let operationsLeft: Mutex<Int>
    private let isStopping = Atomic(false)

    /// - Parameter operations: how many requests at most.
    init(source: RequestSource, recorder: HistoryRecorder, clients: BlackBoxClients, operations: Int = .max) {
        self.source = source
        self.recorder = recorder
        self.clients = clients
        operationsLeft = Mutex(operations)
    }

    /// No session begins anything new.
    func stop() { isStopping.store(true, ordering: .relaxed) }

    /// Runs all sessions until their operations are used up, `stop`, or cancellation.
    func run() async {
        let plan = source.plan
        await withTaskGroup(of: Void.self) { group in
            for client in 0 ..< plan.clients {
                for _ in 0 ..< plan.sessionsPerClient {
                    let asksDoors = clients.doorCount > 0 && recorder.draw { $0.chance(plan.doorSessions, in: 1000) }
                    group.addTask { [self] in await session(of: asksDoors ? nil : client) }
                }
            }
        }
    }

    private func take() -> Bool {
        guard !isStopping.load(ordering: .relaxed), !Task.isCancelled else { return false }
        return operationsLeft.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
    }

    /// One session's life.
    private func session(of client: Int?) async {
        var memory = SessionMemory(keys: source.keys.count)
        var process = recorder.newProcess()
        var life = client.map { clients.life(of: $0) } ?? 0
        while await think(), take() {
            let wall = WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
            let drawn = recorder.make { draws, fresh in
                source.draw(memory, from: &draws, wall: wall, fresh: fresh)
            }
            let found = await ask(drawn.request, key: drawn.key, client, process, &memory)
            if drawn.isUpdate, found, take() {
                let put = recorder.make { draws, fresh in
                    source.put(drawn.key, context: memory.contexts[drawn.key], from: &draws, fresh: fresh)
                }
                _ = await ask(put, key: drawn.key, client, process, &memory)
            }
            if recorder.draw({ $0.chance(source.plan.forgetting, in: 1000) }) { memory.forget() }
            if let client, clients.life(of: client) != life {
                // Its process was restarted.
                life = clients.life(of: client)
                memory.forget()
                process = recorder.newProcess()
            }
        }
    }

    /// Makes a request; whether it was answered with an object.
    private func ask(
        _ request: ClientRequest, key: Int, _ client: Int?, _ process: ProcessNumber, _ memory: inout SessionMemory
    ) async -> Bool {
        let door: CoterieClient
        var life = 0
        if let client {
            (door, life) = clients.client(client)
        } else {
            door = clients.door(recorder.draw { $0.below(self.clients.doorCount) })
        }
        let record = recorder.call(request, by: process)
        do throws(CoterieError) {
            let reply = try await door.perform(request)
            // A client process that is gone tells nobody what it was answered.
            if let client, clients.life(of: client) != life { return false }
            recorder.complete(record, with: reply)
            memory.learn(reply.result, of: key, source.kinds[key])
            if case .object = reply.result { return true }
        } catch {
            if let client, clients.life(of: client) != life { return false }
            recorder.complete(record, with: error)
        }
        return false
    }

    /// Pauses as the plan says; false where the session is to end.
    private func think() async -> Bool {
        let most = source.plan.thinkTime.nanoseconds
        guard most > 0 else { return !Task.isCancelled }
        let pause = recorder.draw { Int64($0.below(Int(most))) }
        try? await Task.sleep(for: .nanoseconds(pause))
        return !Task.isCancelled
    }
}
