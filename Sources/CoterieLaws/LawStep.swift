// A history as data: steps that can be left out one by one, so that a failing history shrinks to what makes it fail.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes

/// One step. Replicas, clients' contexts and kept copies are numbers of places; a step that refers to what was left out
/// does nothing.
enum LawStep<Operation: Sendable>: Sendable {
    /// An operation at a replica, perhaps on the context in a slot, by a clock that is off.
    case perform(at: Int, Operation, context: Int?, isNamed: Bool, clock: Int)
    /// The operation of an earlier step again, with its name.
    case retry(at: Int, of: Int)
    case delete(at: Int, context: Int?)
    /// A client reads and keeps the context.
    case remember(at: Int, slot: Int)
    /// One replica takes in what another one has.
    case merge(from: Int, to: Int)
    /// A copy of a replica's object is sent and is under way.
    case keep(at: Int, slot: Int)
    /// It arrives, perhaps again, perhaps after newer ones.
    case deliver(slot: Int, to: Int)
    /// The event of an earlier step arrives alone.
    case event(of: Int, to: Int)
    case fold(at: Int)
    /// A replica takes a new identity. If it loses what it had, it first takes in what all others have.
    case restart(at: Int, loses: Bool)
    /// A quiet time: all hear of all, and clients let go of their contexts.
    case rest
}

/// A step with the number that others know it by.
struct NumberedStep<Operation: Sendable>: Sendable {
    let number: Int
    let step: LawStep<Operation>
}

enum LawHistory {
    static let slots = 3

    static func replicas(_ count: Int) -> [ReplicaID] {
        (1 ... count).map { ReplicaID(member: MemberNumber(UInt32($0)), incarnation: Incarnation(nonce: 1)) }
    }

    /// The steps that a seed stands for.
    static func steps<T: Lawful>(
        of type: T.Type, seed: UInt64, upTo longest: Int
    ) -> (replicas: [ReplicaID], steps: [NumberedStep<T.Operation>]) {
        var random = SeededGenerator(seed: seed)
        let replicas = replicas(random.chance(1, in: 3) ? 2 : 3)
        let count = 3 + random.below(max(1, longest - 3))
        var steps: [NumberedStep<T.Operation>] = []
        // The steps that mint events, for those that refer to one.
        var minting: [Int] = []
        for number in 0 ..< count {
            let at = random.below(replicas.count)
            let other = (at + 1 + random.below(replicas.count - 1)) % replicas.count
            // One of the last four: what is long known is of little interest.
            let earlier = minting.isEmpty ? 0 : minting[max(0, minting.count - 1 - random.below(4))]
            let step: LawStep<T.Operation> =
                switch random.below(100) {
                case 0 ..< 38:
                    .perform(
                        at: at, T.randomOperation(using: &random, among: replicas),
                        context: random.chance(1, in: 4) ? random.below(slots) : nil,
                        isNamed: random.chance(2, in: 3), clock: random.below(7) * 1000)
                case 38 ..< 44: .retry(at: at, of: earlier)
                case 44 ..< 48: .delete(at: at, context: random.chance(1, in: 2) ? random.below(slots) : nil)
                case 48 ..< 52: .remember(at: at, slot: random.below(slots))
                case 52 ..< 70: .merge(from: at, to: other)
                case 70 ..< 74: .keep(at: at, slot: random.below(slots))
                case 74 ..< 79: .deliver(slot: random.below(slots), to: at)
                case 79 ..< 90: .event(of: earlier, to: at)
                case 90 ..< 95: .fold(at: at)
                case 95: .restart(at: at, loses: random.chance(1, in: 2))
                default: .rest
                }
            switch step {
            case .perform, .retry, .delete: minting.append(number)
            default: break
            }
            steps.append(NumberedStep(number: number, step: step))
        }
        return (replicas, steps)
    }
}
