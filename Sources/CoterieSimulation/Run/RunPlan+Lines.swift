// A plan as people read it: the cluster, its environment, what is asked of it and what happens to it.

import CoteriePrimitives
import CoterieReplication
import CoterieRing

extension RunPlan {
    /// Each with the name of its part. One line a part.
    public var lines: [(part: String, text: String)] {
        var lines = [
            ("cluster", clusterLine), ("workload", workloadLine), ("mix", mixLine), ("quorums", quorumsLine),
            ("faults", faultsLine), ("network", networkLine), ("disk", diskLine), ("process", processLine),
        ]
        if let canary { lines.append(("canary", canary.rawValue)) }
        return lines
    }

    private var clusterLine: String {
        let durability =
            switch replication.durability {
            case .fsync: "fsync"
            case .interval(let span): "fsync every \(span)"
            case .os: "os"
            }
        let types = bucketTypes.map { "\($0.name) (\($0.kind.rawValue), n=\($0.n))" }.joined(separator: ", ")
        return "\(nodes) nodes, N=\(replicas), \(partitions) partitions, durability \(durability); \(types)"
    }

    private var workloadLine: String {
        let load = workload
        return "\(load.operations) operations, \(load.clients) clients of \(load.sessionsPerClient) sessions, "
            + "\(load.doorSessions) of 1000 at a node's door; \(load.keysPerType) keys of each of "
            + load.bucketTypes.joined(separator: ", ") + "; pause up to \(load.thinkTime), timeout \(load.timeout)"
    }

    private var mixLine: String {
        zip(PlanChanges.OperationKind.allCases, workload.mix.weights).filter { $1 > 0 }
            .map { "\($0.rawValue) \($1)" }.joined(separator: ", ")
    }

    private var quorumsLine: String {
        workload.quorums.map { quorums in
            let words: [(String, String?)] = [
                ("r", quorums.r?.description), ("w", quorums.w?.description), ("pr", quorums.pr?.description),
                ("pw", quorums.pw?.description), ("dw", quorums.dw?.description),
                ("notfound_ok", quorums.notfoundOK.map { "\($0)" }),
                ("basic_quorum", quorums.basicQuorum.map { "\($0)" }), ("sloppy", quorums.sloppy.map { "\($0)" }),
            ]
            let asked = words.compactMap { name, value in value.map { "\(name)=\($0)" } }
            return asked.isEmpty ? "the type's" : asked.joined(separator: " ")
        }.joined(separator: " | ")
    }

    private var faultsLine: String {
        guard !faults.kinds.isEmpty, faults.atMost > 0 else { return "none" }
        let losses =
            switch faults.losses {
            case .none: "no disk loses what was fsynced"
            case .inTurn: "any disk may be lost, one after the other"
            case .only(let member): "\(member)'s disk is bad"
            }
        let kinds = faults.kinds.map(\.rawValue).joined(separator: ", ")
        return "\(kinds); one each \(faults.interval) on average, up to \(faults.longest) long; \(losses)"
            + (faults.atMost < .max ? "; the first \(faults.atMost)" : "")
            + (faults.without.isEmpty ? "" : "; \(faults.without.count) left out")
    }

    private var networkLine: String {
        "\(network.delay)" + (network.bytesPerSecond > 0 ? ", \(network.bytesPerSecond) bytes/s" : "")
    }

    private var diskLine: String {
        "access \(disk.access), fsync \(disk.fsync), \(disk.blockingReads) of 1000 reads block"
    }

    private var processLine: String {
        "clocks up to \(process.skew) apart, drift up to \(process.drift) ppm; an input costs \(process.inputCost) ns"
    }
}

extension DelayPlan: CustomStringConvertible {
    public var description: String {
        let usual = "\(least / 1_000) to \((least + spread) / 1_000) µs"
        return tailPermille > 0 ? usual + " (\(tailPermille) of 1000 up to \(tail / 1_000) µs more)" : usual
    }
}
