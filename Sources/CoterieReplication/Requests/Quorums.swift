// The quorum accumulators: pure counting of answers, in the heart of each request (after riak_kv_get_core and
// riak_kv_put_core). Success counts acknowledgements of the right class, never who was reachable beforehand (INV 16).

import CoterieWire

/// Where a request stands.
enum Verdict: Equatable {
    case waiting
    case enough
    /// It can no longer be met, whoever else answers.
    case failed
}

/// Counts the answers to a read.
struct ReadQuorum: Equatable {
    let asked: AskedQuorum
    let notfoundOK: Bool
    let basicQuorum: Bool
    private(set) var found = 0
    private(set) var notFound = 0
    private(set) var failed = 0
    /// Of those found: what fallbacks keep.
    private(set) var fallbacks = 0
    /// Of the answers that count: those of primaries, and those of distinct members (each member answers once).
    private(set) var primary = 0
    private var primariesLeft: Int
    private var fallbacksLeft = 0

    init(asked: AskedQuorum, notfoundOK: Bool, basicQuorum: Bool) {
        self.asked = asked
        self.notfoundOK = notfoundOK
        self.basicQuorum = basicQuorum
        primariesLeft = asked.n
    }

    /// A fallback is asked too.
    mutating func expectFallback() { fallbacksLeft += 1 }

    /// Answers that count towards r.
    var met: Int { found + (notfoundOK ? notFound : 0) }
    private var outstanding: Int { primariesLeft + fallbacksLeft }

    /// A fallback that has nothing says nothing: it is neither a not-found nor a failure.
    mutating func add(_ answer: Responder.Answer, role: Responder.Role) -> Verdict {
        switch role {
        case .primary:
            primariesLeft -= 1
            switch answer {
            case .value, .stored, .durable: found += 1
            case .notFound: notFound += 1
            case .failed: failed += 1
            }
        case .fallback:
            fallbacksLeft -= 1
            precondition(fallbacksLeft >= 0, "a fallback answers that was not asked")
            if answer == .value {
                found += 1
                fallbacks += 1
            }
        }
        if role == .primary, answer == .value || (answer == .notFound && notfoundOK) { primary += 1 }
        return verdict
    }

    var verdict: Verdict {
        if met >= asked.quorum, primary >= asked.primary, met >= asked.nodeConfirms { return .enough }
        if !notfoundOK, found == 0 {
            // Not found is only believed when nobody is left who might have it, or by a majority under basic_quorum.
            if basicQuorum, notFound > asked.n / 2 { return .enough }
            if outstanding == 0 { return notFound >= asked.quorum ? .enough : .failed }
        }
        let possible = met + outstanding
        let short =
            possible < asked.quorum || primary + primariesLeft < asked.primary || possible < asked.nodeConfirms
        if !short { return .waiting }
        if !notfoundOK, found == 0, outstanding > 0 { return .waiting }
        return .failed
    }
}

/// Counts the acknowledgements of a write.
struct WriteQuorum: Equatable {
    let asked: AskedQuorum
    /// Whether dw was asked for as such: then only owners count towards it. Where it follows w, whatever counts there does.
    let durableOwnersOnly: Bool
    /// Stores that have acknowledged: owners, and fallbacks with their hints.
    private(set) var stored = 0
    /// Of these, those that have fsynced.
    private(set) var durable = 0
    private(set) var primary = 0
    private var durablePrimary = 0
    private var primariesLeft: Int
    private var fallbacksLeft = 0

    init(asked: AskedQuorum, durableOwnersOnly: Bool = false) {
        self.asked = asked
        self.durableOwnersOnly = durableOwnersOnly
        primariesLeft = asked.n
    }

    /// A fallback is sent the write too, for an owner that cannot be reached.
    mutating func expectFallback() { fallbacksLeft += 1 }

    private var outstanding: Int { primariesLeft + fallbacksLeft }

    mutating func add(_ answer: Responder.Answer, role: Responder.Role) -> Verdict {
        let isStored = answer == .stored || answer == .durable
        if isStored { stored += 1 }
        if answer == .durable { durable += 1 }
        switch role {
        case .primary:
            primariesLeft -= 1
            if isStored { primary += 1 }
            if answer == .durable { durablePrimary += 1 }
        case .fallback:
            fallbacksLeft -= 1
            precondition(fallbacksLeft >= 0, "a fallback answers that was sent nothing")
        }
        return verdict
    }

    /// Of the fsynced copies those that count towards dw.
    private var durableCounted: Int { durableOwnersOnly ? durablePrimary : durable }

    var verdict: Verdict {
        if stored >= asked.quorum, primary >= asked.primary, durableCounted >= asked.durable,
            stored >= asked.nodeConfirms
        {
            return .enough
        }
        let possible = stored + outstanding
        if possible < asked.quorum || possible < asked.nodeConfirms || primary + primariesLeft < asked.primary
            || durableCounted + (durableOwnersOnly ? primariesLeft : outstanding) < asked.durable
        {
            return .failed
        }
        return .waiting
    }

    /// What a write's failure says: the first quorum that was not met, as Riak words it.
    var shortfall: String {
        if stored < asked.quorum { return "W-value unsatisfied: \(stored)/\(asked.quorum)" }
        if primary < asked.primary { return "PW-value unsatisfied: \(primary)/\(asked.primary)" }
        if durableCounted < asked.durable { return "DW-value unsatisfied: \(durableCounted)/\(asked.durable)" }
        return "node_confirms unsatisfied: \(stored)/\(asked.nodeConfirms)"
    }
}

extension ReadQuorum {
    /// What a read's failure says: the first quorum that was not met, as Riak words it.
    var shortfall: String {
        if met < asked.quorum { return "R-value unsatisfied: \(met)/\(asked.quorum)" }
        if primary < asked.primary { return "PR-value unsatisfied: \(primary)/\(asked.primary)" }
        return "node_confirms unsatisfied: \(met)/\(asked.nodeConfirms)"
    }
}
