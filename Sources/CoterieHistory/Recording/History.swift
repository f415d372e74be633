// What clients asked of a store and what they were answered, in the order in which it happened.
//
// A history is a list of operations with their intervals (Herlihy and Wing, 1990): one operation precedes another if it
// returned before the other was called. The order of `call` and `complete` is that order; clocks are for people.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore

/// What a bucket type makes of its keys, as far as a judge needs it.
public struct BucketRule: Hashable, Sendable {
    /// Replicas of each key, at least 1.
    public var n: Int
    public var kind: TypeKind
    /// Where a request does not say.
    public var r: Quorum
    /// Where a request does not say.
    public var w: Quorum
    /// Where a request does not say: how many fsynced copies an acknowledgement stands for.
    public var dw: Quorum
    /// Where neither a request nor a receipt says: whether fallbacks may have counted.
    public var sloppy: Bool

    public init(
        n: Int = 3, kind: TypeKind = .siblings, r: Quorum = .quorum, w: Quorum = .quorum, dw: Quorum? = nil,
        sloppy: Bool = false
    ) {
        precondition(n >= 1, "a key has at least one replica, not \(n)")
        self.n = n
        self.kind = kind
        self.r = r
        self.w = w
        self.dw = dw ?? w
        self.sloppy = sloppy
    }
}

/// How much of a history is kept. Whole keys go, chosen by their hash, so that what stays is all that happened to the
/// keys that stay: every checker judges key by key and remains sound.
public struct Retention: Hashable, Sendable {
    /// At least 1. A history that reaches it drops half of its keys, and goes on without them: again and again, until
    /// what is left fits. One key with more operations than this is dropped as well, rather than cut in the middle.
    public var maximumRecords: Int
    /// Whether receipts are kept: about a third of the memory.
    public var receipts: Bool

    public init(maximumRecords: Int, receipts: Bool = true) {
        precondition(maximumRecords >= 1, "a history keeps at least one record, not \(maximumRecords)")
        self.maximumRecords = maximumRecords
        self.receipts = receipts
    }

    public static let everything = Retention(maximumRecords: .max)
}

/// The operations of a run.
public struct History: Sendable {
    /// By the name of the bucket type; what is not named has three replicas and keeps siblings.
    public var rules: [String: BucketRule]
    public let retention: Retention
    /// In the order of the calls.
    public private(set) var records: [Record] = []
    /// How many operations were left out, with their keys.
    public private(set) var dropped = 0
    /// Keys whose hash has a bit of this mask set are not kept.
    public private(set) var droppedKeys: UInt64 = 0
    /// Where each operation stands that has not returned.
    private var open: [RecordID: Int] = [:]
    private var nextID: UInt64 = 1
    private var nextValue: UInt64 = 1
    private var nextOrder = 1

    public init(rules: [String: BucketRule] = [:], retention: Retention = .everything) {
        self.rules = rules
        self.retention = retention
    }

    /// A value that nobody has written.
    public mutating func freshValue() -> ValueID {
        defer { nextValue += 1 }
        return ValueID(nextValue)
    }

    /// The rule of a key's bucket type.
    public func rule(of key: ObjectKey) -> BucketRule { rules[String(buffer: key.type)] ?? BucketRule() }

    /// An operation begins. Amortised O(1).
    @discardableResult
    public mutating func call(
        _ action: Action, key: ObjectKey, by process: ProcessNumber, context: VersionVector? = nil,
        replacesFound: Bool = false, isConditional: Bool = false, floor: VersionVector? = nil, asked: Asked = Asked(),
        at now: Instant
    ) -> RecordID {
        let id = RecordID(nextID)
        nextID += 1
        let called = moment(now)
        while keeps(key), records.count >= retention.maximumRecords { dropKeys() }
        guard keeps(key) else {
            dropped += 1
            return id
        }
        open[id] = records.count
        records.append(
            Record(
                id: id, process: process, key: key, action: action, context: context, replacesFound: replacesFound,
                isConditional: isConditional, floor: floor, asked: asked, called: called))
        return id
    }

    /// An operation returns. One that is not open, or was left out, is ignored. O(1).
    public mutating func complete(
        _ id: RecordID, _ outcome: Outcome, code: ErrorCode? = nil, reply: Reply? = nil, receipt: Receipt? = nil,
        at now: Instant
    ) {
        let returned = moment(now)
        guard let index = open.removeValue(forKey: id) else { return }
        records[index].returned = returned
        records[index].outcome = outcome
        records[index].code = code
        records[index].reply = reply
        if retention.receipts { records[index].receipt = receipt }
    }

    /// The operation of this number, where it was kept. O(log records).
    public subscript(id: RecordID) -> Record? {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].id == id ? records[low] : nil
    }

    /// Takes records as they are: in the order of their calls, with numbers that ascend.
    init(rules: [String: BucketRule], imported records: [Record]) {
        self.init(rules: rules)
        self.records = records
        for (index, record) in records.enumerated() {
            nextID = max(nextID, record.id.rawValue + 1)
            nextOrder = max(nextOrder, record.called.order + 1)
            if let returned = record.returned { nextOrder = max(nextOrder, returned.order + 1) }
            if case .put(let value) = record.action { nextValue = max(nextValue, value.rawValue + 1) }
            if record.returned == nil { open[record.id] = index }
        }
    }

    private mutating func moment(_ now: Instant) -> Moment {
        defer { nextOrder += 1 }
        return Moment(order: nextOrder, nanoseconds: now.nanoseconds)
    }

    private func keeps(_ key: ObjectKey) -> Bool {
        droppedKeys == 0 || key.hash(with: Self.sampling) & droppedKeys == 0
    }

    /// Leaves out half of the keys that are there. O(records).
    private mutating func dropKeys() {
        let mask = droppedKeys << 1 | 1
        droppedKeys = mask
        let before = records.count
        records.removeAll { $0.key.hash(with: Self.sampling) & mask != 0 }
        dropped += before - records.count
        open.removeAll(keepingCapacity: true)
        for (index, record) in records.enumerated() where record.returned == nil { open[record.id] = index }
    }

    private static let sampling = HashKey(0x6869_7374_6f72_7920, 0x7361_6d70_6c69_6e67)
}
