// What a write makes of an object where its dots are minted: at an owner of the own object, at a fallback of all hints of
// the key.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

/// What a write came to.
enum MintedWrite {
    /// A new object, and the event that made it.
    case event(CausalObject, Store.Event)
    /// The update was applied before: the object as it is must become as safe as a new write.
    case repeated
    /// The update acts on what its client saw, and this is not here: it must be taken in first.
    case behind(VersionVector)
    /// Other replicas must perform something first: why, and what.
    case demands(String, [TypeDemand])
}

extension NodeMachine {
    /// Mints the write's event over the object. Where it throws, or came to no event, nothing was minted.
    mutating func mint(
        _ coordination: Coordination, over local: CausalObject, asFallback: Bool, _ now: Now, _ effects: inout Effects
    ) throws(Failure) -> MintedWrite {
        let group = coordination.plan.group
        let context = coordination.request.operation.context ?? VersionVector()
        if asFallback {
            if fallbackMinter.isAhead(context, in: group) || fallbackMinter.isAhead(local.context, in: group) {
                fallbackMinter.renew(in: group)
            }
        } else if minter.isAhead(context, in: group) || minter.isAhead(local.context, in: group) {
            renewIdentity("an event of its own that it does not know came back", &effects)
        }
        let first = asFallback ? fallbackMinter.next(in: group) : minter.next(in: group)
        let write: Written
        switch coordination.request.operation {
        case .get: preconditionFailure("a get mints nothing")
        case .put(let content, _, _):
            write = put(content, observing: context, over: local, under: first, coordination.plan.rule, now)
        case .delete:
            write = delete(observing: context, over: local, under: first, coordination.plan.rule)
        case .update(let operation, let context, let id):
            let observed = coordination.actsOn ?? context
            let occasion = Occasion(
                minter: first.replica,
                observed: asFallback ? observed : observed.map { notGone($0, over: local, in: group) },
                now: now.wall, id: settings.omitted.contains(.recognising) ? nil : id)
            switch try update(operation, over: local, under: first, occasion, coordination.plan.rule) {
            case .success(let made): write = made
            case .other(let other): return other
            }
        }
        try checkSize(of: write.object, over: local, coordination, &effects)
        counters.discardedSiblings += write.discarded
        let count = write.run.count
        let minted = asFallback ? fallbackMinter.mint(count, in: group) : minter.mint(count, in: group)
        precondition(minted == write.run, "\(minted) was minted where \(write.run) was written")
        let event = Store.Event(dot: first, previous: local.context[first.replica], count: count)
        remember(event, of: coordination, over: local, written: write.object, now)
        return .event(write.object, event)
    }

    /// What a write makes, before its dots are minted.
    private struct Written {
        let object: CausalObject
        let run: DotRun
        var discarded = 0
    }

    private enum Performed {
        case success(Written)
        case other(MintedWrite)
    }

    private func put(
        _ content: Content, observing context: VersionVector, over local: CausalObject, under dot: Dot,
        _ rule: TypeRule, _ now: Now
    ) -> Written {
        var content = content
        content.written = .next(at: now.wall, after: latestTime(of: local))
        var (object, observed, discarded) = (local, context, 0)
        if rule == .lastWriterWins {
            // It replaces all that is held, seen by its client or not: as `LastWriterWins` does.
            let unseen = local.siblings.count { !context.covers($0.dot) }
            discarded = max(0, unseen - rule.hidden(in: local))
            observed.merge(local.context)
        }
        object.write(dot: dot, payload: content.encoded(), observed: observed)
        return Written(object: object, run: DotRun(dot), discarded: discarded)
    }

    private func delete(
        observing context: VersionVector, over local: CausalObject, under dot: Dot, _ rule: TypeRule
    ) -> Written {
        var object = local
        object.write(dot: dot, payload: nil, observed: context)
        return Written(object: object, run: DotRun(dot), discarded: rule.settle(&object))
    }

    private func update(
        _ operation: ByteBuffer, over local: CausalObject, under first: Dot, _ occasion: Occasion, _ rule: TypeRule
    ) throws(Failure) -> Performed {
        guard case .typed(let type) = rule else { preconditionFailure("an update of a key of the type \(rule.name)") }
        do throws(TypeFault) {
            guard let event = try type.event(of: operation, on: local, first: first, occasion) else {
                return .other(.repeated)
            }
            guard event.run.count <= limits.maxUpdateEntries else {
                throw TypeFault.refused(
                    "the update writes \(event.run.count) entries; at most \(limits.maxUpdateEntries) are allowed: make "
                        + "several updates of it")
            }
            var object = local
            let arrival = object.apply(event)
            precondition(arrival == .applied, "the event of \(event.run) does not fit the object it was made of")
            return .success(Written(object: object, run: event.run, discarded: type.settle(&object)))
        } catch {
            switch error {
            case .behind(let observed): return .other(.behind(observed))
            case .demands(let why, let demands): return .other(.demands(why, demands))
            case .refused(let why): throw Failure(.operationRefused, why)
            case .malformed, .unknownType: throw Failure(.badOperation, "\(error)")
            }
        }
    }

    /// Of what a client has seen that which may live still. What the own clock vouches for and the own object does not
    /// cover was deleted, and the marker is gone: nothing of it is left to act on.
    private func notGone(_ observed: VersionVector, over local: CausalObject, in group: Group) -> VersionVector {
        if local.context.descends(observed) { return observed }
        if settings.omitted.contains(.takingIn) {
            return VersionVector(observed.lastDots.filter { local.context.covers($0) })
        }
        let handled = knowledge.handled(of: observed, in: group)
        return VersionVector(observed.lastDots.filter { local.context.covers($0) || !handled.covers($0) })
    }

    private mutating func checkSize(
        of object: CausalObject, over local: CausalObject, _ coordination: Coordination, _ effects: inout Effects
    ) throws(Failure) {
        let count = object.siblings.count
        let bytes = object.encodedSize
        if bytes > limits.maxObjectBytes, bytes > local.encodedSize {
            throw Failure(
                .valueTooLarge,
                "the key's \(count) live values would have \(bytes) bytes; at most \(limits.maxObjectBytes) are "
                    + "allowed: read it and write with the context of the answer, or take something away")
        }
        if case .typed = coordination.plan.rule { return }
        if count > limits.maxSiblings, count > local.siblings.count {
            throw Failure(
                .tooManySiblings,
                "the key would have \(count) siblings; at most \(limits.maxSiblings) are allowed: "
                    + "read it and write with the context of the answer")
        }
        if count > limits.warnSiblings {
            counters.siblingWarnings += 1
            effects.append(.note(.manySiblings(coordination.request.key, count: count)))
        }
    }

    /// The latest time among the siblings, which a new write must come after.
    private func latestTime(of object: CausalObject) -> HybridTime? {
        object.siblings.map { Content.written(in: $0.payload) ?? HybridTime(rawValue: 0) }.max()
    }
}

extension Operation {
    /// What a write's client has seen, where it says so.
    var context: VersionVector? {
        switch self {
        case .get: nil
        case .put(_, let context, _), .delete(let context, _), .update(_, let context, _): context
        }
    }
}
