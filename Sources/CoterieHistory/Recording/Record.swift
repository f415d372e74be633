// One operation as a client saw it: what it asked, what it sent, when, what came back.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire

/// What an operation does to its key.
public enum Action: Hashable, Sendable {
    case get
    /// Writes a value that no other operation of the history writes.
    case put(ValueID)
    case delete
    /// Adds an element to a set.
    case add(UInt64)
    /// Removes an element from a set: the additions of it that the context covers.
    case remove(UInt64)
    /// Adds to a counter; may be negative.
    case increment(Int64)
    /// Any other operation of a replicated type: no law looks into it.
    case update

    /// Whether it changes anything.
    public var isWrite: Bool {
        if case .get = self { return false }
        return true
    }
}

/// What became of an operation.
public enum Outcome: String, Hashable, Sendable, CaseIterable {
    case ok
    /// A delete that was answered, found nothing and minted nothing.
    case nothingToDelete = "nothing_to_delete"
    /// Definitely not applied; a read that failed.
    case notApplied = "not_applied"
    /// It may have been applied, or may still be.
    case unknown
    /// No answer was recorded: as `unknown`.
    case open

    /// Whether a write with this outcome may have had an effect.
    public var mayHaveApplied: Bool { self == .ok || self == .unknown || self == .open }
}

/// The quorums that an operation asked for; nil leaves it to the bucket.
public struct Asked: Hashable, Sendable {
    /// r of a read, w of a write.
    public var quorum: Quorum?
    /// pr or pw.
    public var primary: Quorum?
    /// dw.
    public var durable: Quorum?
    public var sloppy: Bool?
    public var notfoundOK: Bool?

    public init(
        quorum: Quorum? = nil, primary: Quorum? = nil, durable: Quorum? = nil, sloppy: Bool? = nil,
        notfoundOK: Bool? = nil
    ) {
        self.quorum = quorum
        self.primary = primary
        self.durable = durable
        self.sloppy = sloppy
        self.notfoundOK = notfoundOK
    }
}

/// One sibling of an answer.
public struct SeenValue: Hashable, Sendable {
    public var dot: Dot
    /// `unreadable` for bytes that no put has written; nil where the answer leaves values out.
    public var value: ValueID?
    /// The hybrid time at which its owner took it.
    public var written: HybridTime?

    public init(dot: Dot, value: ValueID?, written: HybridTime? = nil) {
        self.dot = dot
        self.value = value
        self.written = written
    }
}

/// What an operation was answered.
public struct Reply: Hashable, Sendable {
    /// The object's context. Nil where the answer names none (another door, a collection).
    public var context: VersionVector?
    /// The live values, ascending by dot. Nil where the answer does not show them: most writes.
    public var siblings: [SeenValue]?
    /// A set's elements.
    public var elements: [UInt64]?
    /// A counter's value.
    public var count: Int64?

    public init(
        context: VersionVector? = nil, siblings: [SeenValue]? = nil, elements: [UInt64]? = nil, count: Int64? = nil
    ) {
        self.context = context
        self.siblings = siblings
        self.elements = elements
        self.count = count
    }
}

/// One operation.
public struct Record: Hashable, Sendable {
    public let id: RecordID
    public let process: ProcessNumber
    public let key: ObjectKey
    public var action: Action
    /// The context that a write sent: what it replaces.
    public var context: VersionVector?
    /// Whether the store itself chooses what is replaced: a delete without a context, a condition that names a value.
    public var replacesFound: Bool
    /// Whether the write asked for something that had to hold.
    public var isConditional: Bool
    /// The floor that a read sent.
    public var floor: VersionVector?
    public var asked: Asked
    public let called: Moment
    public var returned: Moment?
    public var outcome: Outcome
    /// Of a failure that has one.
    public var code: ErrorCode?
    public var reply: Reply?
    public var receipt: Receipt?

    public init(
        id: RecordID, process: ProcessNumber, key: ObjectKey, action: Action, context: VersionVector? = nil,
        replacesFound: Bool = false, isConditional: Bool = false, floor: VersionVector? = nil, asked: Asked = Asked(),
        called: Moment, returned: Moment? = nil, outcome: Outcome = .open, code: ErrorCode? = nil, reply: Reply? = nil,
        receipt: Receipt? = nil
    ) {
        self.id = id
        self.process = process
        self.key = key
        self.action = action
        self.context = context
        self.replacesFound = replacesFound
        self.isConditional = isConditional
        self.floor = floor
        self.asked = asked
        self.called = called
        self.returned = returned
        self.outcome = outcome
        self.code = code
        self.reply = reply
        self.receipt = receipt
    }

    /// The layout's version that the answer names.
    public var epoch: Epoch? { receipt?.epoch }

    /// When it was over, for the order of things: at the end of time where no answer came.
    var returnOrder: Int { returned?.order ?? .max }
}
