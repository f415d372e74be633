// Where the scrub stands: a slow walk over everything that a node stores, group by group, range by range (design,
// section 4, rule 12).

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore

/// The walk, and what it found.
struct ScrubState {
    enum Phase {
        /// The next range is due at the next tick. Can transition to: `reading`, `comparing`.
        case idle
        /// Records of the range lie on disk. Can transition to: `idle`, `comparing`.
        case reading
        /// Another owner was told of the range. Can transition to: `idle`.
        case comparing(Comparing)
    }

    /// A question under way.
    struct Comparing {
        let exchange: UInt64
        let partner: MemberNumber
        let since: Instant
        let range: RangeInProgress
    }

    var phase = Phase.idle
    /// Where the next range begins; empty: at the group's beginning.
    var start = ByteBuffer()
    /// Keys that two owners have in different states, not looked at yet, with their group.
    var differing: [(group: Group, key: ObjectKey)] = []
    /// Since when the budget has no room for the next range.
    var waitsSince: Instant?
    private(set) var passes = 0
    private var hasEndedAPass = false
    private(set) var lastPass: Instant?
    private var groups: [Group] = []
    private var epoch: Epoch?
    private var place = 0
    /// Groups that the walk has left since its pass began.
    private(set) var walked = 0
    private let life: UInt64

    /// - Parameter life: the start nonce: with it each life begins at another group, so that a node that is restarted
    ///   often comes to all.
    init(life: UInt64) { self.life = life }

    var groupCount: Int { groups.count }

    /// The group whose turn it is; nil where this member owns none.
    mutating func group(_ layout: Layout, _ me: MemberNumber) -> Group? {
        if epoch != layout.epoch {
            epoch = layout.epoch
            groups = layout.groups.filter { layout.isOwner(me, of: $0) }
            place = groups.isEmpty ? 0 : Int(life % UInt64(groups.count))
            walked = 0
            start = ByteBuffer()
        }
        return groups.isEmpty ? nil : groups[place]
    }

    /// Goes on behind a range; `next` nil: with the next group.
    mutating func advance(to next: ByteBuffer?, at now: Instant) {
        phase = .idle
        if let next {
            start = next
            return
        }
        start = ByteBuffer()
        guard !groups.isEmpty else { return }
        place = (place + 1) % groups.count
        walked += 1
        if walked == groups.count {
            walked = 0
            passes += 1
            hasEndedAPass = true
            lastPass = now
        }
    }

    /// Whether a pass has ended since this was last asked.
    mutating func takeRest() -> Bool {
        defer { hasEndedAPass = false }
        return hasEndedAPass
    }

    /// What is read now counts for nothing any more.
    mutating func interrupt() { phase = .idle }
}

/// A range of keys that is being read, record by record: some may lie on disk.
struct RangeInProgress {
    /// Whose question it is.
    enum Purpose {
        case own
        case answer(Compare, to: MemberNumber)
    }

    let purpose: Purpose
    let group: Group
    let start: ByteBuffer
    /// The first key behind the range; nil: it goes to the group's end.
    var end: ByteBuffer?
    /// Those left, the next one first.
    var keys: ArraySlice<ByteBuffer>
    var entries: [Comparison.Entry] = []
    var bytes = 0

    /// The range's states as one number: equal where the same keys have equal states.
    var digest: UInt64 { entries.reduce(0) { $0 ^ CausalDigest.bind($1.digest, to: $1.key.bytes) } }
}
