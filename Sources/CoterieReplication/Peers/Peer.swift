// What a node knows of another member: whether there is a connection, to which of its lives, and when it last spoke.

import CoteriePrimitives

/// How a peer is seen from here.
public enum PeerState: String, Hashable, Sendable {
    case alive
    /// Connected, or lately so, but silent: asked last.
    case suspect
    case dead
}

/// One other member.
struct Peer: Equatable {
    /// Its start nonce, while connected (and the last one afterwards).
    var nonce: UInt64 = 0
    var isConnected = false
    /// When it last answered, or when it was last connected.
    var lastHeard: Instant?
    var state = PeerState.dead
    /// Since when it has been in that state; nil: since the start.
    var since: Instant?
}
