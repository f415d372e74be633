// Reads of hints that go through the disk, and what goes on when they have come.

import CoterieCausality
import CoteriePrimitives
import CoterieStorage
import CoterieWire

/// What goes on with a hint that was read.
enum HintPurpose {
    /// An object is merged into it.
    case keep(Store, from: MemberNumber)
    /// It is one of those of its key that are being merged.
    case collect(HintCollection)
    /// It is sent to its target.
    case deliver
}

/// All hints of one key that this node keeps, on the way to being merged.
struct HintCollection {
    enum Reader {
        /// A write that is to be minted here, in this slot.
        case write(UInt64)
        /// This node's part in a read that it carries.
        case read(UInt64)
        case fetch(Fetch, from: MemberNumber)
    }

    let reader: Reader
    let group: Group
    let key: ObjectKey
    /// The targets whose hints have not been looked at, the next one first.
    var left: ArraySlice<MemberNumber>
    var found = HintContent()
}

/// What one or more hints of a key hold, merged.
struct HintContent {
    var object: CausalObject?
    /// The oldest round of any of it; nil where there is nothing.
    var round: UInt64?
}

/// The reads under way.
struct HintLoads {
    struct Entry {
        let purpose: HintPurpose
        let partition: PartitionIndex
        let name: HintKey
        /// No hint of the key was changed since the read began.
        var isCurrent = true
    }

    private var entries: [LoadTicket: Entry] = [:]

    mutating func insert(
        _ purpose: HintPurpose, _ partition: PartitionIndex, _ name: HintKey, _ ticket: LoadTicket
    ) {
        entries[ticket] = Entry(purpose: purpose, partition: partition, name: name)
    }

    mutating func remove(_ ticket: LoadTicket) -> Entry? {
        entries.isEmpty ? nil : entries.removeValue(forKey: ticket)
    }

    /// A hint of the key was stored over or removed. O(reads under way).
    mutating func changed(_ key: ObjectKey) {
        for (ticket, entry) in entries where entry.name.key == key { entries[ticket]?.isCurrent = false }
    }
}
