// The rows of section `membership`: who is alive. Their ranges are the membership's own (`MembershipSettings`).

import CoterieMembership
import CoteriePrimitives
import CoterieReplication

extension SettingsTable {
    static let membership: [Setting] = [
        .span(
            "membership.probeInterval", \.replication.membership.probeInterval, .milliseconds(10) ... .seconds(60),
            "How often a node probes one other, each in its turn."),
        .span(
            "membership.probeTimeout", \.replication.membership.probeTimeout, .milliseconds(1) ... .seconds(60),
            "How long an answer is waited for before others are asked to probe."),
        .count(
            "membership.indirectProbes", \.replication.membership.indirectProbes, 0 ... 32,
            "How many others are asked to probe one that did not answer."),
        .count(
            "membership.maxHintedProbes", \.replication.membership.maxHintedProbes, 0 ... 1_024,
            "Probes at once because of broken connections and requests that timed out."),
        .count(
            "membership.maxRelays", \.replication.membership.maxRelays, 0 ... 65_536,
            "Probes at once for other members."),
        .span(
            "membership.gossipInterval", \.replication.membership.gossipInterval, .milliseconds(1) ... .seconds(60),
            "How often news is sent besides what rides on probes, while there is any."),
        .count(
            "membership.gossipFanout", \.replication.membership.gossipFanout, 1 ... 32,
            "To how many members each time."),
        .count(
            "membership.retransmitMultiplier", \.replication.membership.retransmitMultiplier, 1 ... 32,
            "How often each node sends a piece of news, times the digits of the number of members."),
        .size(
            "membership.maxGossipBytes", \.replication.membership.maxGossipBytes, 64 ... 65_507,
            "Bytes of a message with news."),
        .span(
            "membership.gossipToTheDead", \.replication.membership.gossipToTheDead, .zero ... .seconds(86_400),
            "For how long the dead are still sent news, so that they may refute."),
        .span(
            "membership.deadProbeInterval", \.replication.membership.deadProbeInterval,
            .milliseconds(10) ... .seconds(86_400), "How often one of the dead that is connected is probed."),
        .span(
            "membership.exchangeInterval", \.replication.membership.exchangeInterval,
            .milliseconds(10) ... .seconds(86_400), "How often whole tables are exchanged with one other member."),
        .count(
            "membership.suspicionMultiplier", \.replication.membership.suspicionMultiplier, 1 ... 32,
            "A confirmed suspicion becomes a death after so many probe intervals, more above ten members."),
        .count(
            "membership.unconfirmedMultiplier", \.replication.membership.unconfirmedMultiplier, 1 ... 60,
            "A suspicion that nobody confirms lasts so many times as long."),
        .count(
            "membership.maxHealthMultiplier", \.replication.membership.maxHealthMultiplier, 1 ... 64,
            "How many times longer a node that seems slow itself waits for answers, at most."),
        .flag(
            "membership.tellsTheAccused", \.replication.membership.tellsTheAccused,
            "Whether a member is told first of what it is accused."),
        .flag(
            "membership.noticesOwnAbsence", \.replication.membership.noticesOwnAbsence,
            "Whether a node that was held up waits again for what it waited for."),
        .flag(
            "membership.trustsOwnEyes", \.replication.membership.trustsOwnEyes,
            "Whether a death that others tell of is only a suspicion where the dead one answered here just now."),
    ]
}
