// Broken types: for each law one that breaks it, most of them mistakes that real systems have made.

import CoterieCausality
import CoterieLaws
import CoteriePrimitives
import CoterieTypes
import NIOCore
import Synchronization

/// A set that is right where a mutant does not say otherwise.
protocol SetMutant: Lawful where Operation == SetOperation, Value == [ByteBuffer] {}

extension SetMutant {
    static func apply(
        _ operation: SetOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange { try ReplicatedSet.apply(operation, to: object, occasion) }

    static func value(of object: CausalObject) throws(TypeFault) -> [ByteBuffer] {
        try ReplicatedSet.value(of: object)
    }

    static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> SetOperation { ReplicatedSet.randomOperation(using: &random, among: replicas) }

    static func expected(after past: Past<SetOperation>) throws -> [ByteBuffer]? {
        try ReplicatedSet.expected(after: past)
    }
}

/// Keeps the greatest dot of equal elements when it merges: a remove that saw only that one takes the element away.
enum KeepsOneOfEqualElements: SetMutant {
    static let name = "keeps-one"

    static func settle(_ object: inout CausalObject) -> Int {
        var kept: [ByteBuffer: Dot] = [:]
        for sibling in object.siblings { kept[sibling.payload] = sibling.dot }
        return object.retain { kept[$0.payload] == $0.dot }.count
    }
}

/// The same without a specification: the laws of merging alone must find it.
enum KeepsOneUnspecified: SetMutant {
    static let name = "keeps-one-unspecified"
    static func settle(_ object: inout CausalObject) -> Int { KeepsOneOfEqualElements.settle(&object) }
    static func expected(after past: Past<SetOperation>) throws -> [ByteBuffer]? { nil }
}

/// Removes what its minter has, though the client had seen less.
enum RemovesUnseen: SetMutant {
    static let name = "removes-unseen"

    static func apply(
        _ operation: SetOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        var everything = occasion
        everything.observed = nil
        return try ReplicatedSet.apply(operation, to: object, everything)
    }
}

/// Takes the client's word that it saw all before, though it only changes a part (the lost deferred remove of INV 8).
enum VouchesForTheUnseen: SetMutant {
    static let name = "vouches"

    static func apply(
        _ operation: SetOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        var change = try ReplicatedSet.apply(operation, to: object, occasion)
        change.joined = occasion.observed ?? VersionVector()
        return change
    }
}

/// Drops a dot that it once saw and that is not live.
enum DropsTheDead: SetMutant {
    static let name = "drops-dead"

    static func apply(
        _ operation: SetOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        var change = try ReplicatedSet.apply(operation, to: object, occasion)
        change.drops += object.context.lastDots.filter { !object.holds($0) }
        return change
    }
}

/// Settles one dot at a time.
enum SettlesByHalves: SetMutant {
    static let name = "by-halves"

    static func settle(_ object: inout CausalObject) -> Int {
        guard object.siblings.count > 1, let first = object.liveDots.first else { return 0 }
        return object.retain { $0.dot != first }.count
    }

    static func expected(after past: Past<SetOperation>) throws -> [ByteBuffer]? { nil }
}

/// Remembers what it did: what a merge gives depends on how many there were.
enum Moody: SetMutant {
    static let name = "moody"
    private static let calls = Mutex(0)

    static func settle(_ object: inout CausalObject) -> Int {
        let call = calls.withLock { calls in
            calls += 1
            return calls
        }
        guard object.siblings.count > 1 else { return 0 }
        let kept = object.liveDots[call % object.siblings.count]
        return object.retain { $0.dot == kept }.count
    }

    static func expected(after past: Past<SetOperation>) throws -> [ByteBuffer]? { nil }
}

/// Drops what an event that is not here would have dropped: only the whole object brings its reason along.
enum NeedsItsNeighbour: SetMutant {
    static let name = "needs-neighbour"

    static func settle(_ object: inout CausalObject) -> Int {
        // An element is superfluous beside a lesser one of another replica.
        let siblings = object.siblings
        return object.retain { mine in
            !siblings.contains { $0.dot.replica != mine.dot.replica && $0.payload.precedes(mine.payload) }
        }.count
    }

    static func expected(after past: Past<SetOperation>) throws -> [ByteBuffer]? { nil }
}

/// Keeps the latest content when it merges, and drops the others there.
enum DiscardsEarlier: Lawful {
    static let name = "discards-earlier"

    static func apply(
        _ content: Content, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange { try LastWriterWins.apply(content, to: object, occasion) }

    static func value(of object: CausalObject) throws(TypeFault) -> Content? { try LastWriterWins.value(of: object) }

    static func settle(_ object: inout CausalObject) -> Int {
        let latest = object.siblings.max { a, b in
            let (x, y) = (Content.written(in: a.payload), Content.written(in: b.payload))
            return x != y ? (x?.rawValue ?? 0) < (y?.rawValue ?? 0) : a.dot < b.dot
        }
        return object.retain { $0.dot == latest?.dot }.count
    }

    static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> Content { LastWriterWins.randomOperation(using: &random, among: replicas) }
}

/// A counter that is right where a mutant does not say otherwise.
protocol CounterMutant: Lawful where Operation == CounterOperation, Value == Int64 {}

extension CounterMutant {
    static func apply(
        _ operation: CounterOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange { try ReplicatedCounter.apply(operation, to: object, occasion) }

    static func value(of object: CausalObject) throws(TypeFault) -> Int64 { try ReplicatedCounter.value(of: object) }
    static func settle(_ object: inout CausalObject) -> Int { ReplicatedCounter.settle(&object) }

    static func fold(
        _ object: CausalObject, by minter: ReplicaID, where isSettled: (Dot) -> Bool
    ) throws(TypeFault) -> TypeChange? { try ReplicatedCounter.fold(object, by: minter, where: isSettled) }

    static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> CounterOperation { ReplicatedCounter.randomOperation(using: &random, among: replicas) }

    static func expected(after past: Past<CounterOperation>) throws -> Int64? {
        try ReplicatedCounter.expected(after: past)
    }
}

/// Counts every application of an operation.
enum CountsRetries: CounterMutant {
    static let name = "counts-retries"

    static func apply(
        _ operation: CounterOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        var unnamed = occasion
        unnamed.id = nil
        return try ReplicatedCounter.apply(operation, to: object, unnamed)
    }
}

/// Folds into an entry that stands for itself: a reset that saw the additions does not see it.
enum FoldsWithoutAnchor: CounterMutant {
    static let name = "no-anchor"

    static func fold(
        _ object: CausalObject, by minter: ReplicaID, where isSettled: (Dot) -> Bool
    ) throws(TypeFault) -> TypeChange? {
        guard let change = try ReplicatedCounter.fold(object, by: minter, where: isSettled) else { return nil }
        // Version, kind, sum, anchor.
        var fold = TypeReader(change.payloads[0], of: "a fold")
        _ = (try fold.byte("version"), try fold.byte("kind"))
        let addition = try ReplicatedCounter.apply(
            .add(fold.signed("sum")), to: CausalObject(), Occasion(minter: minter, now: WallTime(milliseconds: 0)))
        return TypeChange(drops: change.drops, payloads: addition.payloads)
    }
}

/// Folds what not everybody has.
enum FoldsTooEarly: CounterMutant {
    static let name = "too-early"

    static func fold(
        _ object: CausalObject, by minter: ReplicaID, where isSettled: (Dot) -> Bool
    ) throws(TypeFault) -> TypeChange? { try ReplicatedCounter.fold(object, by: minter) { _ in true } }
}

/// Forgets an addition when it folds.
enum FoldsAway: CounterMutant {
    static let name = "folds-away"

    static func fold(
        _ object: CausalObject, by minter: ReplicaID, where isSettled: (Dot) -> Bool
    ) throws(TypeFault) -> TypeChange? {
        try ReplicatedCounter.fold(object, by: minter, where: isSettled).map { TypeChange(drops: $0.drops) }
    }
}

/// A number whose bytes say how it was reached.
struct SloppyNumber: Canonical, Hashable, Sendable {
    var number: Int64

    func append(to out: inout ByteBuffer) { out.writeSigned(number) }
    init(_ number: Int64) { self.number = number }

    /// Reads whatever comes first, and nothing of what comes behind, as zero.
    init(from reader: inout TypeReader) throws(TypeFault) {
        number = (try? reader.signed("number")) ?? 0
        _ = reader.rest()
    }
}

/// Reads bytes that it would not write.
enum ReadsAnything: Lawful {
    static let name = "reads-anything"

    static func apply(
        _ number: SloppyNumber, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange { try ReplicatedMaximum.apply(number.number, to: object, occasion) }

    static func value(of object: CausalObject) throws(TypeFault) -> Int64? { try ReplicatedMaximum.value(of: object) }

    static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> SloppyNumber { SloppyNumber(Int64(random.below(200))) }
}

/// Takes without a right to it, as a plain counter would.
enum TakesAnyway: Lawful {
    static let name = "takes-anyway"
    static let allowsDelete = false

    static func apply(
        _ operation: BoundedCounterOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        do {
            return try BoundedCounter.apply(operation, to: object, occasion)
        } catch {
            guard case .take(let amount) = operation, case .refused = error else { throw error }
            // Borrows from a later addition.
            let lent = try BoundedCounter.apply(.add(amount), to: object, occasion)
            let first = Dot(occasion.minter, object.context[occasion.minter] + 1)
            var ahead = object
            if let event = try lent.event(on: object, first: first, observed: nil) { ahead.apply(event) }
            var change = try BoundedCounter.apply(.take(amount), to: ahead, occasion)
            change.drops = lent.drops
            return change
        }
    }

    static func value(of object: CausalObject) throws(TypeFault) -> BoundedCounterValue {
        try BoundedCounter.value(of: object)
    }

    static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> BoundedCounterOperation { BoundedCounter.randomOperation(using: &random, among: replicas) }

    static func expected(after past: Past<BoundedCounterOperation>) throws -> BoundedCounterValue? {
        try BoundedCounter.expected(after: past)
    }
}
