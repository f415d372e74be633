// A key of a replicated type: read as what the type makes of it, changed by the type's operations.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import CoterieWire
import NIOCore

/// A key whose concurrent updates merge by its type. A value: cheap to make, to copy and to send to another task.
///
/// ```swift
/// let visits = client.bucket("pages", type: "counters").counter("home")
/// try await visits.increment()
/// print(try await visits.value)
/// ```
///
/// The bucket type decides what a key is; this view must be of that type, else requests throw `wrong_type`.
///
/// An update that may be repeated (additions to counters, offers, elements of sets that only grow) carries an operation id.
/// What is retried inside of the client is recognised and counts once; and such an update that threw with the outcome
/// `unknown` can be made again with the same id (``CoterieClient/newOperationID()``).
public struct TypedKey<T: ReplicatedType>: Sendable {
    let bucket: Bucket
    let key: ByteBuffer

    /// The name of the key within its bucket.
    public var name: ByteBuffer { key }

    /// The value, as a quorum has it.
    public var value: T.Value { get async throws(CoterieError) { try await read().value } }

    /// Reads the value, with what goes with it.
    /// - Parameter floor: what the answer must have seen: one's own update, an earlier read.
    public func read(
        atLeast floor: KeyContext? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedValue<T.Value> {
        let object = try bucket.objectKey(key)
        var options = options
        if let floor { options.floor = try floor.vector(for: object) }
        let fetched = try await bucket.fetchObject(object, options)
        try checkType(fetched.receipt)
        return TypedValue(
            value: try value(of: fetched.object, object), isThere: !fetched.object.siblings.isEmpty,
            context: KeyContext(key: object, vector: fetched.object.context), receipt: fetched.receipt)
    }

    /// Takes back the printable form of a context of this key.
    public func context(_ text: String) throws(CoterieError) -> KeyContext { try bucket.context(text, for: key) }

    /// Performs an operation of the type.
    ///
    /// - Parameters:
    ///   - seen: what a removing operation acts on: all that this context has seen, and nothing else. Without one it acts on
    ///     what the owner holds that takes the update.
    ///   - id: a name of this operation, the same whenever it is tried again; nil: a new one. Of no use to operations that
    ///     may not be repeated (`ReplicatedType.mayRepeat`): removals, assignments.
    @discardableResult
    public func update(
        _ operation: T.Operation, seen: KeyContext? = nil, id: OperationID? = nil,
        options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<T.Value> {
        let object = try bucket.objectKey(key)
        let bytes = operation.canonicalBytes()
        let limit = bucket.client.configuration.limits.maxValueBytes
        guard bytes.readableBytes <= limit else {
            throw CoterieError(
                .valueTooLarge, "the update of \(object) has \(bytes.readableBytes) bytes, the limit is \(limit)")
        }
        let vector = try seen?.vector(for: object)
        try await bucket.learnLayout(through: object)
        try checkType(nil)
        // With a name the client would try it again through another owner; where the type does not recognise it there, it
        // would be done twice.
        let name = T.mayRepeat(operation) ? id ?? bucket.client.newOperationID() : nil
        let stored = try await bucket.storeObject(
            object, .update(bytes, context: vector, id: name), options)
        return TypedUpdate(
            value: try stored.object.map { (found) throws(CoterieError) in try value(of: found, object) },
            floor: KeyContext(key: object, vector: stored.receipt.floor(stored.context)), id: name,
            receipt: stored.receipt)
    }

    /// Deletes the key: what `seen` covers, or without it what a quorum read finds. What was updated meanwhile stays.
    @discardableResult
    public func delete(
        seen: KeyContext? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> KeyContext {
        let object = try bucket.objectKey(key)
        let stored = try await bucket.storeObject(
            object, .delete(context: try seen?.vector(for: object), condition: nil), options)
        return KeyContext(key: object, vector: stored.context)
    }

    /// That the bucket type is of this type, as far as the layout is known.
    private func checkType(_ receipt: Receipt?) throws(CoterieError) {
        guard let kind = bucket.kind, kind.rawValue != T.name else { return }
        throw CoterieError(
            .wrongType, "the bucket type \(bucket.type) has the type \(kind), and is used as \(T.name)",
            receipt: receipt)
    }

    /// A removing operation acts on what was seen; where the caller says nothing of that, on what a quorum has now.
    func seen(_ given: KeyContext?, _ options: RequestOptions) async throws(CoterieError) -> KeyContext {
        if let given { return given }
        var reading = options
        reading.returnBody = false
        return try await read(options: reading).context
    }

    private func value(of object: CausalObject, _ key: ObjectKey) throws(CoterieError) -> T.Value {
        do {
            return try T.value(of: object)
        } catch {
            throw CoterieError(.unreadableContent, "\(key) is no \(T.name) that this client can read: \(error)")
        }
    }
}

/// What a read of a typed key found.
public struct TypedValue<Value: Hashable & Sendable>: Hashable, Sendable {
    public let value: Value
    /// Whether anything is live: a counter that was never touched reads 0, and is not there.
    public let isThere: Bool
    /// What was seen: for removing operations, and as a floor of reads.
    public let context: KeyContext
    /// The quorum asked and met, and who answered.
    public let receipt: Receipt
}

/// What an update left.
public struct TypedUpdate<Value: Hashable & Sendable>: Hashable, Sendable {
    /// The value as it is afterwards, where `RequestOptions.returnBody` was set; else nil.
    public let value: Value?
    /// What a read must have seen to show this update: for `TypedKey.read(atLeast:)`. It may cover what its client has not
    /// seen, so it says nothing to a removing operation.
    public let floor: KeyContext
    /// The name under which it may be made again; nil of an update that may not.
    public let id: OperationID?
    public let receipt: Receipt
}

extension Bucket {
    /// A key of any replicated type, one's own among them.
    public func key<T: ReplicatedType>(_ key: some ByteConvertible, _ type: T.Type) -> TypedKey<T> {
        TypedKey(bucket: self, key: key.storedBytes)
    }

    public func counter(_ key: some ByteConvertible) -> TypedKey<ReplicatedCounter> {
        self.key(key, ReplicatedCounter.self)
    }
    public func set(_ key: some ByteConvertible) -> TypedKey<ReplicatedSet> { self.key(key, ReplicatedSet.self) }
    public func growOnlySet(_ key: some ByteConvertible) -> TypedKey<GrowOnlySet> { self.key(key, GrowOnlySet.self) }
    public func flag(_ key: some ByteConvertible) -> TypedKey<ReplicatedFlag> { self.key(key, ReplicatedFlag.self) }
    public func register(_ key: some ByteConvertible) -> TypedKey<ReplicatedRegister> {
        self.key(key, ReplicatedRegister.self)
    }
    public func maximum(_ key: some ByteConvertible) -> TypedKey<ReplicatedMaximum> {
        self.key(key, ReplicatedMaximum.self)
    }
    public func minimum(_ key: some ByteConvertible) -> TypedKey<ReplicatedMinimum> {
        self.key(key, ReplicatedMinimum.self)
    }
    public func distinctCount(_ key: some ByteConvertible) -> TypedKey<DistinctCount> {
        self.key(key, DistinctCount.self)
    }
    public func map(_ key: some ByteConvertible) -> TypedKey<ReplicatedMap> { self.key(key, ReplicatedMap.self) }
    public func boundedCounter(_ key: some ByteConvertible) -> TypedKey<BoundedCounter> {
        self.key(key, BoundedCounter.self)
    }
}
