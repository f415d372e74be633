// A node's process: the production machine over the production engine, on a disk of its own, with what the shell keeps
// for them (timers, connections, work on its way to the disk). Nothing here decides anything that production decides.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire

/// Work of one lane: what waits, and what the disk is doing.
struct SimulatedLane {
    struct Running {
        let serial: UInt64
        let work: DiskWork
    }

    let width: Int
    var waiting: [DiskWork] = []
    var running: [Running] = []

    init(width: Int) { self.width = width }
}

/// One timer of a node.
struct SimulatedTimer {
    var serial: UInt64 = 0
    /// By the process's own clock; nil: not set.
    var at: Instant?
}

/// One node of the world, through all its lives. (Of exclusivity: see `World`.)
final class SimulatedNode {
    enum State: Equatable {
        case down
        case up
        /// Stopped by a signal: nothing is handled, connections stand.
        case paused
    }

    let index: Int
    let member: Member
    @exclusivity(unchecked) var disk: SimulatedDisk
    @exclusivity(unchecked) var clock: ProcessClock

    @exclusivity(unchecked) var state = State.down
    /// Counts the lives; what an earlier one began does not reach a later one.
    @exclusivity(unchecked) var life: UInt32 = 0
    @exclusivity(unchecked) var nonce: UInt64 = 0
    @exclusivity(unchecked) var machine: NodeMachine?
    @exclusivity(unchecked) var engine: LogEngine?

    /// What came in and is not handled yet.
    @exclusivity(unchecked) var inbox: [Input] = []
    @exclusivity(unchecked) var handling: [Input] = []
    @exclusivity(unchecked) var unsent: [Input] = []
    @exclusivity(unchecked) var effects = Effects()
    /// Room for the effects that are being performed; empty between two inputs.
    @exclusivity(unchecked) var performed: [Effect] = []
    @exclusivity(unchecked) var isTickScheduled = false
    @exclusivity(unchecked) var isTicking = false
    /// The processor is busy with the last tick until then.
    @exclusivity(unchecked) var busyUntil: Int64 = 0
    @exclusivity(unchecked) var ticks = 0

    @exclusivity(unchecked) var timers = [SimulatedTimer](repeating: SimulatedTimer(), count: TimerName.allCases.count)
    /// By lane: write, read, background.
    @exclusivity(unchecked) var lanes: [SimulatedLane] = []

    /// The connection with each other process, by index: -1 for none.
    @exclusivity(unchecked) var connections: [Int] = []
    /// Connections that were written to in this tick.
    @exclusivity(unchecked) var dirty: [Int] = []
    /// Failed attempts to reach each member in a row.
    @exclusivity(unchecked) var dialFailures: [Int] = []
    /// When each member is dialled, or the hello of the attempt under way must have come.
    @exclusivity(unchecked) var dialAt: [Int64] = []

    /// What the faults have made of the disk.
    @exclusivity(unchecked) var diskSlowness: Int64 = 1
    /// Whether its disk was lost or doubted and it does not serve again yet.
    @exclusivity(unchecked) var isIncomplete = false
    /// Whether it has ever served.
    @exclusivity(unchecked) var hasServed = false
    /// It was told to stop, and how long it stays away then.
    @exclusivity(unchecked) var isStopping = false
    @exclusivity(unchecked) var downAfterStop: TimeSpan?
    /// Its store can only be used again by opening it anew.
    @exclusivity(unchecked) var needsRestart = false
    /// What it counted when its counters were last added up.
    @exclusivity(unchecked) var counted = Counters()

    init(index: Int, member: Member, disk: SimulatedDisk, clock: ProcessClock, processes: Int) {
        self.index = index
        self.member = member
        self.disk = disk
        self.clock = clock
        connections = Array(repeating: -1, count: processes)
        dialFailures = Array(repeating: 0, count: processes)
        dialAt = Array(repeating: .max, count: processes)
    }

    var isServing: Bool { state == .up && machine?.isServing == true }
}

extension DiskWork.Lane {
    var index: Int {
        switch self {
        case .write: 0
        case .read: 1
        case .background: 2
        }
    }
}
