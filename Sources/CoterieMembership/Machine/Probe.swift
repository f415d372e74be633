// Probes under way: those of this member, and those that it makes for others.

import CoteriePrimitives

/// A probe from here. Direct first; others are asked to probe when it is not answered in time, or at once without a
/// connection.
struct Probe: Hashable, Sendable {
    let sequence: UInt32
    let target: MemberNumber
    /// Begun because of a hint, besides the probes in turn.
    let isHinted: Bool
    /// Until when the direct answer is waited for before others are asked; nil: they have been.
    var directUntil: Instant?
    /// When it has failed.
    var until: Instant
    /// Who was asked to probe, and is to say so if there is no answer.
    var relays: [MemberNumber] = []
    /// Relays that said so.
    var silent: [MemberNumber] = []

    /// When something is to be done about it.
    var deadline: Instant { directUntil ?? until }
}

/// A probe for another member.
struct Relay: Hashable, Sendable {
    /// Its number here.
    let sequence: UInt32
    let target: MemberNumber
    let asker: MemberNumber
    /// Its number there.
    let askersSequence: UInt32
    /// When the asker is told that there was no answer.
    let until: Instant
}
