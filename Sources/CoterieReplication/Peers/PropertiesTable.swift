// The overrides of buckets' and types' properties: last-writer-wins by hybrid time, spread to all members, kept in one
// metadata record. (`n` and `type` are the layout's and never change here.)

import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore

/// All overrides that this node knows.
struct PropertiesTable {
    private var byBucket: [ByteBuffer: PropertiesUpdate] = [:]

    init() {}

    /// From the metadata record; what cannot be read is left out, and comes again from the peers.
    init(restoring record: ByteBuffer?) {
        guard let record else { return }
        var decoder = FrameDecoder(maxFrameBytes: max(record.readableBytes, Frame.headerBytes))
        decoder.append(record)
        while let frame = try? decoder.next() {
            if case .properties(let update)? = try? Message.decode(kind: frame.kind, body: frame.body) {
                byBucket[update.bucket] = update
            }
        }
    }

    /// The metadata record's form: one frame an override.
    func encoded() -> ByteBuffer {
        var out = ByteBuffer()
        for update in updates { Message.properties(update).encode(into: &out) }
        return out
    }

    /// All overrides, in order of their buckets.
    var updates: [PropertiesUpdate] { byBucket.values.sorted { $0.bucket.isOrderedBefore($1.bucket) } }

    subscript(bucket: ByteBuffer) -> PropertiesUpdate? { byBucket[bucket] }

    /// Takes an update that is newer than what is known. True where it was.
    mutating func take(_ update: PropertiesUpdate) -> Bool {
        if let known = byBucket[update.bucket],
            (known.time, known.author.rawValue) >= (update.time, update.author.rawValue)
        {
            return false
        }
        byBucket[update.bucket] = update
        return true
    }

    /// What holds for a key: the type's own, its overrides, the bucket's overrides.
    func effective(for key: ObjectKey, of type: BucketType) -> BucketProperties {
        if byBucket.isEmpty { return type.properties }
        return effective(bucket: ObjectKey.bucketPrefix(type: key.type, bucket: key.bucket), of: type)
    }

    func effective(bucket: ByteBuffer, of type: BucketType) -> BucketProperties {
        let typePrefix = ObjectKey.bucketPrefix(type: ByteBuffer(string: type.name), bucket: ByteBuffer())
        var properties = type.properties
        for prefix in [typePrefix, bucket] {
            if let update = byBucket[prefix] { properties = properties.merging(overrides: update.properties) }
        }
        return properties
    }
}

extension NodeMachine {
    /// What holds for a bucket (an empty one: for the type).
    public func effectiveProperties(bucket: ByteBuffer, of type: BucketType) -> BucketProperties {
        properties.effective(bucket: bucket, of: type)
    }

    /// What an operator has set for a bucket (an empty one: for the type), and nothing that holds by itself.
    public func overriddenProperties(bucket: ByteBuffer) -> BucketProperties {
        properties[bucket]?.properties ?? BucketProperties()
    }

    /// An operator's change: durable here and on its way to all peers before it is acknowledged.
    mutating func setProperties(
        _ change: PropertiesChange, for token: ReplyToken, _ now: Now, _ effects: inout Effects
    ) {
        let seen = properties[change.bucket].map { HybridTime(rawValue: $0.time) }
        let update = PropertiesUpdate(
            bucket: change.bucket, properties: change.properties ?? BucketProperties(),
            time: HybridTime.next(at: now.wall, after: seen).rawValue, author: me)
        if learn(update, &effects) {
            barriers.await(.properties(token), .durable)
            for member in peers.keys.sorted() where isConnected(member) {
                effects.append(.send(.properties(update), to: member))
            }
        } else {
            refuse(.door(token), Failure(.readOnly, "the properties could not be stored"), now, &effects)
        }
    }

    /// Takes and stores a newer update. True where it was taken.
    @discardableResult
    mutating func learn(_ update: PropertiesUpdate, _ effects: inout Effects) -> Bool {
        guard properties.take(update) else { return false }
        do throws(StorageFailure) {
            let change = MetadataChange(name: MetadataName.propertiesIndex, value: properties.encoded())
            try engine.apply(Batch(metadata: [change]))
            return true
        } catch {
            effects.append(.note(.writesRefused(error)))
            return false
        }
    }
}
