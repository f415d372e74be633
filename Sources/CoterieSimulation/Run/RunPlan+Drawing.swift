// A plan from a seed: every knob has its values, small ones mostly, so that what is rare in production is common here.
// Some kinds of fault and of operation are off in each run (swarm testing: a mix of everything hides what a few
// together do).

import CoterieClientMachine
import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire

extension RunPlan {
    /// Draws all that the options leave open. Equal seeds and options give equal plans.
    public init(seed: UInt64, options: SimulationRun.Options) {
        self.init(seed: seed)
        var draws = SeededGenerator(seed: seed)
        // One generator for each part: what one learns to draw does not change the others.
        var (cluster, timing, engine) = (draws.split(), draws.split(), draws.split())
        var (environment, load, trouble) = (draws.split(), draws.split(), draws.split())
        drawCluster(&cluster)
        drawTimers(&timing)
        drawClient(&timing)
        drawEngine(&engine)
        drawEnvironment(&environment)
        drawWorkload(&load)
        drawFaults(&trouble)
        var types = draws.split()
        drawReplicatedTypes(&types)
        giveProbesTime()
        workload.operations = options.operations ?? max(1, workload.operations * options.operationsPercent / 100)
        checkEvery = options.checkEvery
        canary = options.canary
    }

    /// A probe that cannot be answered in time by anybody tells nothing: at least twice the round trip of a link as it is
    /// without faults, on which links differ by up to twice.
    private mutating func giveProbesTime() {
        let oneWay = 2 * network.delay.least + network.delay.spread
        let least = TimeSpan(nanoseconds: 4 * oneWay)
        replication.membership.probeTimeout = max(replication.membership.probeTimeout, least)
        replication.membership.probeInterval = max(replication.membership.probeInterval, least * 2)
    }

    private mutating func drawCluster(_ draws: inout SeededGenerator) {
        nodes = draws.weighted([1: 1, 2: 1, 3: 10, 4: 4, 5: 5, 7: 1])
        replicas = min(nodes, draws.weighted([1: 1, 2: 2, 3: 10, 5: 2]))
        partitions = draws.weighted([1: 2, 4: 4, 8: 4, 32: 1])
        var types: [BucketType] = []
        for (name, kind) in [("default", TypeKind.siblings), ("lww", .lww)] {
            types.append(BucketType(name: name, n: replicas, kind: kind))
        }
        for n in 1 ... replicas {
            types.append(BucketType(name: "n\(n)", n: n, kind: draws.chance(1, in: 3) ? .lww : .siblings))
        }
        bucketTypes = types
        replication.durability =
            switch draws.below(8) {
            case 0: .interval(.milliseconds(Int64(1 + draws.below(200))))
            case 1: .os
            default: .fsync
            }
    }

    /// Every timer is multiplied by a factor of its own: no safety rests on a duration (INV 15).
    private mutating func drawTimers(_ draws: inout SeededGenerator) {
        var settings = replication
        drawMembership(&draws, &settings.membership)
        settings.retryInterval = draws.scaled(settings.retryInterval, atLeast: .milliseconds(10))
        settings.repairTimeout = draws.scaled(settings.repairTimeout)
        settings.reconnectGrace = draws.scaled(settings.reconnectGrace)
        settings.stopTimeout = draws.scaled(settings.stopTimeout)
        settings.maxLingeringReads = draws.weighted([0: 1, 4: 1, 16_384: 6])
        settings.rememberedRequests = draws.weighted([64: 1, 65_536: 4])
        drawBackground(&draws, &settings.background)
        settings.scanBatchBytes = UInt32(draws.weighted([100: 2, 2_000: 2, 1 << 20: 1]))
        settings.scansAtOnce = 1 + draws.below(6)
        settings.exchangeInterval = draws.scaled(settings.exchangeInterval, atLeast: .milliseconds(10))
        settings.pullsAtOnce = draws.weighted([1: 1, 8: 3])
        settings.offerInlineBytes = draws.weighted([0: 1, 100: 1, 512: 2])
        settings.scrubInterval = TimeSpan.milliseconds(Int64(draws.weighted([0: 1, 20: 1, 250: 2])))
        settings.scrubKeys = draws.weighted([1: 1, 3: 1, 64: 2])
        // The fastest rounds are shorter than the slowest messages' ways.
        settings.roundInterval = .milliseconds(Int64(draws.weighted([0: 2, 50: 2, 500: 2, 5_000: 1])))
        settings.markersRemembered = draws.weighted([1: 1, 8: 1, 65_536: 3])
        // Few at a time, each some rounds long, must come to an end within a run.
        if settings.markersRemembered < 10 {
            settings.roundInterval = min(settings.roundInterval, .milliseconds(500))
            settings.exchangeInterval = min(settings.exchangeInterval, .milliseconds(500))
        }
        settings.hintAfter = draws.scaled(settings.hintAfter)
        settings.maxHints = draws.weighted([0: 1, 3: 2, 1_000_000: 9])
        settings.maxHintBytes = draws.weighted([500: 1, 1 << 30: 9])
        settings.hintInterval = draws.scaled(settings.hintInterval)
        settings.hintsAtOnce = draws.weighted([1: 2, 500: 3])
        settings.hintBackoff = draws.scaled(settings.hintBackoff)
        settings.hintBackoffMost = max(.seconds(10), settings.hintBackoff)
        replication = settings
        limits.maxSiblings = draws.weighted([3: 1, 10: 1, 100: 4])
        limits.warnSiblings = min(limits.warnSiblings, limits.maxSiblings)
        limits.maxPeerBacklogBytes = draws.weighted([2_000: 1, 20_000: 1, 64 << 20: 6])
        limits.maxRequestsInFlight = draws.weighted([4: 1, 65_536: 12])
        network.reconnectInitial = draws.scaled(network.reconnectInitial, atLeast: .milliseconds(1))
        network.reconnectMax = max(draws.scaled(network.reconnectMax), network.reconnectInitial)
    }

    /// At the slowest all that a run leaves to repair still comes within its bounds.
    private func drawBackground(_ draws: inout SeededGenerator, _ settings: inout BackgroundSettings) {
        settings.operationsPerSecond = draws.weighted([50: 1, 1_000: 1, 50_000: 6])
        settings.bytesPerSecond = draws.weighted([20_000: 1, 64 << 20: 7])
        settings.burst = .milliseconds(Int64(draws.weighted([1: 1, 50: 4, 1_000: 1])))
        settings.leastPercent = draws.weighted([1: 1, 5: 4, 100: 1])
        settings.slowPercent = draws.weighted([110: 1, 200: 4])
    }

    /// (What is done about the dead at an interval comes within a run's bounds.)
    private func drawMembership(_ draws: inout SeededGenerator, _ settings: inout MembershipSettings) {
        let most = TimeSpan.seconds(30)
        settings.probeInterval = draws.scaled(settings.probeInterval, atLeast: .milliseconds(10))
        let halved = TimeSpan(nanoseconds: settings.probeInterval.nanoseconds / 2)
        settings.probeTimeout = min(draws.scaled(settings.probeTimeout), halved)
        settings.indirectProbes = draws.weighted([0: 1, 1: 1, 3: 4])
        settings.maxHintedProbes = draws.weighted([0: 1, 1: 1, 8: 4])
        settings.maxRelays = draws.weighted([0: 1, 2: 1, 256: 6])
        settings.gossipInterval = draws.scaled(settings.gossipInterval, atLeast: .milliseconds(10))
        settings.gossipFanout = draws.weighted([1: 1, 3: 3])
        settings.retransmitMultiplier = draws.weighted([1: 1, 4: 4])
        settings.maxGossipBytes = draws.weighted([64: 1, 1_400: 3])
        settings.gossipToTheDead = draws.scaled(settings.gossipToTheDead)
        settings.deadProbeInterval = min(draws.scaled(settings.deadProbeInterval), most)
        settings.exchangeInterval = min(draws.scaled(settings.exchangeInterval), most)
        settings.suspicionMultiplier = draws.weighted([1: 1, 4: 4])
        settings.unconfirmedMultiplier = draws.weighted([1: 1, 6: 4])
        settings.maxHealthMultiplier = draws.weighted([1: 1, 8: 3])
        settings.tellsTheAccused = !draws.chance(1, in: 6)
        settings.noticesOwnAbsence = !draws.chance(1, in: 6)
        settings.trustsOwnEyes = !draws.chance(1, in: 6)
    }

    private mutating func drawClient(_ draws: inout SeededGenerator) {
        client.connectionsPerNode = draws.weighted([1: 4, 2: 1])
        client.maxInFlightPerConnection = draws.weighted([1: 1, 8: 1, 1_024: 4])
        client.reachPatience = draws.scaled(client.reachPatience)
        client.connectTimeout = draws.scaled(client.connectTimeout, atLeast: .milliseconds(50))
        client.reconnectDelay = draws.scaled(client.reconnectDelay, atLeast: .milliseconds(1))
        client.maxReconnectDelay = max(draws.scaled(.seconds(1)), client.reconnectDelay)
        client.hedgeAfter = draws.chance(1, in: 4) ? nil : draws.scaled(.milliseconds(250), atLeast: .milliseconds(1))
        client.maxAttempts = draws.weighted([1: 1, 2: 1, 4: 4])
        client.retriesPerHundredCalls = draws.weighted([0: 1, 20: 3, 100: 2])
        client.retryCapacity = draws.weighted([0: 1, 16: 1, 1_024: 3])
        client.probeAfter = draws.scaled(client.probeAfter, atLeast: .milliseconds(5))
        client.suspectAfter = max(draws.scaled(client.suspectAfter), client.probeAfter)
        client.abandonAfter = max(draws.scaled(client.abandonAfter), client.suspectAfter)
        client.routing = draws.chance(1, in: 5) ? .seeds : .owners
    }

    private mutating func drawEngine(_ draws: inout SeededGenerator) {
        var settings = storage
        settings.segmentBytes = draws.weighted([256: 1, 2_000: 3, 20_000: 3, 1 << 20: 2])
        settings.compactionDeadPercent = draws.weighted([10: 1, 50: 4, 90: 1])
        settings.compactionStepBytes = draws.weighted([64: 1, 1_000: 4, 128 << 10: 4])
        settings.compactionReadShare = draws.weighted([1: 1, 4: 3, 100: 1])
        settings.smallSegmentLimit = draws.weighted([2: 1, 8: 2])
        settings.checkpointBytes = draws.weighted([256: 1, 5_000: 3, 50_000: 2, 1 << 20: 1])
        settings.checkpointShare = draws.weighted([0: 1, 3: 2])
        settings.checkpointStepBytes = draws.weighted([64: 1, 1_000: 4, 256 << 10: 4])
        settings.refusalsPerProbe = draws.weighted([1: 2, 4: 1, 16: 1])
        storage = settings
    }

    private mutating func drawEnvironment(_ draws: inout SeededGenerator) {
        let least = Int64(draws.weighted([10_000: 1, 100_000: 4, 1_000_000: 2, 20_000_000: 1]))
        network.delay = DelayPlan(
            least: least, spread: least * Int64(1 + draws.below(4)), tailPermille: draws.weighted([0: 2, 5: 2, 50: 1]),
            tail: least * 50)
        network.bytesPerSecond = Int64(draws.weighted([0: 4, 100_000_000: 2, 1_000_000: 1]))
        network.noticeWithin = draws.scaled(network.noticeWithin)
        network.noticePowerLossWithin = draws.scaled(network.noticePowerLossWithin)
        network.connectTimeout = draws.scaled(network.connectTimeout, atLeast: .milliseconds(200))
        let fsync = Int64(draws.weighted([1_000: 1, 100_000: 4, 5_000_000: 2]))
        disk.fsync = DelayPlan(
            least: fsync, spread: fsync * 4, tailPermille: draws.weighted([0: 2, 10: 2]), tail: 200_000_000)
        disk.access = DelayPlan(least: 1_000, spread: Int64(draws.weighted([10_000: 3, 1_000_000: 1])))
        disk.blockingReads = draws.weighted([0: 2, 100: 2, 1_000: 1])
        disk.readers = 1 + draws.below(3)
        process.skew = .milliseconds(Int64(draws.weighted([0: 1, 100: 3, 3_600_000: 1])))
        process.drift = Int64(draws.weighted([0: 1, 200: 3, 50_000: 1]))
        process.inputCost = Int64(draws.weighted([0: 1, 2_000: 3, 50_000: 1]))
        process.startWithin = .milliseconds(Int64(draws.weighted([1: 1, 20: 3, 2_000: 1])))
    }
}

extension SeededGenerator {
    /// One of these values, each as likely as its weight says. In the order of the values.
    mutating func weighted(_ weights: KeyValuePairs<Int, Int>) -> Int {
        var left = below(weights.reduce(0) { $0 + $1.value })
        for (value, weight) in weights {
            if left < weight { return value }
            left -= weight
        }
        return weights[0].key
    }

    /// Between an eighth and eight times as much, each factor of two as likely; half of the time as it is.
    mutating func scaled(_ span: TimeSpan, atLeast least: TimeSpan = .milliseconds(1)) -> TimeSpan {
        let isKept = chance(1, in: 2)
        let factor = Int64(1 << below(7))
        return isKept ? span : max(least, TimeSpan(nanoseconds: span.nanoseconds / 8 * factor))
    }
}
