// A bucket: where a program reads, writes and deletes keys.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import CoterieWire
import NIOCore

/// The keys of one bucket of one bucket type. A value: cheap to make, to copy and to send to another task.
///
/// Reads return all concurrent values and a context; a write that carries the context replaces what was read:
///
/// ```swift
/// let carts = client.bucket("carts")
/// let cart = try await carts.get("alice")
/// try await carts.put("alice", "milk", context: cart.context)
/// ```
///
/// Every method throws `CoterieError`. A cancelled task gets one too, with the code `cancelled`: its `outcome` tells
/// whether a write may have been applied.
public struct Bucket: Sendable {
    let client: CoterieClient
    /// The bucket type: how many replicas its keys have, and what concurrent writes become.
    public let type: String
    public let name: String

    // MARK: Reading

    /// Reads a key: every concurrent value, none where there is none.
    public func get(
        _ key: some ByteConvertible, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> Fetched {
        let object = try objectKey(key)
        return try await fetch(object, options)
    }

    /// Reads a key that must reflect what `floor` has seen: one's own write, an earlier read. Waits, or asks more
    /// replicas, where those that answer have not seen it.
    public func get(
        _ key: some ByteConvertible, atLeast floor: KeyContext, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> Fetched {
        let object = try objectKey(key)
        var options = options
        options.floor = try floor.vector(for: object)
        return try await fetch(object, options)
    }

    // MARK: Writing

    /// Stores a value in place of those that `context` has seen. Without a context it replaces nothing: a value that is
    /// there stays beside it, as a sibling.
    @discardableResult
    public func put<Value: ByteConvertible>(
        _ key: some ByteConvertible, _ value: Value, context: KeyContext? = nil, condition: Condition? = nil,
        options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> Stored {
        let content = Content(value.storedBytes, contentType: Value.contentType)
        return try await put(key, content, context: context, condition: condition, options: options)
    }

    /// Stores a value with its metadata.
    @discardableResult
    public func put(
        _ key: some ByteConvertible, _ content: Content, context: KeyContext? = nil, condition: Condition? = nil,
        options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> Stored {
        let object = try objectKey(key)
        let limits = client.configuration.limits
        guard content.value.readableBytes <= limits.maxValueBytes else {
            throw CoterieError(
                .valueTooLarge,
                "the value of \(object) has \(content.value.readableBytes) bytes, the limit is \(limits.maxValueBytes)")
        }
        let vector = try context?.vector(for: object)
        return try await store(object, .put(content, context: vector, condition: condition), options)
    }

    /// Deletes the values that `context` has seen; without a context, those that a quorum read finds. Deleting what is
    /// not there is no error.
    @discardableResult
    public func delete(
        _ key: some ByteConvertible, context: KeyContext? = nil, condition: Condition? = nil,
        options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> Stored {
        let object = try objectKey(key)
        let vector = try context?.vector(for: object)
        return try await store(object, .delete(context: vector, condition: condition), options)
    }

    /// Takes back the printable form of a context of this key.
    public func context(_ text: String, for key: some ByteConvertible) throws(CoterieError) -> KeyContext {
        do {
            let context = try CausalContext(text: text)
            return KeyContext(key: try objectKey(key), vector: context.vector)
        } catch let error as CoterieError {
            throw error
        } catch {
            throw CoterieError(.malformedContext, "\(error)")
        }
    }

    // MARK: Requests

    func fetch(_ key: ObjectKey, _ options: RequestOptions) async throws(CoterieError) -> Fetched {
        let (object, receipt) = try await fetchObject(key, options)
        try expectContents(of: key, receipt)
        return try Fetched(object, of: key, receipt: receipt)
    }

    /// A key as the replicas have it, whatever its type.
    func fetchObject(
        _ key: ObjectKey, _ options: RequestOptions
    ) async throws(CoterieError) -> (object: CausalObject, receipt: Receipt) {
        let reply = try await client.perform(ClientRequest(key: key, operation: .get, options: options))
        guard case .object(let object) = reply.result else { throw Self.unexpected(reply) }
        return (object, reply.receipt)
    }

    /// A write or an update of whatever type.
    func storeObject(
        _ key: ObjectKey, _ operation: CoterieWire.Operation, _ options: RequestOptions
    ) async throws(CoterieError) -> (context: VersionVector, object: CausalObject?, receipt: Receipt) {
        let reply = try await client.perform(ClientRequest(key: key, operation: operation, options: options))
        switch reply.result {
        case .stored(let context, let object): return (context, object, reply.receipt)
        // What is not there is deleted already.
        case .object(let object) where object.siblings.isEmpty: return (object.context, nil, reply.receipt)
        default: throw Self.unexpected(reply)
        }
    }

    /// What is stored in a bucket type with operations is no content; how it is read is said instead.
    private func expectContents(of key: ObjectKey, _ receipt: Receipt) throws(CoterieError) {
        guard let kind = typeOfKeys else { return }
        throw CoterieError(
            .wrongType,
            "the bucket type \(type) has the type \(kind): its keys are read by their type "
                + "(Bucket.counter, .set, .map, …, Bucket.key(_:_:))", receipt: receipt)
    }

    func store(
        _ key: ObjectKey, _ operation: CoterieWire.Operation, _ options: RequestOptions
    ) async throws(CoterieError) -> Stored {
        let (context, object, receipt) = try await storeObject(key, operation, options)
        let contents = try object?.contents(of: key)
        return Stored(
            context: KeyContext(key: key, vector: context), values: contents?.values, vtags: contents?.vtags,
            receipt: receipt)
    }

    static func unexpected(_ reply: ClientReply) -> CoterieError {
        CoterieError(
            CoterieError.Code(.internalError), "a node answered another question than the one asked: \(reply.result)",
            outcome: .unknown, receipt: reply.receipt)
    }

    /// The whole key, its parts within the limits.
    func objectKey(_ key: some ByteConvertible) throws(CoterieError) -> ObjectKey {
        let limits = client.configuration.limits
        let bytes = key.storedBytes
        let parts: [(String, Int, Int)] = [
            ("bucket type", type.utf8.count, limits.maxTypeBytes), ("bucket", name.utf8.count, limits.maxBucketBytes),
            ("key", bytes.readableBytes, limits.maxKeyBytes),
        ]
        for (what, count, limit) in parts where count < 1 || count > limit {
            let code: CoterieError.Code = count > limit ? .keyTooLarge : .badRequest
            throw CoterieError(code, "the \(what) has \(count) bytes; allowed are 1 to \(limit)")
        }
        return ObjectKey(type: ByteBuffer(string: type), bucket: ByteBuffer(string: name), key: bytes)
    }
}
