// What may go wrong, as values: drawn by a run's fault driver or written in a scenario, performed by the world.

import CoteriePrimitives

/// A process of the world.
public enum ProcessName: Hashable, Sendable, CustomStringConvertible {
    case member(MemberNumber)
    /// Counted from 0.
    case client(Int)

    public var description: String {
        switch self {
        case .member(let number): "\(number)"
        case .client(let number): "c\(number)"
        }
    }
}

/// The kinds of fault: what a seed switches on and off (swarm testing: Groce and others, 2012).
public enum FaultKind: String, Hashable, Sendable, CaseIterable {
    /// A node's process dies; what it gave to the operating system stays.
    case kill
    /// A node's machine loses power: the unsynced tail of its disk is lost or torn.
    case powerLoss
    /// All machines lose power at once.
    case blackout
    /// A node is told to stop, as for a rolling restart.
    case stop
    /// SIGSTOP, then SIGCONT.
    case pause
    /// A node loses its disk and returns with an empty one.
    case wipe
    /// Two sets of processes cannot reach each other; messages wait, connections stand.
    case partition
    /// One direction between two processes is cut.
    case asymmetricCut
    /// A connection breaks.
    case brokenConnection
    /// A link's delays grow, its bandwidth shrinks.
    case slowLink
    /// Frames of a link are lost, repeated and overtaken.
    case datagrams
    case clockJump
    case clockDrift
    /// Everything on a disk takes long.
    case slowDisk
    case fullDisk
    /// fsyncs fail; the node is restarted by its operator.
    case failingFsyncs
    /// Appends fail after a part was written; likewise.
    case failingAppends
    /// Reads fail with an IO error.
    case failingReads
    /// A bit of a file flips.
    case rot
    /// A client process dies with its requests; another one takes its place.
    case clientRestart
}

/// One fault, with whom it hits and how.
public enum Fault: Hashable, Sendable {
    /// `downFor`: until it is started again; nil: until `heal` or a `start` of its own.
    case kill(MemberNumber, downFor: TimeSpan?)
    case powerLoss(MemberNumber, downFor: TimeSpan?)
    /// All machines at once.
    case blackout(downFor: TimeSpan?)
    case stop(MemberNumber, downFor: TimeSpan?)
    case wipe(MemberNumber, downFor: TimeSpan?)
    /// Starts a node that is down; otherwise nothing.
    case start(MemberNumber)
    case pause(MemberNumber, during: TimeSpan?)
    /// Nothing passes from the first set to the second; `breaks`: standing connections break instead of waiting.
    case cut(from: [ProcessName], to: [ProcessName], breaks: Bool, during: TimeSpan?)
    /// Nothing passes between the two sets.
    case partition([ProcessName], [ProcessName], breaks: Bool, during: TimeSpan?)
    case breakConnection(ProcessName, ProcessName)
    case slowLink(from: ProcessName, to: ProcessName, factor: Int64, bytesPerSecond: Int64, during: TimeSpan?)
    case datagrams(ProcessName, ProcessName, DatagramPlan, during: TimeSpan?)
    case clockJump(ProcessName, TimeSpan)
    /// In millionths.
    case clockDrift(ProcessName, Int64)
    case slowDisk(MemberNumber, factor: Int64, during: TimeSpan?)
    /// So many bytes are left.
    case fullDisk(MemberNumber, room: Int, during: TimeSpan?)
    /// Of 1000 calls so many fail.
    case failingFsyncs(MemberNumber, permille: Int, during: TimeSpan?)
    case failingAppends(MemberNumber, permille: Int, during: TimeSpan?)
    case failingReads(MemberNumber, permille: Int, during: TimeSpan?)
    /// The file is the one at this place of the list, modulo its length.
    case rot(MemberNumber, file: Int)
    case clientRestart(Int)
}

extension Fault {
    public var kind: FaultKind? {
        switch self {
        case .kill: .kill
        case .powerLoss: .powerLoss
        case .blackout: .blackout
        case .stop: .stop
        case .wipe: .wipe
        case .start: nil
        case .pause: .pause
        case .cut: .asymmetricCut
        case .partition: .partition
        case .breakConnection: .brokenConnection
        case .slowLink: .slowLink
        case .datagrams: .datagrams
        case .clockJump: .clockJump
        case .clockDrift: .clockDrift
        case .slowDisk: .slowDisk
        case .fullDisk: .fullDisk
        case .failingFsyncs: .failingFsyncs
        case .failingAppends: .failingAppends
        case .failingReads: .failingReads
        case .rot: .rot
        case .clientRestart: .clientRestart
        }
    }

    /// How long it lasts, where it ends by itself.
    var duration: TimeSpan? {
        switch self {
        case .pause(_, let during), .cut(_, _, _, let during), .partition(_, _, _, let during),
            .slowLink(_, _, _, _, let during), .datagrams(_, _, _, let during), .slowDisk(_, _, let during),
            .fullDisk(_, _, let during), .failingFsyncs(_, _, let during), .failingAppends(_, _, let during),
            .failingReads(_, _, let during):
            during
        case .kill, .powerLoss, .blackout, .stop, .wipe, .start, .breakConnection, .clockJump, .clockDrift, .rot,
            .clientRestart:
            nil
        }
    }
}
