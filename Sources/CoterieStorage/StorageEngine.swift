// What a node asks of its store: a synchronous ordered map with an asynchronous durability barrier.
//
// `apply` is visible at once and not yet durable; one barrier makes all earlier batches durable, so that many writes
// share one fsync. An engine does no IO of its own on the caller's thread, but for reads that cannot block: it hands
// out `DiskWork`, which the shell performs elsewhere (or the simulator in virtual time) and gives back as a completion.

import CoteriePrimitives
import NIOCore

/// What a local read found.
public enum ReadResult: Equatable, Sendable {
    /// The value, from memory or from the page cache.
    case found(ByteBuffer)
    case absent
    /// The value lies on disk and reading it may block: the answer comes as `StorageEvent.loaded` with this ticket.
    case pending(LoadTicket)
    /// A record exists and cannot be read back whole. The replica has lost this key; it is not absent.
    case corrupt(RecordFault)
}

/// Names a read that goes through the disk.
public struct LoadTicket: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Names a barrier: all that was applied before it was asked for.
public struct BarrierTicket: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// How safe a barrier makes what lies behind it.
public enum BarrierStrength: UInt8, Hashable, Comparable, Sendable {
    /// Handed to the operating system: survives the process, not the machine.
    case written
    /// fsynced: survives the machine.
    case durable
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// One change within a batch.
public struct Change: Equatable, Sendable {
    public enum Action: Equatable, Sendable {
        case put(ByteBuffer)
        case remove
    }
    public let group: Group
    /// Ordered bytes: an `ObjectKey`, or one followed by a sub-key.
    public let key: ByteBuffer
    public let action: Action
    /// Opaque bytes that the record carries beside its value: the dots it stands for. Given back by `replay`.
    public let note: ByteBuffer

    public init(group: Group, key: ByteBuffer, action: Action, note: ByteBuffer = ByteBuffer()) {
        self.group = group
        self.key = key
        self.action = action
        self.note = note
    }
}

/// Changes that are applied and become durable together or not at all, also across a torn tail.
public struct Batch: Equatable, Sendable {
    public var changes: [Change]
    /// Metadata records: small named values of the node (layout, incarnation, properties), outside of all groups. An
    /// empty value removes.
    public var metadata: [MetadataChange]

    public init(_ changes: [Change] = [], metadata: [MetadataChange] = []) {
        self.changes = changes
        self.metadata = metadata
    }
}

/// One change of a metadata record.
public struct MetadataChange: Equatable, Sendable {
    public let name: String
    public let value: ByteBuffer
    public init(name: String, value: ByteBuffer) {
        self.name = name
        self.value = value
    }
}

/// What came of disk work, for the machine that owns the engine.
public enum StorageEvent: Equatable, Sendable {
    case barrierCompleted(BarrierTicket)
    /// The write behind this barrier failed; what it covered is not durable and must not be acknowledged.
    case barrierFailed(BarrierTicket, StorageFailure)
    case loaded(LoadTicket, ReadResult)
    /// The engine went to or came back from a state in which writes are refused.
    case writableChanged(Writability)
    /// Rot was found outside of a read (at opening, by compaction): for the log and the counters.
    case faultFound(RecordFault)
}

/// Whether writes are taken, and why not.
public enum Writability: Equatable, Sendable {
    case writable
    /// Reads go on; `apply` throws this failure.
    case readOnly(StorageFailure)
}

/// Why the store refuses or failed a write.
public enum StorageFailure: Error, Equatable, Sendable {
    case diskFull(String)
    /// An IO error: the text is the system's, with the file's name.
    case io(String)
    /// A value, a note, or a batch as a whole.
    case valueTooLarge(bytes: Int, limit: Int)
    case keyTooLarge(bytes: Int, limit: Int)
}

/// Where a record is broken.
public struct RecordFault: Error, Equatable, Sendable {
    /// What a fault takes with it.
    public enum Extent: UInt8, Hashable, Sendable {
        /// Known keys: reading them says `.corrupt`. Nothing else is touched.
        case knownKeys
        /// Keys that cannot be told any more: any key may have gone back to an older record or be absent.
        /// Whoever vouches for the store must not, until it is refilled (design, section 4, rule 11).
        case unknownKeys
        /// None: what was broken is derived and was derived again (a checkpoint).
        case nothing
    }
    public let file: String
    public let offset: UInt64
    public let reason: String
    public let extent: Extent
    public init(file: String, offset: UInt64, reason: String, extent: Extent = .knownKeys) {
        self.file = file
        self.offset = offset
        self.reason = reason
        self.extent = extent
    }
}

/// A local store. Used from one event loop; not thread-safe.
public protocol StorageEngine: AnyObject {
    /// Reads one key. Never blocks.
    func get(_ group: Group, _ key: ByteBuffer) -> ReadResult

    /// Keys of a group in order, from `start` (inclusive) on, at most `limit`. Never touches the disk.
    func keys(in group: Group, from start: ByteBuffer, limit: Int) -> [ByteBuffer]

    /// How many keys a group holds. O(1).
    func count(in group: Group) -> Int

    /// Whether the group's index points at what was stored: what is derived from all its keys equals the digest that each
    /// change has kept (design, section 4, rule 11). A difference is told once: what is there then counts as what was
    /// stored, since whoever was told vouches for none of it. O(keys of the group), in memory.
    func audit(_ group: Group) -> Bool

    /// All groups that hold a key, in order.
    var groups: [Group] { get }

    /// A metadata record; nil where there is none. O(1), in memory.
    func metadata(_ name: String) -> ByteBuffer?

    /// Applies a batch: visible to reads at once, durable behind the next barrier. Throws before anything is applied.
    func apply(_ batch: Batch) throws(StorageFailure)

    /// Asks for all that was applied so far to be made safe. Answered by `StorageEvent.barrierCompleted` or
    /// `.barrierFailed`; barriers of one strength complete in order. One flush is in flight at a time; barriers asked
    /// for meanwhile share the next.
    func barrier(_ strength: BarrierStrength) -> BarrierTicket

    /// The next piece of work for the disk, if there is any to start now. Call until nil, at the end of each tick.
    func nextWork() -> DiskWork?

    /// Takes back finished work; appends what came of it.
    func complete(_ completion: DiskCompletion, into events: inout [StorageEvent])

    /// With a full disk: asks for writing to be tried again. The answer is `StorageEvent.writableChanged`, or nothing
    /// while it is still full. Does nothing in other states. Engines without a disk have nothing to do.
    func probeWritable()

    /// Asks for whatever makes the next opening fast, such as a checkpoint: for a graceful stop. It is work like any
    /// other.
    func requestCheckpoint()

    /// Figures for `/stats`.
    var statistics: StorageStatistics { get }

    /// Traps where an invariant of the engine does not hold. O(keys).
    func checkInvariants()
}

extension StorageEngine {
    public func probeWritable() {}
    public func requestCheckpoint() {}
}

/// Figures of an engine; counters since opening.
public struct StorageStatistics: Equatable, Sendable {
    public var keys = 0
    /// Bytes of the records that live keys point at.
    public var liveBytes = 0
    /// Bytes of all segments.
    public var totalBytes = 0
    /// Bytes of memory that the index takes.
    public var indexBytes = 0
    public var segments = 0
    /// Bytes that callers asked to store, and bytes written to disk for it (compaction and checkpoints included).
    public var acceptedBytes = 0
    public var writtenBytes = 0
    public var flushes = 0
    public var fsyncs = 0
    public var compactions = 0
    public var checkpoints = 0
    public var faults = 0
    /// Bytes that are applied and not yet handed to the operating system.
    public var waitingBytes = 0
    public init() {}
}
