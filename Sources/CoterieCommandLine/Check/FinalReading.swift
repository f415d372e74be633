// What is there in the end: every key is read at r=all, which repairs, until the answer stays the same and each owner,
// asked alone, has it. Until anti-entropy exists, that is what convergence means (as in the simulator's `Convergence`).

import CoterieCausality
import CoterieClient
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieSimulation
import CoterieWire
import NIOCore

/// The end of a run as clients can see it.
struct FinalReading: Sendable {
    let keys: [ObjectKey]
    let layout: Layout
    /// Nil: its reads are not part of the history.
    let recorder: HistoryRecorder?
    /// One for each member, in the order of the layout's members.
    let clients: BlackBoxClients
    /// How long all of it may take.
    var patience = Duration.seconds(60)

    struct Result: Sendable {
        var final = FinalState()
        /// What each owner holds, where it could be asked.
        var replicas: [ReplicaState] = []
        /// What has not come about in time, by name.
        var pending: [String] = []
    }

    func read() async -> Result {
        let deadline = ContinuousClock().now + patience
        let settled = await withTaskGroup(of: (Int, Settled).self) { group in
            for (place, key) in keys.enumerated() {
                group.addTask { (place, await settle(key, until: deadline)) }
            }
            var all: [Int: Settled] = [:]
            for await (place, one) in group { all[place] = one }
            return all
        }
        var result = Result()
        var objects: [MemberNumber: [ObjectKey: ByteBuffer]] = [:]
        for (place, key) in keys.enumerated() {
            guard let one = settled[place] else { continue }
            if let object = one.object {
                result.final.set(key, object, of: layout.bucketType(named: key.type)?.kind ?? .siblings)
            }
            if let problem = one.problem { result.pending.append("\(key) \(problem)") }
            for (member, object) in one.copies where !object.isEmpty {
                objects[member, default: [:]][key] = object.encoded()
            }
        }
        if result.pending.isEmpty {
            result.replicas = layout.members.map { member in
                ReplicaState(member: member.number, objects: objects[member.number] ?? [:])
            }
        }
        return result
    }

    /// The owners of a key.
    func owners(of key: ObjectKey) -> [MemberNumber] { layout.owners(of: key) ?? [] }

    private struct Settled: Sendable {
        var object: CausalObject?
        var copies: [(MemberNumber, CausalObject)] = []
        var problem: String?
    }

    /// Reads one key until all is equal.
    private func settle(_ key: ObjectKey, until deadline: ContinuousClock.Instant) async -> Settled {
        var last = Settled()
        var turn = 0
        let process = recorder?.newProcess()
        repeat {
            if turn > 0 { try? await Task.sleep(for: .milliseconds(min(20 << min(turn, 4), 250))) }
            last = await attempt(key, turn, process)
            turn += 1
        } while last.problem != nil && ContinuousClock().now < deadline && !Task.isCancelled
        return last
    }

    /// Whether every owner answers the same for every key, each asked alone.
    func ownersAgree() async -> Bool {
        for key in keys {
            var first: ByteBuffer?
            for owner in owners(of: key) {
                guard let place = layout.members.firstIndex(where: { $0.number == owner }),
                    let copy = await copy(of: key, at: owner, clients.door(place))
                else { return false }
                if let first, first != copy.encoded() { return false }
                first = copy.encoded()
            }
        }
        return true
    }

    private func attempt(_ key: ObjectKey, _ turn: Int, _ process: ProcessNumber?) async -> Settled {
        var settled = Settled()
        var request = ClientRequest(key: key, operation: .get)
        request.options.r = .all
        request.options.timeout = .seconds(5)
        let door = (turn + key.key.readableBytes) % clients.doorCount
        let record = process.flatMap { recorder?.call(request, by: $0, isCounted: false) }
        do throws(CoterieError) {
            let reply = try await clients.door(door).perform(request)
            if let record { recorder?.complete(record, with: reply, isCounted: false) }
            guard case .object(let object) = reply.result else { return settled }
            settled.object = object
        } catch {
            if let record { recorder?.complete(record, with: error, isCounted: false) }
            settled.problem = "cannot be read at r=all: \(error.message)"
            return settled
        }
        for owner in owners(of: key) {
            guard let place = layout.members.firstIndex(where: { $0.number == owner }) else { continue }
            guard let copy = await copy(of: key, at: owner, clients.door(place)) else {
                settled.problem = "could not be read at \(owner) alone"
                return settled
            }
            settled.copies.append((owner, copy))
        }
        for (owner, copy) in settled.copies where copy.encoded() != settled.object?.encoded() {
            let found = settled.object.map { "\($0)" } ?? "nothing"
            settled.problem = "is not the same everywhere: \(copy) at \(owner), \(found) at r=all"
            return settled
        }
        return settled
    }

    /// What an owner answers by itself: at r=one a coordinator's own replica comes first.
    private func copy(of key: ObjectKey, at owner: MemberNumber, _ client: CoterieClient) async -> CausalObject? {
        var request = ClientRequest(key: key, operation: .get)
        request.options.r = .one
        request.options.timeout = .seconds(5)
        do throws(CoterieError) {
            let reply = try await client.perform(request)
            guard case .object(let object) = reply.result, reply.receipt.coordinator == owner,
                reply.receipt.responders.map(\.member) == [owner]
            else { return nil }
            return object
        } catch {
            return nil
        }
    }
}

extension Layout {
    /// The owners of a key; nil where its bucket type is not known.
    func owners(of key: ObjectKey) -> [MemberNumber]? {
        bucketType(named: key.type).map { preferenceList(for: group(for: key, n: $0.n)).primaries }
    }
}
