// The answer of `GET /admin/explain?type=&bucket=&key=`: what this node's replica holds of one key, event by event, what
// the type's rule makes of it, and what it remembers of its merges. `coterie explain` draws the answers of all owners.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import HTTPTypes
import NIOCore

/// One replica of one key.
public struct ReplicaReport: Codable, Hashable, Sendable {
    /// The member that answers.
    public var node: String
    public var epoch: UInt64
    /// The key's bucket type, and the replicated type that it has.
    public var bucketType: String
    public var datatype: String
    public var bucket: String
    public var key: String
    /// Whether the node owns a slot of the key.
    public var isOwner: Bool
    /// Why there is nothing to tell; nil where there is.
    public var failure: String?
    /// For each replica the last event of this key that was seen. Empty: nothing is known of the key.
    public var context: [Seen] = []
    /// The same in its printable form.
    public var contextText: String?
    /// The live events, ascending: the first `maxLive` of them.
    public var live: [Live] = []
    /// How many there are.
    public var liveCount = 0
    /// What the type makes of the live events; nil where nothing is live.
    public var value: JSONValue?
    /// What this node remembers of the merges of this key, the newest first.
    public var merges: [MergeReport] = []

    /// So many live events are told one by one.
    public static let maxLive = 1_000

    /// The last event that was seen of a replica.
    public struct Seen: Codable, Hashable, Sendable {
        public var event: EventName
    }

    /// An event whose payload is there.
    public struct Live: Codable, Hashable, Sendable {
        public var event: EventName
        /// What it says, in short.
        public var says: String
        public var bytes: Int
        /// ISO 8601, by its minter's hybrid clock, where the type has times.
        public var written: String?
        /// False where the type's rule shows another one instead.
        public var isShown: Bool
    }

    public init(node: String, epoch: UInt64, bucketType: String, datatype: String, key: ObjectKey, isOwner: Bool) {
        self.node = node
        self.epoch = epoch
        self.bucketType = bucketType
        self.datatype = datatype
        bucket = String(buffer: key.bucket)
        self.key = String(buffer: key.key)
        self.isOwner = isOwner
    }
}

/// An event by its dot: who minted it, in which life, which number.
public struct EventName: Codable, Hashable, Comparable, Sendable {
    /// The member's name.
    public var by: String
    /// `m1:3f9k`: the member's number and its life.
    public var replica: String
    public var counter: UInt64

    public init(by: String, replica: String, counter: UInt64) {
        self.by = by
        self.replica = replica
        self.counter = counter
    }

    public init(_ dot: Dot, _ layout: Layout) {
        by = layout.member(dot.replica.member)?.name ?? dot.replica.member.description
        replica = dot.replica.description
        counter = dot.counter
    }

    public static func < (a: Self, b: Self) -> Bool {
        (a.by, a.replica, a.counter) < (b.by, b.replica, b.counter)
    }
}

/// A merge that a node remembers: two states of a key of which neither had all of the other, or a rule that discarded.
public struct MergeReport: Codable, Hashable, Sendable {
    /// How long ago, in milliseconds.
    public var agoMilliseconds: Int64
    /// The member whose object came; nil of a write that this node carried itself.
    public var from: String?
    /// The write that the object came with, or that was carried here; nil of a repair.
    public var event: EventName?
    /// Events whose values came.
    public var arrived: [EventName]
    /// Events whose values went, because the other side had seen them and held them no longer.
    public var replaced: [EventName]
    /// Events whose values the type's rule discarded.
    public var discarded: [EventName]
    /// Events that stayed, and that the other side had not seen.
    public var stayed: [EventName]

    public init(
        agoMilliseconds: Int64, from: String?, event: EventName?, arrived: [EventName] = [],
        replaced: [EventName] = [], discarded: [EventName] = [], stayed: [EventName] = []
    ) {
        self.agoMilliseconds = agoMilliseconds
        self.from = from
        self.event = event
        self.arrived = arrived
        self.replaced = replaced
        self.discarded = discarded
        self.stayed = stayed
    }
}

extension ReplicaReport {
    /// Tells of an object, as the type reads it.
    public mutating func describe(_ object: CausalObject, as type: AnyReplicatedType, _ layout: Layout) {
        context = object.context.lastDots.map { Seen(event: EventName($0, layout)) }
        contextText = CausalContext(object.context).text
        let shown = Self.shown(of: object, datatype)
        liveCount = object.siblings.count
        live = object.siblings.prefix(Self.maxLive).map { sibling in
            let summary = PayloadSummary(of: sibling, type: datatype)
            return Live(
                event: EventName(sibling.dot, layout), says: summary.text ?? says(sibling, type),
                bytes: sibling.payload.readableBytes, written: summary.written.map { HTTPDate.iso8601($0.wall) },
                isShown: shown.map { $0 == sibling.dot } ?? true)
        }
        guard !object.siblings.isEmpty else { return }
        value = Self.value(of: object, type, datatype)
    }

    /// The one live dot that a type of one value shows; nil of types that all live dots have a part in.
    private static func shown(of object: CausalObject, _ datatype: String) -> Dot? {
        guard datatype == LastWriterWins.name || datatype == ReplicatedRegister.name else { return nil }
        return object.siblings.max { a, b in
            let (x, y) = (PayloadSummary(of: a, type: datatype).written, PayloadSummary(of: b, type: datatype).written)
            return x != y ? (x?.rawValue ?? 0) < (y?.rawValue ?? 0) : a.dot < b.dot
        }?.dot
    }

    /// The value that this dot would make if it were alone.
    private func says(_ sibling: Sibling, _ type: AnyReplicatedType) -> String {
        if datatype == ReplicatedSiblings.name || datatype == LastWriterWins.name {
            guard let content = try? Content(decoding: sibling.payload) else { return "no content" }
            return Self.short(TypeJSON.json(content.value)) + " (\(content.contentType))"
        }
        var alone = CausalObject()
        alone.write(dot: sibling.dot, payload: sibling.payload, observed: VersionVector())
        guard let value = Self.value(of: alone, type, datatype) else { return "unreadable" }
        return Self.short(value)
    }

    private static func value(of object: CausalObject, _ type: AnyReplicatedType, _ datatype: String) -> JSONValue? {
        switch datatype {
        case ReplicatedSiblings.name:
            return .array(
                object.siblings.map { sibling in
                    (try? Content(decoding: sibling.payload)).map { TypeJSON.json($0.value) } ?? .null
                })
        case LastWriterWins.name:
            guard let dot = shown(of: object, datatype) else { return nil }
            return object.siblings.first { $0.dot == dot }.flatMap { try? Content(decoding: $0.payload) }
                .map { TypeJSON.json($0.value) }
        default:
            guard let bytes = try? type.value(of: object) else { return nil }
            return try? TypeJSON.value(bytes, of: datatype)
        }
    }

    /// One line of JSON, cut to 48 characters.
    private static func short(_ value: JSONValue) -> String {
        let text = value.line
        return text.count > 48 ? text.prefix(47) + "…" : text
    }
}

extension JSONValue {
    /// The JSON text, in one line, keys sorted.
    public var line: String {
        var text = String(buffer: Answer(.ok, json: self).body)
        text.removeLast()
        return text
    }
}
