// Taking over whole groups from other owners, batch by batch: a replica whose store was lost takes every group from
// every other owner (a write that it acknowledged may be at any one of them only); one that lacks events which every
// index has forgotten takes one group from one owner.
//
// A scan begins with the clock that its source had durably then; every object is read at or after that. When all of a
// group have come, of all its sources, the taker knows what their clocks know, and adopts them (design, section 4, rule
// 16; section 7, rule 2). A scan whose source has begun another life, or does not serve any more, begins anew.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore

/// What is left to fetch, and what is asked for now.
struct Refill {
    /// One group, from one of its other owners.
    struct Part: Hashable, Comparable {
        let group: Group
        let source: MemberNumber

        static func < (a: Self, b: Self) -> Bool { a.group != b.group ? a.group < b.group : a.source < b.source }
    }

    /// How far a scan has come.
    struct Scanning {
        /// Where to go on; empty: at the beginning.
        var start = ByteBuffer()
        /// The source's life in which it began.
        var life: UInt64 = 0
        /// What the source had handled then.
        var clock: PartitionClock?
        /// The keys that came.
        var seen: Set<ByteBuffer> = []
        /// Live events of own objects that the source had handled, and that its object of that key neither holds nor
        /// covers: its marker is gone.
        var lacking: [ByteBuffer: [Dot]] = [:]

        /// Whether the source has handled the event, and nothing of it is left there.
        func hasLost(_ dot: Dot, of key: ByteBuffer) -> Bool {
            guard hasHandled(dot) else { return false }
            return !seen.contains(key) || lacking[key]?.contains(dot) == true
        }

        func hasHandled(_ dot: Dot) -> Bool { clock?.contains(dot) == true }
    }

    /// Not complete, by source.
    private var open: [Part: Scanning] = [:]
    /// Complete, and not adopted yet.
    private var gathered: [Part: Scanning] = [:]
    struct Asked: Equatable {
        let part: Part
        /// How often things had been tried again before it was asked.
        let retry: UInt64
    }

    /// A question that is not answered until things were so often tried again is asked again: the answer did not leave.
    static let patience: UInt64 = 10

    /// Asked for, by exchange.
    private(set) var asked: [UInt64: Asked] = [:]
    /// Why sources do not serve, as far as they said so last.
    private(set) var refusals: [MemberNumber: ErrorCode] = [:]
    private(set) var total = 0
    private(set) var done = 0

    /// Nothing is to be fetched yet.
    init() {}

    /// Every group that this member owns, from every other owner.
    init(layout: Layout, me: MemberNumber) {
        for group in layout.groups where layout.isOwner(me, of: group) {
            for source in layout.preferenceList(for: group).primaries where source != me {
                add(Part(group: group, source: source))
            }
        }
    }

    var isComplete: Bool { open.isEmpty }

    /// The parts that are not complete, in no order.
    var openList: Dictionary<Part, Scanning>.Keys { open.keys }

    mutating func add(_ part: Part) {
        guard open[part] == nil, gathered[part] == nil else { return }
        open[part] = Scanning()
        total += 1
    }

    /// The next part that can be asked for now, of those sources, in order, under this number. `life` gives the life of a source that can be
    /// reached.
    mutating func ask(
        _ exchange: UInt64, atOnce: Int, retry: UInt64, life: (MemberNumber) -> UInt64?
    ) -> (Part, start: ByteBuffer)? {
        guard asked.count < atOnce else { return nil }
        let busy = Set(asked.values.map(\.part))
        guard let part = open.keys.filter({ !busy.contains($0) && life($0.source) != nil }).min(),
            let current = life(part.source), var scanning = open[part]
        else { return nil }
        if scanning.life != current { scanning = Scanning(life: current) }
        open[part] = scanning
        asked[exchange] = Asked(part: part, retry: retry)
        return (part, scanning.start)
    }

    /// A batch begins to come: what the source has told is known before its objects are merged.
    mutating func receiving(_ exchange: UInt64, _ keys: [ObjectKey], clock: PartitionClock?) {
        guard let part = asked[exchange]?.part else { return }
        refusals[part.source] = nil
        if let clock { open[part]?.clock = clock }
        for key in keys { open[part]?.seen.insert(ByteBuffer(bytes: key.bytes.readableBytesView)) }
    }

    /// An object of a scan is about to be merged into the own one.
    mutating func compare(
        _ own: CausalObject, with other: CausalObject, of key: ObjectKey, _ group: Group, _ source: MemberNumber
    ) {
        let part = Part(group: group, source: source)
        guard let scanning = open[part] ?? gathered[part] else { return }
        let lacking = own.liveDots.filter { scanning.hasHandled($0) && !other.holdsOrCovers($0) }
        guard !lacking.isEmpty else { return }
        let own = ByteBuffer(bytes: key.bytes.readableBytesView)
        if open[part] != nil { open[part]?.lacking[own] = lacking } else { gathered[part]?.lacking[own] = lacking }
    }

    /// The batch is merged, as far as nothing waits for the disk. Returns the part where its group is complete with it.
    mutating func received(_ exchange: UInt64, next: ByteBuffer?) -> Part? {
        guard let part = asked.removeValue(forKey: exchange)?.part, let scanning = open[part] else { return nil }
        if let next {
            open[part]?.start = next
            return nil
        }
        guard scanning.clock != nil else {
            open[part] = Scanning()  // A source that told no clock: from the beginning.
            return nil
        }
        open[part] = nil
        gathered[part] = scanning
        done += 1
        return open.keys.contains { $0.group == part.group } ? nil : part
    }

    /// What all sources of a group have told; empty where it was given up meanwhile.
    mutating func take(_ group: Group) -> [Scanning] {
        let parts = gathered.keys.filter { $0.group == group }.sorted()
        return parts.compactMap { gathered.removeValue(forKey: $0) }
    }

    /// The source is gone: its parts are asked for again later, from where they stood if it comes back in the same life.
    mutating func interrupt(_ source: MemberNumber) { asked = asked.filter { $0.value.part.source != source } }

    /// Asks again for what was asked so long ago that the answer must be lost.
    mutating func giveUp(at retry: UInt64) {
        asked = asked.filter { retry < $0.value.retry + Self.patience }
    }

    /// Something of this group could not be stored here: whatever was told of it is told again, from the beginning.
    mutating func restart(_ group: Group, from sources: [MemberNumber]) {
        for source in sources {
            let part = Part(group: group, source: source)
            asked = asked.filter { $0.value.part != part }
            gathered[part] = nil
            if open.updateValue(Scanning(), forKey: part) == nil { done -= 1 }
        }
    }

    /// As `restart`, where the replica serves: it lacks something still, and will ask again.
    mutating func abandon(_ group: Group) {
        asked = asked.filter { $0.value.part.group != group }
        for part in open.keys.filter({ $0.group == group }) {
            open[part] = nil
            done += 1
        }
        for part in gathered.keys.filter({ $0.group == group }) { gathered[part] = nil }
    }

    /// The question did not leave: it is asked again.
    mutating func unsent(_ exchange: UInt64) { asked[exchange] = nil }

    /// The source does not serve: what it told before is void.
    mutating func refused(_ exchange: UInt64, _ code: ErrorCode) {
        guard let part = asked.removeValue(forKey: exchange)?.part else { return }
        refusals[part.source] = code
        open[part] = Scanning()
    }
}
