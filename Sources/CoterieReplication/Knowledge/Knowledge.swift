// The clocks and indexes of all groups of one replica, and how they survive.
//
// They have no records of their own. Each record of the log names the events that were handled with it; a checkpoint
// carries a summary of each group; opening adds both. An event is durable with the record that names it: the journal
// keeps the events of which the next barriers will tell.
//
// A class, because two hold it: the machine, and the store's hook that asks for the summary just before a checkpoint,
// between two batches.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import NIOCore

/// All that one replica knows. Used from one event loop; not thread-safe.
public final class Knowledge {
    private var groups: [Group: GroupKnowledge] = [:]
    /// Handled and not durable, in the order of the log; the first one's position.
    private var journal: [(group: Group, dot: Dot)] = []
    private var journalStart: UInt64 = 0
    /// Keys that replayed records say to be gone: what else is replayed, or in a summary, speaks of their events still.
    private var gone: [Group: [(key: ByteBuffer, context: VersionVector)]] = [:]
    /// How often everything was given up.
    private(set) var giveUps = 0
    /// Groups in which a record could not be read in this life: their clocks meet no floors.
    private var lossy: Set<Group> = []

    public init() {}

    subscript(_ group: Group) -> GroupKnowledge { groups[group] ?? GroupKnowledge() }

    func hasHandled(_ dot: Dot, in group: Group) -> Bool { groups[group]?.clock.contains(dot) ?? false }

    func update<T>(_ group: Group, _ change: (inout GroupKnowledge) -> T) -> T {
        change(&groups[group, default: GroupKnowledge()])
    }

    /// Groups of which anything is known, ascending.
    var known: [Group] { groups.keys.sorted() }

    /// Groups whose durable clock has grown since it was last told, ascending.
    var unadvertised: [Group] { groups.lazy.filter { $0.value.isUnadvertised }.map(\.key).sorted() }

    func unhandled(_ dots: some Sequence<Dot>, in group: Group) -> [Dot] {
        groups[group]?.unhandled(dots) ?? GroupKnowledge().unhandled(dots)
    }

    /// Events of a key are handled: a record that names them has just been applied.
    func handle(_ dots: [Dot], of key: ByteBuffer, in group: Group) {
        guard !dots.isEmpty else { return }
        let own = ByteBuffer(bytes: key.readableBytesView)
        groups[group, default: GroupKnowledge()].handle(dots, of: own)
        for dot in dots { journal.append((group, dot)) }
    }

    /// Events of a key that is gone are handled: a record that names them has just been applied.
    func handleAbsent(_ dots: [Dot], in group: Group) {
        guard !dots.isEmpty else { return }
        groups[group, default: GroupKnowledge()].handleAbsent(dots)
        for dot in dots { journal.append((group, dot)) }
    }

    /// Whether every owner has handled, durably, the last event of each entry, as far as this one knows: each is handled
    /// here, and the index holds no event of its identity up to there. O(entries).
    func isForgotten(_ context: VersionVector, in group: Group) -> Bool {
        groups[group]?.isForgotten(context) ?? false
    }

    /// A record of the group could not be read: its events are handled, and what they wrote may be gone.
    func recordLost(in group: Group) { lossy.insert(group) }

    /// The entries of a vector below which nothing is lacking. A clock that vouches for an event that its object does not
    /// cover any more has seen it deleted, and the marker go.
    func handled(of vector: VersionVector, in group: Group) -> VersionVector {
        guard !vector.isEmpty, !lossy.contains(group), let known = groups[group] else { return VersionVector() }
        return VersionVector(vector.lastDots.filter { known.lacksNothing(upTo: $0) })
    }

    /// Nothing that was handled is believed any more: the store has lost records, and which cannot be told. What the
    /// others have told of themselves stays: they tell it once.
    func giveUp() {
        giveUps += 1
        groups = groups.mapValues { GroupKnowledge(heard: $0.heard) }
        journalStart += UInt64(journal.count)
        journal.removeAll()
    }

    // MARK: Durability

    /// Whether anything is handled and not durable.
    var hasJournal: Bool { !journal.isEmpty }

    /// Where the journal ends now: for a durable barrier that is taken now.
    var journalEnd: UInt64 { journalStart + UInt64(journal.count) }

    /// A durable barrier has completed that was taken when the journal ended here. What a barrier before it covered and
    /// failed to make durable (a disk that was full) is durable with this one.
    func isDurable(upTo end: UInt64) {
        guard end > journalStart else { return }
        let count = Int(end - journalStart)
        for (group, dot) in journal[..<count] { groups[group]?.isDurable(dot) }
        journal.removeSubrange(..<count)
        journalStart = end
    }

    // MARK: Surviving

    /// A record of the log, at opening.
    public func replay(_ record: ReplayedRecord) {
        guard let note = KnowledgeNote(decoding: record.note) else { return }
        switch note.kind {
        case .handled(let dots, let key):
            let key = ByteBuffer(bytes: (key ?? record.key).readableBytesView)
            groups[record.group, default: GroupKnowledge()].handle(dots, of: key)
        case .handledAbsent(let dots):
            groups[record.group, default: GroupKnowledge()].handleAbsent(dots)
        case .gone(let context):
            let key = ByteBuffer(bytes: record.key.readableBytesView)
            gone[record.group, default: []].append((key, context))
        }
    }

    /// What the last checkpoint said, besides what was replayed.
    public func restore(from engine: any StorageEngine, _ layout: Layout) {
        for group in layout.groups {
            guard let bytes = engine.metadata(Self.summaryName(of: group)) else { continue }
            let isWhole = groups[group, default: GroupKnowledge()].restore(bytes)
            precondition(isWhole, "the summary of \(group) passed its checksum and is none")
        }
        for group in gone.keys.sorted() {
            for (key, context) in gone[group] ?? [] { groups[group]?.forget(key, coveredBy: context) }
        }
        gone = [:]
        for group in groups.keys { groups[group]?.restoreIsOver() }
    }

    /// For `LogEngine.beforeCheckpoint`: the summaries of what has changed.
    public func summarise() -> [MetadataChange] {
        groups.keys.sorted().compactMap { group in
            guard groups[group]?.isUnsummarised == true else { return nil }
            groups[group]?.isUnsummarised = false
            return summary(of: group)
        }
    }

    func summary(of group: Group) -> MetadataChange {
        MetadataChange(name: Self.summaryName(of: group), value: self[group].encoded())
    }

    private static func summaryName(of group: Group) -> String { "clock/\(group.partition.rawValue)/\(group.n)" }

    public func checkInvariants() {
        for group in known { self[group].checkInvariants() }
    }
}

extension GroupKnowledge {
    fileprivate mutating func handle(_ dots: [Dot], of key: ByteBuffer) {
        for dot in dots { handle(dot, of: key) }
    }
}

extension Layout {
    /// Every partition with every n that a bucket type has, ascending.
    var groups: [Group] {
        let counts = Set(bucketTypes.map { UInt8($0.n) }).sorted()
        return partitions.flatMap { partition in counts.map { Group(partition: partition, n: $0) } }
    }
}
