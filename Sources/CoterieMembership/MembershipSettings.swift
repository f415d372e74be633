// What an operator may set about failure detection. The defaults are those of memberlist's LAN profile
// (github.com/hashicorp/memberlist, config.go, DefaultLANConfig), where it has them.

import CoteriePrimitives

/// Configuration section `membership`.
public struct MembershipSettings: Hashable, Sendable {
    /// SWIM's protocol period: each member probes one other in each.
    public var probeInterval = TimeSpan.milliseconds(1_000)
    /// How long a probe's answer is waited for before other members are asked to probe.
    public var probeTimeout = TimeSpan.milliseconds(500)
    /// How many members are asked to probe one that did not answer.
    public var indirectProbes = 3
    /// Beyond the probes in turn, how many may be under way because of hints: broken connections, requests that
    /// timed out.
    public var maxHintedProbes = 8
    /// How many probes for others may be under way; beyond, the asker is told at once that there is no answer.
    public var maxRelays = 256

    /// How often news is sent to others besides what rides on probes, while there is any.
    public var gossipInterval = TimeSpan.milliseconds(200)
    /// To how many each time.
    public var gossipFanout = 3
    /// λ: each piece of news is sent λ · ⌈log₁₀(n + 1)⌉ times by each member.
    public var retransmitMultiplier = 4
    /// The bytes that a message with news has at most: a datagram's worth.
    public var maxGossipBytes = 1_400
    /// For how long a dead member is still sent news, so that it may refute.
    public var gossipToTheDead = TimeSpan.seconds(30)
    /// How often one of the dead is probed, so that a healed network is noticed without any other sign.
    public var deadProbeInterval = TimeSpan.seconds(30)

    /// How often the whole table is exchanged with one other member; less often above 32 members, by log₂(n/32).
    public var exchangeInterval = TimeSpan.seconds(30)

    /// A confirmed suspicion becomes a death after this × max(1, log₁₀ n) × `probeInterval`; two fewer than it are the
    /// confirmations needed.
    public var suspicionMultiplier = 4
    /// An unconfirmed suspicion lasts so many times as long (Lifeguard's LHA-Suspicion). 1: confirmations do not matter.
    public var unconfirmedMultiplier = 6
    /// Probes' interval and timeout grow up to so many times where this member itself seems slow (Lifeguard's
    /// LHA-Probe). 1: never.
    public var maxHealthMultiplier = 8
    /// Whether every message to a member tells it first that it is held suspect or dead (Lifeguard's buddy system). The
    /// probe of one of the dead at `deadProbeInterval` does in any case.
    public var tellsTheAccused = true
    /// Whether a timer that comes late by more than `probeTimeout` is taken for this member's own absence, and what was
    /// waited for meanwhile is waited for again.
    public var noticesOwnAbsence = true
    /// Whether a death that another member tells of is only a suspicion where the dead one answered here within the
    /// time of a confirmed suspicion.
    public var trustsOwnEyes = true

    public init() {}

    /// Plain SWIM with suspicion, as it was before Lifeguard: for comparison.
    public static var withoutLifeguard: MembershipSettings {
        var settings = MembershipSettings()
        settings.unconfirmedMultiplier = 1
        settings.maxHealthMultiplier = 1
        settings.tellsTheAccused = false
        settings.noticesOwnAbsence = false
        settings.trustsOwnEyes = false
        return settings
    }

    /// Names the first relation between settings that does not hold; nil where all do.
    public var problem: String? { timeProblem ?? numberProblem }

    private var timeProblem: String? {
        let second = TimeSpan.seconds(1)
        for (name, value, least, most) in [
            ("probeInterval", probeInterval, TimeSpan.milliseconds(10), second * 60),
            ("probeTimeout", probeTimeout, .milliseconds(1), second * 60),
            ("gossipInterval", gossipInterval, .milliseconds(1), second * 60),
            ("gossipToTheDead", gossipToTheDead, .zero, second * 86_400),
            ("deadProbeInterval", deadProbeInterval, .milliseconds(10), second * 86_400),
            ("exchangeInterval", exchangeInterval, .milliseconds(10), second * 86_400),
        ] where value < least || value > most {
            return "\(name) must be within \(least) and \(most), not \(value)"
        }
        if probeTimeout >= probeInterval {
            return "probeTimeout (\(probeTimeout)) must be less than probeInterval (\(probeInterval)): "
                + "what is left of the interval is for indirect probes"
        }
        return nil
    }

    private var numberProblem: String? {
        for (name, value, range) in [
            ("indirectProbes", indirectProbes, 0 ... 32), ("maxHintedProbes", maxHintedProbes, 0 ... 1_024),
            ("maxRelays", maxRelays, 0 ... 65_536), ("gossipFanout", gossipFanout, 1 ... 32),
            ("retransmitMultiplier", retransmitMultiplier, 1 ... 32),
            ("maxGossipBytes", maxGossipBytes, 64 ... 65_507), ("suspicionMultiplier", suspicionMultiplier, 1 ... 32),
            ("unconfirmedMultiplier", unconfirmedMultiplier, 1 ... 60),
            ("maxHealthMultiplier", maxHealthMultiplier, 1 ... 64),
        ] where !range.contains(value) {
            return "\(name) must be within \(range.lowerBound) and \(range.upperBound), not \(value)"
        }
        return nil
    }
}

// Bounds that grow with the number of members, this one included.
extension MembershipSettings {
    /// How often a member sends one piece of news.
    public func retransmits(members: Int) -> Int {
        retransmitMultiplier * max(1, log10Ceiling(UInt64(max(0, members)) + 1))
    }

    /// How long a suspicion lasts that is confirmed by as many as are needed.
    public func confirmedSuspicion(members: Int) -> TimeSpan {
        let scale = max(65_536, log10Scaled(UInt64(max(1, members))))
        let nanoseconds = probeInterval.nanoseconds * Int64(suspicionMultiplier) * scale / 65_536
        return TimeSpan(nanoseconds: nanoseconds)
    }

    /// How many confirmations, beyond the first accuser, end a suspicion soonest; zero where there are too few members
    /// to have that many.
    public func neededConfirmations(members: Int) -> Int {
        let needed = suspicionMultiplier - 2
        return needed < 1 || unconfirmedMultiplier == 1 || members - 2 < needed ? 0 : needed
    }

    /// How long until the next full exchange.
    public func exchangeInterval(members: Int) -> TimeSpan {
        guard members > 32 else { return exchangeInterval }
        let ceiling = Int64(64 - (UInt64(members) - 1).leadingZeroBitCount)
        return exchangeInterval * (ceiling - 5 + 1)
    }
}
