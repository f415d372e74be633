// Introductions: how a store learns whether its member has served before under another store, that is, whether what it
// should hold is lost.
//
// What must hold: **whoever has served is known, durably, to one member of every majority of the others that vouch.** A
// member serves only after a majority of the others has recorded it. A majority of the others meets that majority, so
// that a member whose store is lost finds somebody who tells it. But those who knew it may lose their stores as well,
// one after the other: a member that was lost therefore takes over what a majority of the others knows, before it
// serves and before it tells anybody "you are new".
//
// A store is named by the nonce of its first start. The same store may ask again, after a crash before it first served:
// it has lost nothing. Another store of a known member has.

import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// A majority of the other members has answered this life's introduction.
    var isAcquainted: Bool { peers.isEmpty || acquainted.count > peers.count / 2 }

    /// The members that are known here, this one included once it has served.
    var acquaintances: [KnownStore] {
        layout.members.compactMap { member in
            let name = member.number == me ? MetadataName.store : MetadataName.known(member.number)
            guard member.number != me || service == .serving || service == .refilling else { return nil }
            return engine.metadata(name)?.getInteger(at: 0).map { KnownStore(member.number, store: $0) }
        }
    }

    /// Introduces this node to a peer, where it still needs to.
    func greet(_ member: MemberNumber, _ effects: inout Effects) {
        guard service == .introducing || service == .refilling, isConnected(member), !acquainted.contains(member),
            let store: UInt64 = engine.metadata(MetadataName.store)?.getInteger(at: 0)
        else { return }
        effects.append(.send(.introduce(Introduce(epoch: layout.epoch, store: store)), to: member))
    }

    /// Another member asks whether it is known.
    mutating func receive(_ introduce: Introduce, from member: MemberNumber, _ effects: inout Effects) {
        let name = MetadataName.known(member)
        let known: UInt64? = engine.metadata(name)?.getInteger(at: 0)
        // Whoever was lost itself does not know yet whom it knew. It is asked again.
        if known == nil, service == .refilling, !isAcquainted { return }
        do throws(StorageFailure) {
            if known == nil {
                let change = MetadataChange(name: name, value: ByteBuffer(integer: introduce.store))
                try engine.apply(Batch(metadata: [change]))
            }
            let knownBefore = known.map { $0 != introduce.store } ?? false
            barriers.await(.introduced(member, knownBefore: knownBefore), .durable)
        } catch {
            effects.append(.note(.writesRefused(error)))  // No answer: it asks again.
        }
    }

    mutating func receive(
        _ reply: IntroduceReply, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        guard service == .introducing || service == .refilling else { return }
        do throws(StorageFailure) {
            // Applied before the mark that it serves, and so durable with it.
            try meet(reply.known)
        } catch {
            effects.append(.note(.writesRefused(error)))
            return
        }
        acquainted.insert(member)
        rounds.introduced = max(rounds.introduced, reply.round)
        takeIntroducedRound(&effects)
        if service == .introducing {
            if reply.knownBefore {
                effects.append(.note(.quarantined))
                mark("refilling", thenAwait: nil, &effects)
                beginRefill(&effects)
            } else if isAcquainted {
                serve(&effects)
            }
        } else {
            askForMore(&effects)
        }
    }

    /// Records members that others have met. What is recorded already stays: the first store of each is the one that counts.
    private mutating func meet(_ known: [KnownStore]) throws(StorageFailure) {
        let changes = known.compactMap { known -> MetadataChange? in
            let name = MetadataName.known(known.member)
            guard peers[known.member] != nil, engine.metadata(name) == nil else { return nil }
            return MetadataChange(name: name, value: ByteBuffer(integer: known.store))
        }
        if !changes.isEmpty { try engine.apply(Batch(metadata: changes)) }
    }
}
