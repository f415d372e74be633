// Reads of the own store that go through the disk, and who waits for them.
//
// While a read is under way the key may be stored over. What was read is then out of date: a write that went over it
// would lose what came meanwhile. The table knows which of its reads are, so that those are done again (rule 2).

import CoteriePrimitives
import CoterieStorage
import CoterieWire

/// Who waits for a read of the own store that goes through the disk.
enum AwaitedLoad {
    /// The coordinator's own part of a read.
    case read(UInt64)
    /// A write that needs the object it goes over.
    case write(UInt64)
    case store(Store, from: MemberNumber)
    case fetch(Fetch, from: MemberNumber)
    case scan(ScanInProgress)
    case offer(OfferInProgress)
    case offered(Offered)
    /// An object of a scan: its source, whose clock the scan has told.
    case scanned(Store, from: MemberNumber)
    case sweep(Sweep)
    case range(RangeInProgress)
    case reclaim(Marker)
    /// The walk that looks for markers.
    case walk
    /// Somebody looks at the own replica.
    case inspect(ReplyToken)
}

/// One key of an offer, on its way into the store.
struct Offered {
    let object: OfferedObject
    let round: UInt64
    let source: MemberNumber
}

/// The reads under way.
struct LoadTable {
    struct Entry {
        let awaited: AwaitedLoad
        let group: Group
        let key: ObjectKey
        /// Nothing was stored over the key since the read began.
        var isCurrent = true
    }

    private var entries: [LoadTicket: Entry] = [:]
    private var tickets: [ObjectKey: [LoadTicket]] = [:]

    mutating func insert(_ awaited: AwaitedLoad, _ group: Group, _ key: ObjectKey, _ ticket: LoadTicket) {
        entries[ticket] = Entry(awaited: awaited, group: group, key: key)
        tickets[key, default: []].append(ticket)
    }

    /// Whether an object that nobody waits for, of a scan or a repair, is still to be merged into this group.
    func isMerging(into group: Group) -> Bool {
        entries.values.contains { entry in
            switch entry.awaited {
            case .store(let store, _): entry.group == group && store.exchange == 0
            case .scanned: entry.group == group
            default: false
            }
        }
    }

    /// The key was stored over. O(1) where nothing is under way.
    mutating func changed(_ key: ObjectKey) {
        guard !entries.isEmpty, let tickets = tickets[key] else { return }
        for ticket in tickets { entries[ticket]?.isCurrent = false }
    }

    mutating func remove(_ ticket: LoadTicket) -> Entry? {
        guard let entry = entries.removeValue(forKey: ticket) else { return nil }
        if var others = tickets.removeValue(forKey: entry.key), others.count > 1 {
            others.removeAll { $0 == ticket }
            tickets[entry.key] = others
        }
        return entry
    }
}
