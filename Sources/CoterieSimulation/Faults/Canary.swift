// Planted bugs: the world breaks the machine's effects on purpose, and the checkers must find it. A swarm that finds no
// canary proves nothing by finding nothing else.

/// A bug behind a flag.
public enum Canary: String, Hashable, Sendable, CaseIterable {
    /// fsync does nothing and says that it did: writes are acknowledged that a power loss takes away.
    case skippedFsync
    /// One in eight objects that travels between nodes has lost a sibling, its context still covering it: a merge that
    /// drops one.
    case droppedSibling
    /// One in eight stores is not applied and acknowledged all the same.
    case inventedAcknowledgement
    /// One in eight objects that a replica is asked for is said to be absent: a failed read treated as "not found".
    case forgottenRead
    /// One in eight writes is applied twice by the owner, under two dots: a retry that counts twice.
    case doubledWrite
    /// A node that starts has lost the hints that it kept.
    case forgottenHints
    /// A hint that is delivered is not applied and acknowledged all the same: its keeper deletes it too early.
    case swallowedHint
}
