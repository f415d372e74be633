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
    /// Of the answers that count: those of primaries, and those of distinct members (each member answers once).
    private(set) var primary = 0

    init(asked: AskedQuorum, notfoundOK: Bool, basicQuorum: Bool) {
        self.asked = asked
        self.notfoundOK = notfoundOK
        self.basicQuorum = basicQuorum
    }

    /// Answers that count towards r.
    var met: Int { found + (notfoundOK ? notFound : 0) }
    private var outstanding: Int { asked.n - found - notFound - failed }

    mutating func add(_ answer: Responder.Answer, role: Responder.Role) -> Verdict {
        switch answer {
        case .value, .stored, .durable: found += 1
        case .notFound: notFound += 1
        case .failed: failed += 1
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
            possible < asked.quorum || primary + outstanding < asked.primary || possible < asked.nodeConfirms
        if !short { return .waiting }
        if !notfoundOK, found == 0, outstanding > 0 { return .waiting }
        return .failed
    }
}

/// Counts the acknowledgements of a write.
struct WriteQuorum: Equatable {
    let asked: AskedQuorum
    private(set) var stored = 0
    private(set) var durable = 0
    private(set) var primary = 0
    private(set) var failed = 0

    init(asked: AskedQuorum) { self.asked = asked }

    private var outstanding: Int { asked.n - stored - failed }

    mutating func add(_ answer: Responder.Answer, role: Responder.Role) -> Verdict {
        switch answer {
        case .stored: stored += 1
        case .durable:
            stored += 1
            durable += 1
        case .failed, .value, .notFound: failed += 1
        }
        if role == .primary, answer == .stored || answer == .durable { primary += 1 }
        return verdict
    }

    var verdict: Verdict {
        if stored >= asked.quorum, primary >= asked.primary, durable >= asked.durable, stored >= asked.nodeConfirms {
            return .enough
        }
        let possible = stored + outstanding
        if possible < asked.quorum || possible < asked.nodeConfirms || primary + outstanding < asked.primary
            || durable + outstanding < asked.durable
        {
            return .failed
        }
        return .waiting
    }

    /// What a write's failure says: the first quorum that was not met, as Riak words it.
    var shortfall: String {
        if stored < asked.quorum { return "W-value unsatisfied: \(stored)/\(asked.quorum)" }
        if primary < asked.primary { return "PW-value unsatisfied: \(primary)/\(asked.primary)" }
        if durable < asked.durable { return "DW-value unsatisfied: \(durable)/\(asked.durable)" }
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
