// A store of three replicas, small enough to be believed: owners mint, writes travel as objects, acknowledgements wait
// for an fsync, crashes take the tail, messages are delayed, repeated and lost, reads repair. Each defect is a switch.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

struct ModelReplica {
    var identity: ReplicaID
    var counter: UInt64 = 0
    var objects: [ObjectKey: ModelObject] = [:]
    var durable: [ObjectKey: ModelObject] = [:]
    /// Acknowledgements that wait for the next fsync.
    var waiting: [Int] = []
}

struct ModelRequest {
    let record: RecordID
    let process: Int
    let key: ObjectKey
    let value: ValueID?
    let isWrite: Bool
    let coordinator: Int
    let quorum: Int
    let floor: VersionVector?
    /// Nil while a delete looks for what it deletes.
    var context: VersionVector?
    var isReading: Bool
    /// Of a write that was minted.
    var dot: Dot?
    var merged = ModelObject()
    var answers: [Int: ModelObject] = [:]
    var responders: [Responder] = []
    var isAnswered = false
}

enum ModelMessage {
    case store(ModelObject, ObjectKey, request: Int?)
    case acknowledge(request: Int)
    case fetch(ObjectKey, request: Int)
    case found(ModelObject, request: Int)
}

struct ModelStore {
    let mutant: Mutant?
    var random: SeededGenerator
    var history: History
    var replicas: [ModelReplica]
    var network: [(from: Int, to: Int, message: ModelMessage)] = []
    var requests: [Int: ModelRequest] = [:]
    var nextRequest = 0
    var lives: UInt64 = 0
    var time: Int64 = 0
    /// By process, then key: the context of what it has read, and of all that it was answered.
    var contexts: [[ObjectKey: VersionVector]]
    var floors: [[ObjectKey: VersionVector]]
    var cache: [ObjectKey: Reply] = [:]
    let keys: [ObjectKey]

    static let rules = ["siblings": BucketRule(n: 3, kind: .siblings), "lww": BucketRule(n: 3, kind: .lww)]
    static let processes = 4

    init(seed: UInt64, mutant: Mutant?) {
        self.mutant = mutant
        random = SeededGenerator(seed: seed)
        history = History(rules: Self.rules)
        replicas = (1 ... 3).map {
            ModelReplica(identity: ReplicaID(member: MemberNumber($0), incarnation: Incarnation(nonce: UInt64($0))))
        }
        lives = 3
        contexts = Array(repeating: [:], count: Self.processes)
        floors = contexts
        keys = [
            ObjectKey(type: "siblings", bucket: "b", key: "x"), ObjectKey(type: "siblings", bucket: "b", key: "y"),
            ObjectKey(type: "lww", bucket: "b", key: "z"),
        ]
    }

    var now: Instant { Instant(nanoseconds: time) }

    func isLastWriterWins(_ key: ObjectKey) -> Bool { history.rule(of: key).kind == .lww }

    mutating func run(steps: Int) {
        for _ in 0 ..< steps { step() }
        for id in requests.keys.sorted() where requests[id]?.isAnswered == false {
            if random.chance(1, in: 2) { giveUp(id) }
        }
        for index in replicas.indices { fsync(index) }
        // Rest: everybody gets everything.
        for key in keys {
            var all = ModelObject()
            for replica in replicas {
                all.merge(replica.objects[key] ?? ModelObject(), isLastWriterWins: isLastWriterWins(key), mutant)
            }
            for index in replicas.indices where mutant != .silentReplica || index != 2 {
                replicas[index].objects[key] = all
            }
        }
    }

    var final: FinalState {
        var final = FinalState()
        for key in keys { final.set(key, (replicas[0].objects[key] ?? ModelObject()).reply) }
        return final
    }

    var states: [ReplicaState] {
        replicas.map { replica in
            ReplicaState(member: replica.identity.member, objects: replica.objects.mapValues(\.bytes))
        }
    }

    private mutating func step() {
        time += 1
        switch random.below(100) {
        case 0 ..< 18: begin()
        case 18 ..< 80: deliver()
        case 80 ..< 95: fsync(random.below(3))
        case 95 ..< 97:
            if random.chance(1, in: 2) { crash(random.below(3)) }
        default:
            if let id = random.pick(requests.keys.sorted()), requests[id]?.isAnswered == false { giveUp(id) }
        }
    }

    private mutating func deliver() {
        guard !network.isEmpty else { return }
        let index = random.below(network.count)
        let envelope = network[index]
        if !random.chance(1, in: 15) { network.remove(at: index) }
        if random.chance(1, in: 12) { return }
        receive(envelope.message, from: envelope.from, at: envelope.to)
    }

    /// Makes durable what a replica has, and lets go the acknowledgements that waited for it.
    mutating func fsync(_ index: Int) {
        if mutant == .earlyReclaim {
            for (key, object) in replicas[index].objects where object.live.isEmpty {
                replicas[index].objects[key] = nil
            }
        }
        replicas[index].durable = replicas[index].objects
        let waiting = replicas[index].waiting
        replicas[index].waiting = []
        for request in waiting {
            if let coordinator = requests[request]?.coordinator { acknowledge(request, at: coordinator, by: index) }
        }
    }

    mutating func acknowledge(_ request: Int, at coordinator: Int, by index: Int) {
        network.append((index, coordinator, .acknowledge(request: request)))
    }

    private mutating func crash(_ index: Int) {
        replicas[index].objects = replicas[index].durable
        replicas[index].waiting = []
        if mutant == .reusedDot {
            let mine = replicas[index].identity
            replicas[index].counter = replicas[index].objects.values.map { $0.context[mine] }.max() ?? 0
        } else {
            lives += 1
            let member = replicas[index].identity.member
            replicas[index].identity = ReplicaID(member: member, incarnation: Incarnation(nonce: lives))
            replicas[index].counter = 0
        }
        for id in requests.keys.sorted() where requests[id]?.coordinator == index {
            if requests[id]?.isAnswered == false { giveUp(id) }
            requests[id] = nil
        }
    }

    /// The client hears no more of it.
    private mutating func giveUp(_ id: Int) {
        guard let request = requests.removeValue(forKey: id) else { return }
        history.complete(request.record, request.isWrite ? .unknown : .notApplied, code: .timeout, at: now)
    }
}
