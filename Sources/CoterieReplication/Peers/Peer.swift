// What a node knows of another member: whether there is a connection, to which of its lives, and how the membership
// sees it.

import CoterieMembership
import CoteriePrimitives

/// One other member.
struct Peer: Equatable {
    /// Its start nonce, while connected (and the last one afterwards).
    var nonce: UInt64 = 0
    var isConnected = false
    /// As the membership has it: kept here so that a request looks in one place.
    var status = MemberStatus.alive
    /// When it last answered something, if the membership has not been told yet.
    var answeredAt: Instant?
    /// A request waited for it in vain, and the membership has not been told yet.
    var hasTimedOut = false

    var isAlive: Bool { status == .alive }
    var isDead: Bool { status == .dead }
}
