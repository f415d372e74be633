// The model store's requests: how they begin, what replicas do, how quorums end them.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire

extension ModelStore {
    mutating func begin() {
        guard requests.values.count(where: { !$0.isAnswered }) < 6, let key = random.pick(keys) else { return }
        let process = random.below(Self.processes)
        let quorum = 1 + random.below(3)
        let known = contexts[process][key]
        let kind = random.below(10)
        let isWrite = kind >= 4
        let value = (4 ..< 9).contains(kind) ? history.freshValue() : nil
        let isBlind = known == nil || random.chance(1, in: 4)
        let floor = !isWrite && random.chance(1, in: 2) ? floors[process][key] : nil
        let action: Action = isWrite ? value.map { .put($0) } ?? .delete : .get
        let sent = isWrite && !isBlind ? known : nil
        let record = history.call(
            action, key: key, by: ProcessNumber(UInt32(process)), context: sent,
            replacesFound: action == .delete && sent == nil, floor: floor,
            asked: Asked(quorum: .count(quorum), durable: isWrite ? .count(quorum) : nil, notfoundOK: true), at: now)
        if isWrite, random.chance(1, in: 12) {
            history.complete(record, .notApplied, code: .overloaded, at: now)
            if mutant != .refusedButApplied { return }
        }
        var request = ModelRequest(
            record: record, process: process, key: key, value: value, isWrite: isWrite, coordinator: random.below(3),
            quorum: quorum, floor: floor, context: sent ?? (value == nil ? nil : VersionVector()), isReading: true)
        request.isAnswered = history[record]?.returned != nil
        let id = nextRequest
        nextRequest += 1
        if isWrite, request.context != nil {
            write(&request, id)
            requests[id] = request
        } else {
            requests[id] = request
            read(id)
        }
    }

    private mutating func read(_ id: Int) {
        guard let request = requests[id] else { return }
        for other in replicas.indices where other != request.coordinator {
            network.append((request.coordinator, other, .fetch(request.key, request: id)))
        }
        found(replicas[request.coordinator].objects[request.key] ?? ModelObject(), id, from: request.coordinator)
    }

    private mutating func write(_ request: inout ModelRequest, _ id: Int) {
        guard let sent = request.context else { return }
        request.isReading = false
        request.responders = []
        request.answers = [:]
        let owner = request.coordinator
        let (object, dot) = mint(request, at: owner, over: sent)
        request.merged = object
        request.dot = dot
        if mutant == .unsyncedAcknowledgement {
            acknowledge(id, at: owner, by: owner)
        } else {
            replicas[owner].waiting.append(id)
        }
        for other in replicas.indices where other != owner {
            network.append((owner, other, .store(object, request.key, request: id)))
        }
        if mutant == .forwardedTwice, random.chance(1, in: 4) {
            _ = mint(request, at: (owner + 1) % 3, over: sent)
        }
    }

    /// One write at an owner.
    private mutating func mint(_ request: ModelRequest, at owner: Int, over sent: VersionVector) -> (ModelObject, Dot) {
        let key = request.key
        var object = replicas[owner].objects[key] ?? ModelObject()
        replicas[owner].counter += 1
        let dot = Dot(replicas[owner].identity, replicas[owner].counter)
        let wall = WallTime(milliseconds: 1_000_000 + time + Int64(owner) * 40)
        let latest = mutant == .clockBeatsCausality ? nil : object.live.map(\.written).max()
        let keepAll = mutant == .contextIgnored || (mutant == .deleteWithoutEffect && request.value == nil)
        object.write(dot, request.value, at: .next(at: wall, after: latest), over: sent, keepAll: keepAll)
        if isLastWriterWins(key) { object.settle() }
        if mutant == .prunedContext, object.context.count > 3 {
            object.context = VersionVector(object.context.lastDots.dropFirst() + object.live.map(\.dot) + [dot])
        }
        replicas[owner].objects[key] = object
        return (object, dot)
    }

    mutating func receive(_ message: ModelMessage, from: Int, at to: Int) {
        switch message {
        case .store(let object, let key, let request): store(object, key, request, at: to)
        case .acknowledge(let id): acknowledged(id, by: from)
        case .fetch(let key, let id):
            let object = replicas[to].objects[key] ?? ModelObject()
            network.append((to, from, .found(object, request: id)))
        case .found(let object, let id): found(object, id, from: from)
        }
    }

    private mutating func store(_ object: ModelObject, _ key: ObjectKey, _ request: Int?, at to: Int) {
        var own = replicas[to].objects[key] ?? ModelObject()
        if request == nil, mutant == .resurrectingRepair {
            own.live = Array(Set(own.live + object.live)).sorted { $0.dot < $1.dot }
            own.context.merge(object.context)
        } else {
            own.merge(object, isLastWriterWins: isLastWriterWins(key), mutant)
        }
        let isDropped = request != nil && mutant == .lostAcknowledgement && random.chance(1, in: 2)
        if !isDropped { replicas[to].objects[key] = own }
        guard let request else { return }
        if mutant == .unsyncedAcknowledgement {
            guard let coordinator = requests[request]?.coordinator else { return }
            acknowledge(request, at: coordinator, by: to)
        } else {
            replicas[to].waiting.append(request)
        }
    }

    private mutating func acknowledged(_ id: Int, by index: Int) {
        guard var request = requests[id], !request.isAnswered, !request.isReading else { return }
        let member = replicas[index].identity.member
        if mutant != .countsTwice, request.responders.contains(where: { $0.member == member }) { return }
        request.responders.append(Responder(member: member, role: .primary, answer: .durable))
        let enough = mutant == .writeQuorumOffByOne ? max(1, request.quorum - 1) : request.quorum
        if request.responders.count >= enough {
            answer(&request, .ok, Reply(context: request.merged.contextWithoutUnseen(but: request.dot)))
        }
        requests[id] = request
    }

    private mutating func found(_ object: ModelObject, _ id: Int, from index: Int) {
        guard var request = requests[id], request.isReading, request.answers[index] == nil else { return }
        request.answers[index] = object
        request.merged.merge(object, isLastWriterWins: isLastWriterWins(request.key), mutant)
        if !request.isAnswered {
            let answer: Responder.Answer = object.context.isEmpty ? .notFound : .value
            request.responders.append(
                Responder(member: replicas[index].identity.member, role: .primary, answer: answer))
            decide(&request, id)
        }
        if request.isReading, request.answers.count == 3 {
            repair(request)
            requests[id] = nil
        } else {
            requests[id] = request
        }
    }

    private mutating func decide(_ request: inout ModelRequest, _ id: Int) {
        let isDelete = request.isWrite
        var enough = isDelete ? 2 : request.quorum
        if mutant == .readQuorumOffByOne, !isDelete { enough = max(1, enough - 1) }
        guard request.answers.count >= enough else { return }
        if isDelete {
            if request.merged.live.isEmpty {
                answer(&request, .nothingToDelete, request.merged.reply)
            } else {
                request.context = request.merged.context
                write(&request, id)
            }
            return
        }
        if let floor = request.floor, mutant != .floorIgnored, !request.merged.context.descends(floor) {
            if request.answers.count == 3 {
                history.complete(request.record, .notApplied, code: .insufficientReplicas, at: now)
                request.isAnswered = true
            }
            return
        }
        answer(&request, .ok, shown(request))
    }

    /// What a read's answer shows.
    private mutating func shown(_ request: ModelRequest) -> Reply {
        var reply = request.merged.reply
        switch mutant {
        case .staleCache:
            if random.chance(1, in: 4), let old = cache[request.key] { return old }
            cache[request.key] = reply
        case .contextOverreach:
            for replica in replicas { reply.context?.merge(replica.objects[request.key]?.context ?? VersionVector()) }
        case .misroutedRead where random.chance(1, in: 10):
            reply = (replicas[0].objects[keys[0]] ?? ModelObject()).reply
        case .tornValue where random.chance(1, in: 20):
            for index in (reply.siblings ?? []).indices { reply.siblings?[index].value = .unreadable }
        default: break
        }
        return reply
    }

    private mutating func answer(_ request: inout ModelRequest, _ outcome: Outcome, _ reply: Reply) {
        request.isAnswered = true
        let isReading = request.isReading
        var receipt = Receipt(
            coordinator: replicas[request.coordinator].identity.member, epoch: Epoch(1),
            asked: AskedQuorum(
                n: 3, quorum: request.isWrite && isReading ? 2 : request.quorum,
                durable: isReading ? 0 : request.quorum),
            met: request.responders.count, metPrimary: request.responders.count,
            metDurable: isReading ? 0 : request.responders.count, responders: request.responders)
        if mutant == .lyingReceipt, receipt.met < 3, random.chance(1, in: 4) { receipt.met += 1 }
        if !isReading { receipt.written = request.dot }
        if mutant == .misnamedDot, let dot = receipt.written, random.chance(1, in: 8) {
            receipt.written = Dot(dot.replica, dot.counter + 1)
        }
        history.complete(request.record, outcome, reply: reply, receipt: receipt, at: now)
        guard let context = reply.context else { return }
        floors[request.process][request.key, default: VersionVector()].merge(receipt.floor(context))
        if reply.siblings != nil { contexts[request.process][request.key, default: VersionVector()].merge(context) }
    }

    private mutating func repair(_ request: ModelRequest) {
        for (index, object) in request.answers.sorted(by: { $0.key < $1.key }) where object != request.merged {
            network.append((request.coordinator, index, .store(request.merged, request.key, request: nil)))
        }
    }
}
