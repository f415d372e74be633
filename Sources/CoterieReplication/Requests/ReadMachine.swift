// One quorum read, from the first answer to the last: what is merged, when it is decided, and which replicas turned
// out to be stale. Late answers feed the repair too (INV 27).
//
// States: undecided → decided → complete (every replica answered, failed, or ran out of time).

import CoterieCausality
import CoteriePrimitives
import CoterieWire

/// What one replica answered to a read.
enum ReplicaAnswer: Equatable {
    case object(CausalObject)
    /// It holds what the coordinator's own replica holds.
    case same
    case absent
    case failed(ErrorCode)

    /// Whether it tells what a store holds.
    var isOfAStore: Bool { if case .failed = self { false } else { true } }
}

/// The machine of one read.
struct ReadMachine {
    /// How one replica stands.
    enum Standing: Equatable {
        case waiting
        /// It holds an object with this digest; 0 stands for none.
        case holds(UInt64)
        /// It says that it holds none: repaired if others have the object.
        case lacks
        /// It holds a record that cannot be read: a lost replica of this key, not an empty one.
        case corrupt
        case failed
    }

    let owners: [MemberNumber]
    private(set) var standings: [Standing]
    private(set) var quorum: ReadQuorum
    private(set) var merged = CausalObject()
    private var mergedDigest: UInt64 = 0
    private(set) var responders: [Responder] = []
    /// The digest that replicas answer `same` to.
    private(set) var ownDigest: UInt64?
    /// The oldest round in which any of the answers left a store: that of what is merged.
    private(set) var round = UInt64.max
    /// What the clocks of those that answered have handled of the floor.
    private var handled = VersionVector()
    private(set) var isDecided = false
    private(set) var waiting: Int
    private var firstError: ErrorCode?
    /// Who may stand in for an owner, in order; empty where only owners may.
    private let fallbacks: [MemberNumber]
    private var nextFallback = 0
    /// Fallbacks that were asked and have not answered.
    private var asked: [MemberNumber] = []

    init(owners: [MemberNumber], fallbacks: [MemberNumber] = [], quorum: ReadQuorum) {
        self.owners = owners
        self.fallbacks = fallbacks
        self.quorum = quorum
        standings = Array(repeating: .waiting, count: owners.count)
        waiting = owners.count
    }

    /// Takes the coordinator's own replica's answer before the others are asked.
    mutating func own(_ answer: ReplicaAnswer, of member: MemberNumber, rule: TypeRule) -> Verdict {
        let verdict = add(answer, from: member, rule: rule)
        if case .object = answer, let index = owners.firstIndex(of: member), case .holds(let digest) = standings[index]
        {
            ownDigest = digest
        }
        return verdict
    }

    /// Notes what comes with an answer of a store.
    mutating func note(round: UInt64, handled: VersionVector) {
        self.round = min(self.round, round)
        if !handled.isEmpty { self.handled.merge(handled) }
    }

    /// Whether each entry of a floor is covered by what was merged, or was handled by one that answered: then it was
    /// deleted, and its marker is gone.
    func meets(_ floor: VersionVector) -> Bool {
        merged.context.descends(floor)
            || floor.lastDots.allSatisfy { merged.context.covers($0) || handled.covers($0) }
    }

    /// Takes an answer; a second one of the same replica changes nothing.
    mutating func add(_ answer: ReplicaAnswer, from member: MemberNumber, rule: TypeRule) -> Verdict {
        guard let index = owners.firstIndex(of: member) else { return add(answer, fromFallback: member, rule: rule) }
        guard standings[index] == .waiting else { return quorum.verdict }
        waiting -= 1
        let counted: Responder.Answer
        switch answer {
        case .object(let object):
            let digest = object.digest
            standings[index] = .holds(digest)
            merge(object, digest, rule: rule)
            counted = object.isEmpty ? .notFound : .value
        case .same:
            // Only an answer to a digest that was sent; anything else is a fault of the peer's.
            standings[index] = ownDigest.map { .holds($0) } ?? .failed
            counted = ownDigest == nil ? .failed : .value
        case .absent:
            standings[index] = .lacks
            counted = .notFound
        case .failed(let code):
            standings[index] = code == .corrupt ? .corrupt : .failed
            if firstError == nil { firstError = code }
            counted = .failed
        }
        if !isDecided { responders.append(Responder(member: member, role: .primary, answer: counted)) }
        return quorum.add(counted, role: .primary)
    }

    /// Takes a fallback's answer. What it keeps counts; that it keeps nothing says nothing.
    private mutating func add(
        _ answer: ReplicaAnswer, fromFallback member: MemberNumber, rule: TypeRule
    ) -> Verdict {
        guard let index = asked.firstIndex(of: member) else { return quorum.verdict }
        asked.remove(at: index)
        waiting -= 1
        guard case .object(let object) = answer, !object.isEmpty else { return quorum.add(.failed, role: .fallback) }
        // Owners have settled what they hold; hints are kept as they came.
        var settled = object
        rule.settle(&settled)
        merge(settled, settled.digest, rule: rule)
        if !isDecided { responders.append(Responder(member: member, role: .fallback, answer: .value)) }
        return quorum.add(.value, role: .fallback)
    }

    /// The next fallback that can be asked; nil where there is none.
    mutating func nextFallback(where canBeAsked: (MemberNumber) -> Bool) -> MemberNumber? {
        while nextFallback < fallbacks.count {
            let member = fallbacks[nextFallback]
            nextFallback += 1
            guard canBeAsked(member) else { continue }
            asked.append(member)
            waiting += 1
            quorum.expectFallback()
            return member
        }
        return nil
    }

    /// The coordinator is a fallback itself, and looks at what it keeps.
    private(set) var hasAskedItself = false

    mutating func askItself(_ member: MemberNumber) {
        hasAskedItself = true
        asked.append(member)
        waiting += 1
        quorum.expectFallback()
    }

    /// From here on answers only feed the repair.
    mutating func decide() { isDecided = true }

    /// Gives up on those that have not answered.
    mutating func giveUp() {
        for index in standings.indices where standings[index] == .waiting { standings[index] = .failed }
        asked = []
        waiting = 0
    }

    /// Whether this replica has not answered yet.
    func isWaiting(for member: MemberNumber) -> Bool {
        owners.firstIndex(of: member).map { standings[$0] == .waiting } ?? asked.contains(member)
    }

    /// The replicas whose answer lacks something of the merged object. Never one that is ahead: `merged` includes it.
    var stale: [MemberNumber] {
        guard !merged.isEmpty else { return [] }
        return owners.indices.compactMap { index in
            switch standings[index] {
            case .holds(let held): held == mergedDigest ? nil : owners[index]
            case .lacks, .corrupt: owners[index]
            case .waiting, .failed: nil
            }
        }
    }

    /// Whether every owner but this one has said what it holds: then `merged` is all that a lost replica can get back, and
    /// whatever it had acknowledged with another owner is in it.
    func isComplete(but member: MemberNumber) -> Bool {
        owners.indices.allSatisfy { index in
            switch standings[index] {
            case .holds, .lacks: true
            case .waiting, .corrupt, .failed: owners[index] == member
            }
        }
    }

    /// Why a failed read failed.
    func failure(timedOut: Bool) -> Failure {
        if timedOut { return Failure(.timeout, "request timed out: \(quorum.shortfall)") }
        if firstError == .corrupt, quorum.met == 0 {
            return Failure(.corrupt, "\(quorum.shortfall): the record is corrupt and no other replica has the key")
        }
        return Failure(.insufficientReplicas, quorum.shortfall)
    }

    private mutating func merge(_ object: CausalObject, _ digest: UInt64, rule: TypeRule) {
        if merged.isEmpty {
            merged = object
            mergedDigest = rule.settle(&merged) == 0 ? digest : merged.digest
        } else if mergedDigest != digest {
            merged.merge(object)
            rule.settle(&merged)
            mergedDigest = merged.digest
        }
    }
}
