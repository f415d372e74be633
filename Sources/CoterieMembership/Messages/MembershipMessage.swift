// What members say to each other about who is alive. All are small and may be lost, repeated or late; none is retried.

import CoteriePrimitives

/// One message between members.
public enum MembershipMessage: Hashable, Sendable {
    /// Are you there? Answered with `answer` and the same number.
    case probe(sequence: UInt32, news: [Claim])
    /// I am here; or, from a relay: the one that you asked me to probe is.
    case answer(sequence: UInt32, news: [Claim])
    /// Probe this member for me. A relay answers within `patience`, whatever comes of it.
    case probeFor(target: MemberNumber, sequence: UInt32, patience: TimeSpan, news: [Claim])
    /// From a relay: no answer (Lifeguard's nack). It shows that the relay, and the way to it, are well.
    case noAnswer(sequence: UInt32)
    /// News that found no probe to ride on.
    case gossip(news: [Claim])
    /// The sender's whole table; the receiver sends its own back if `wantsReply`.
    case exchange(table: [Claim], wantsReply: Bool)

    /// The claims that it carries.
    public var claims: [Claim] {
        switch self {
        case .probe(_, let news), .answer(_, let news), .probeFor(_, _, _, let news), .gossip(let news): news
        case .noAnswer: []
        case .exchange(let table, _): table
        }
    }
}
