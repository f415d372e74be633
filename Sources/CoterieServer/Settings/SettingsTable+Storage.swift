// The rows of section `storage`: the log engine's settings. Their ranges are the engine's own (`LogEngine.Settings`).

import CoteriePrimitives
import CoterieStorage

extension SettingsTable {
    static let storage: [Setting] = [
        .size(
            "storage.segmentBytes", \.storage.segmentBytes, 256 ... 1 << 30,
            "A segment of this size is sealed and a new one begun."),
        .count(
            "storage.compactionDeadPercent", \.storage.compactionDeadPercent, 1 ... 100,
            "A segment is compacted when at least this share of it is dead."),
        .size(
            "storage.compactionStepBytes", \.storage.compactionStepBytes, 64 ... 1 << 30,
            "How much one step of compaction reads."),
        .count(
            "storage.compactionReadShare", \.storage.compactionReadShare, 1 ... 1_000,
            "Bytes that compaction may read for each byte stored."),
        .count(
            "storage.smallSegmentLimit", \.storage.smallSegmentLimit, 2 ... 1_000_000,
            "Small sealed segments are joined when there are this many."),
        .size(
            "storage.checkpointBytes", \.storage.checkpointBytes, 256 ... 1 << 40,
            "The index is checkpointed once so much was logged; bounds what opening must replay."),
        .count(
            "storage.checkpointShare", \.storage.checkpointShare, 0 ... 1_000,
            "And not before so many times the size of the last checkpoint was logged."),
        .size(
            "storage.checkpointStepBytes", \.storage.checkpointStepBytes, 64 ... 1 << 30,
            "How much of a checkpoint is written in one step."),
        .count(
            "storage.refusalsPerProbe", \.storage.refusalsPerProbe, 1 ... 1_000_000,
            "With a full disk, every so many refused writes one is tried again."),
    ]
}
