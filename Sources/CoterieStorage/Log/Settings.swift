// Every limit of the stores in one place, with its default and its relations.

/// Limits on what callers may store; the same for every engine.
public struct StorageLimits: Hashable, Sendable {
    /// The longest key, sub-key included, in bytes; at most 16 384. Default 4096.
    public var maxKeyBytes = 4096
    /// The largest value of one record, in bytes. Default 16 MiB.
    public var maxValueBytes = 16 << 20
    /// The largest batch, all its keys, values and notes, in bytes. Default 64 MiB, at most 1 GiB.
    public var maxBatchBytes = 64 << 20

    /// The longest note of one change, in bytes: the record's format has two bytes for it.
    public static let maxNoteBytes = 65_535
    static let longestKey = 16_384

    public init() {}

    /// What is wrong with the limits, naming the setting and what is allowed; nil where nothing is.
    public var problem: String? {
        guard (1 ... Self.longestKey).contains(maxKeyBytes) else {
            return "maxKeyBytes is \(maxKeyBytes); it must lie in 1 ... \(Self.longestKey)"
        }
        guard maxValueBytes >= 1, maxValueBytes <= maxBatchBytes else {
            return "maxValueBytes is \(maxValueBytes); it must lie in 1 ... maxBatchBytes (\(maxBatchBytes))"
        }
        guard maxBatchBytes <= 1 << 30 else {
            return "maxBatchBytes is \(maxBatchBytes); it must be at most \(1 << 30)"
        }
        return nil
    }
}

extension LogEngine {
    /// How a log store behaves. The defaults suit a node with millions of small values.
    public struct Settings: Hashable, Sendable {
        public var limits = StorageLimits()
        /// A segment that has reached this size is sealed and a new one begun. Default 64 MiB, at most 1 GiB.
        public var segmentBytes = 64 << 20
        /// A segment is compacted when at least this share of it is dead, in percent. Default 50: under uniform
        /// overwriting each byte stored costs about one byte copied, and the log takes about 1.4 times its live data.
        public var compactionDeadPercent = 50
        /// How much of a segment one step of compaction reads, in bytes. A step is also the longest stretch of
        /// compaction on the event loop: the default of 128 KiB takes a fraction of a millisecond.
        public var compactionStepBytes = 128 << 10
        /// The budget of compaction: bytes it may read for each byte that callers store. Default 4; at
        /// `compactionDeadPercent` = 50 it needs 2 to keep pace.
        public var compactionReadShare = 4
        /// Small sealed segments (below an eighth of `segmentBytes`; each start of a process leaves one) are joined
        /// when there are this many. Default 8.
        public var smallSegmentLimit = 8
        /// A checkpoint of the index is written once so many bytes were logged since the last one, and at least
        /// `checkpointShare` times the size of that one. Default 64 MiB. It bounds what opening must replay, and how
        /// long compacted segments stay.
        public var checkpointBytes = 64 << 20
        /// See `checkpointBytes`. Default 3: checkpoints cost at most a third of what is logged.
        public var checkpointShare = 3
        /// How much of a checkpoint is written in one step, in bytes. Default 256 KiB.
        public var checkpointStepBytes = 256 << 10
        /// With a full disk, each so many refused batches, writing is tried again. Default 256. `probeWritable` tries
        /// at once.
        public var refusalsPerProbe = 256

        public init() {}

        /// What is wrong with the settings, naming the setting and what is allowed; nil where nothing is.
        public var problem: String? {
            if let problem = limits.problem { return problem }
            for (name, value, allowed) in [
                ("segmentBytes", segmentBytes, 256 ... 1 << 30),
                ("compactionDeadPercent", compactionDeadPercent, 1 ... 100),
                ("compactionStepBytes", compactionStepBytes, 64 ... 1 << 30),
                ("compactionReadShare", compactionReadShare, 1 ... 1000),
                ("smallSegmentLimit", smallSegmentLimit, 2 ... 1_000_000),
                ("checkpointBytes", checkpointBytes, 256 ... 1 << 40),
                ("checkpointShare", checkpointShare, 0 ... 1000),
                ("checkpointStepBytes", checkpointStepBytes, 64 ... 1 << 30),
                ("refusalsPerProbe", refusalsPerProbe, 1 ... 1 << 40),
            ] where !allowed.contains(value) {
                return "\(name) is \(value); it must lie in \(allowed.lowerBound) ... \(allowed.upperBound)"
            }
            return nil
        }
    }
}

/// Why a store could not be opened.
public enum StorageOpenError: Error, Equatable, Sendable {
    /// The directory or a file in it could not be used; the text names it.
    case disk(DiskError)
    /// The settings contradict each other; the text names them.
    case settings(String)
    /// A file was written by a newer release: this one reads formats up to `supported`.
    case newerFormat(file: String, version: Int, supported: Int)
    /// The newest record of a metadata name is rotten. Metadata says who the node is and what it has promised, so an
    /// older record must not stand in for it: restore the directory, or empty it and let the peers refill the node.
    case corruptMetadata(name: String, RecordFault)
}

extension StorageOpenError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .disk(let error): "the store could not be opened: \(error)"
        case .settings(let problem): "the store's settings are wrong: \(problem)"
        case .newerFormat(let file, let version, let supported):
            "\(file) has format version \(version), written by a newer release; this one reads versions up to \(supported)"
        case .corruptMetadata(let name, let fault):
            "metadata record “\(name)” is broken (\(fault.file) at \(fault.offset): \(fault.reason)); "
                + "restore the directory, or empty it and let the node be refilled by its peers"
        }
    }
}
