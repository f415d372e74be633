// The part of a plan that clients and faults make.

import CoteriePrimitives
import CoterieRing

extension RunPlan {
    mutating func drawWorkload(_ draws: inout SeededGenerator) {
        workload.clients = 1 + draws.below(3)
        workload.sessionsPerClient = draws.weighted([1: 1, 3: 2, 8: 2, 16: 1])
        workload.doorSessions = draws.weighted([0: 2, 200: 2, 1_000: 1])
        workload.operations = draws.weighted([100: 1, 300: 3, 1_000: 2])
        workload.thinkTime = min(
            .microseconds(Int64(draws.weighted([0: 1, 1_000: 2, 20_000: 2, 200_000: 1]))), longestPause)
        workload.timeout = .milliseconds(Int64(draws.weighted([50: 1, 500: 3, 5_000: 2])))
        workload.valueBytes = 32 ... draws.weighted([32: 2, 200: 2, 1_000: 1])
        workload.largeValues = draws.weighted([0: 2, 20: 2])
        workload.floors = draws.weighted([0: 1, 300: 2, 1_000: 1])
        workload.returnBody = draws.weighted([0: 1, 200: 2])
        workload.forgetting = draws.weighted([0: 2, 50: 2])
        workload.keysPerType = draws.weighted([1: 2, 3: 3, 12: 2])
        workload.skewness = draws.below(3)
        drawMix(&draws)
        drawTypes(&draws)
        drawQuorums(&draws)
    }

    /// With longer pauses between a session's requests, most of a run would be heartbeats.
    private var longestPause: TimeSpan {
        let sessions = Int64(workload.clients * workload.sessionsPerClient)
        return .milliseconds(40_000 * sessions / Int64(workload.operations))
    }

    private mutating func drawMix(_ draws: inout SeededGenerator) {
        func weight(_ usual: Int, off: Int) -> Int {
            draws.chance(off, in: 10) ? 0 : max(1, usual * (1 + draws.below(4)) / 2)
        }
        var mix = WorkloadPlan.Mix()
        mix.get = weight(40, off: 0)
        mix.blindPut = weight(15, off: 3)
        mix.put = weight(25, off: 1)
        mix.update = weight(15, off: 3)
        mix.blindDelete = weight(3, off: 5)
        mix.delete = weight(5, off: 3)
        mix.conditional = weight(5, off: 5)
        workload.mix = mix
    }

    private mutating func drawTypes(_ draws: inout SeededGenerator) {
        var names = bucketTypes.map(\.name)
        draws.shuffle(&names)
        workload.bucketTypes = Array(names.prefix(1 + draws.below(2)))
        // What the laws say most of is in most of the runs.
        if draws.chance(2, in: 3), !workload.bucketTypes.contains("default") { workload.bucketTypes.append("default") }
    }

    /// In half of the runs keys of one or two replicated types beside the others, in some of these alone.
    mutating func drawReplicatedTypes(_ draws: inout SeededGenerator) {
        guard draws.chance(1, in: 2) else { return }
        // What the laws say most of is in most of the runs.
        var kinds: [TypeKind] = [
            .counter, .counter, .counter, .set, .set, .set, .map, .map, .gset, .bcounter, .register, .flag, .max, .min,
            .hll,
        ]
        draws.shuffle(&kinds)
        if draws.chance(1, in: 3) { workload.bucketTypes = [] }
        for kind in Set(kinds.prefix(1 + draws.below(2))).sorted(by: { $0.rawValue < $1.rawValue }) {
            let n = draws.chance(2, in: 3) ? replicas : 1 + draws.below(replicas)
            bucketTypes.append(BucketType(name: "\(kind)s", n: n, kind: kind))
            workload.bucketTypes.append("\(kind)s")
        }
    }

    private mutating func drawQuorums(_ draws: inout SeededGenerator) {
        let all: [Quorum?] = [nil, nil, .one, .quorum, .all]
        workload.quorums = (0 ..< 1 + draws.below(3)).map { _ in
            var quorums = WorkloadPlan.Quorums(r: draws.pick(all) ?? nil, w: draws.pick(all) ?? nil)
            if draws.chance(1, in: 8) { quorums.pr = .one }
            if draws.chance(1, in: 8) { quorums.pw = .quorum }
            if draws.chance(1, in: 6) { quorums.dw = draws.chance(1, in: 2) ? .one : .quorum }
            if draws.chance(1, in: 6) { quorums.notfoundOK = false }
            if draws.chance(1, in: 6) { quorums.basicQuorum = true }
            if draws.chance(1, in: 4) { quorums.sloppy = false }
            return quorums
        }
    }

    mutating func drawFaults(_ draws: inout SeededGenerator) {
        guard !draws.chance(1, in: 12) else { return }  // Without faults everything must go well too.
        var kinds: [FaultKind] = []
        let share = 1 + draws.below(8)
        for kind in FaultKind.allCases where draws.chance(share, in: 10) { kinds.append(kind) }
        faults.interval = .milliseconds(Int64(draws.weighted([5: 1, 50: 3, 500: 2])))
        faults.longest = .milliseconds(Int64(draws.weighted([50: 1, 1_000: 3, 10_000: 1])))
        switch draws.below(3) {
        case 0: faults.losses = .inTurn
        case 1: faults.losses = .only(MemberNumber(UInt32(1 + draws.below(nodes))))
        default: faults.losses = .none
        }
        let ofLosses: [FaultKind] = [.wipe, .rot, .failingReads]
        faults.kinds = kinds
        switch faults.losses {
        case .none: kinds.removeAll { ofLosses.contains($0) || ($0 == .failingFsyncs && faults.losesPower) }
        case .inTurn:
            kinds.removeAll { $0 == .rot || $0 == .failingReads || ($0 == .failingFsyncs && faults.losesPower) }
            if !kinds.contains(.wipe) { faults.losses = .none }
        case .only:
            let loses = kinds.contains { ofLosses.contains($0) || ($0 == .failingFsyncs && faults.losesPower) }
            if !loses { faults.losses = .none }
        }
        faults.kinds = kinds
        // Most storms end: what comes after them shall be seen too, and not only nodes that start anew all the time.
        // What outnumbers the requests that it could disturb explores nothing more.
        faults.atMost = min(draws.weighted([10: 1, 50: 2, 200: 2, 10_000: 1]), workload.operations)
    }
}
