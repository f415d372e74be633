// How many owners an answer stands on: two answers whose numbers exceed n together have an owner in common, so the
// later one has seen the earlier (Gifford, "Weighted Voting for Replicated Data", 1979).

import CoteriePrimitives
import CoterieRing
import CoterieWire

extension Record {
    /// How many owners the answer promises, in the sense of `promise`: what was asked, where only owners count, and
    /// what its receipt claims beyond it. 0 for what promises nothing: a failed operation, an unknown one.
    func strength(_ promise: Promise, _ rule: BucketRule) -> Int {
        switch outcome {
        case .ok: break
        case .nothingToDelete: return min(rule.n, max(rule.n / 2 + 1, countedOwners(promise)))
        case .notApplied, .unknown, .open: return 0
        }
        let owners = owners(promise, rule)
        // A member whose disk was lost serves again when it has been refilled from the others: then what one of them
        // had stands on as many owners as before, and what none of them had on none.
        guard action.isWrite else { return owners }
        return owners <= promise.lostDisks ? 0 : max(0, owners - promise.silentLosses)
    }

    private func owners(_ promise: Promise, _ rule: BucketRule) -> Int {
        min(rule.n, max(askedOwners(promise, rule), countedOwners(promise)))
    }

    /// How many copies are known to stand behind an acknowledged write, fallbacks included where the promise says so.
    func copies(_ promise: Promise, _ rule: BucketRule) -> Int {
        guard outcome == .ok else { return 0 }
        var copies = owners(promise, rule)
        if promise.countsFallbacks, let receipt {
            let acknowledged = receipt.responders.filter { $0.answer.counts(promise) }
            let fallbacks = acknowledged.count { $0.role == .fallback }
            // A hint ends at its owner, who may have acknowledged the write, too: then the two are one copy.
            let kept = promise.lostDisks == 0 ? acknowledged.count : max(acknowledged.count - fallbacks, fallbacks)
            copies = max(copies, kept)
        }
        return copies - promise.lostDisks
    }

    private func askedOwners(_ promise: Promise, _ rule: BucketRule) -> Int {
        let resolved = receipt?.asked
        if action.isWrite {
            let durable = resolved?.durable ?? (asked.durable ?? rule.dw).resolved(n: rule.n)
            // Where dw follows w, fallbacks count towards it as they do towards w.
            let durableOwners = isStrict(rule) || asked.durable != nil ? durable : 0
            if promise.copies == .durable { return durableOwners }
            let primary = resolved?.primary ?? asked.primary?.resolved(n: rule.n) ?? 0
            let quorum = resolved?.quorum ?? (asked.quorum ?? rule.w).resolved(n: rule.n)
            return max(durableOwners, primary, isStrict(rule) ? quorum : 0)
        }
        let primary = resolved?.primary ?? asked.primary?.resolved(n: rule.n) ?? 0
        // Without `notfound_ok`, a not-found is answered by other numbers than r.
        if asked.notfoundOK == false, reply?.siblings?.isEmpty ?? true { return 0 }
        let quorum = resolved?.quorum ?? (asked.quorum ?? rule.r).resolved(n: rule.n)
        return max(primary, isStrict(rule) ? quorum : 0)
    }

    private func countedOwners(_ promise: Promise) -> Int {
        guard let receipt else { return 0 }
        var owners = 0
        for (index, responder) in receipt.responders.enumerated() where responder.role == .primary {
            let counts = action.isWrite && outcome == .ok ? responder.answer.counts(promise) : responder.answer.isRead
            // A member that is named twice is one owner.
            if counts, !receipt.responders[..<index].contains(where: { $0.member == responder.member }) { owners += 1 }
        }
        return owners
    }

    /// Whether only owners counted towards the quorum.
    private func isStrict(_ rule: BucketRule) -> Bool {
        if asked.sloppy == false { return true }
        if let receipt { return !receipt.responders.contains { $0.role == .fallback } }
        return !(asked.sloppy ?? rule.sloppy)
    }
}

extension Responder.Answer {
    /// Whether it is an acknowledgement of the promised class.
    fileprivate func counts(_ promise: Promise) -> Bool {
        self == .durable || (self == .stored && promise.copies == .stored)
    }

    fileprivate var isRead: Bool { self == .value || self == .notFound }
}
