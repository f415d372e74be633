// Operations on keys of replicated types, and their values.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import CoterieWire
import NIOCore

/// What a key of a replicated type holds.
public struct TypedValue<Value: Hashable & Sendable>: Hashable, Sendable {
    public let value: Value
    /// Sent with an update, says that it acts on what was read: `remove` takes what was there then.
    public let context: KeyContext
    /// Whether nothing is there: never updated, or all of it taken away.
    public let isEmpty: Bool
    public let receipt: Receipt
}

/// What an update left.
public struct TypedUpdate<Value: Hashable & Sendable>: Hashable, Sendable {
    /// The value afterwards, where `RequestOptions.returnBody` was set; else nil.
    public let value: Value?
    /// Covers the update.
    public let context: KeyContext
    public let receipt: Receipt
}

extension Bucket {
    /// Performs an operation of the replicated type that this bucket's type has.
    ///
    /// ```swift
    /// let visits = client.bucket("visits", type: "counters")
    /// try await visits.update("home", ReplicatedCounter.self, .add(1))
    /// let count = try await visits.value("home", of: ReplicatedCounter.self).value
    /// ```
    ///
    /// An operation that its type recognises when it comes again (`ReplicatedType.mayRepeat`: additions to a counter) is
    /// made again through other nodes where an answer is lost, and counts once. Any other one ends with an `unknown` outcome
    /// then.
    ///
    /// - Parameter context: of a read: the operation acts on what was seen then, and on nothing that came since.
    @discardableResult
    public func update<T: ReplicatedType>(
        _ key: some ByteConvertible, _ type: T.Type, _ operation: T.Operation, context: KeyContext? = nil,
        options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<T.Value> {
        let object = try objectKey(key)
        let update = CoterieWire.Operation.update(
            operation.canonicalBytes(), context: try context?.vector(for: object),
            id: T.mayRepeat(operation) ? client.operationNames.next() : nil)
        let reply = try await client.perform(ClientRequest(key: object, operation: update, options: options))
        guard case .stored(let context, let found) = reply.result else { throw Self.unexpected(reply) }
        return TypedUpdate(
            value: try found.map { found throws(CoterieError) in try Self.value(T.self, of: found, at: object) },
            context: KeyContext(key: object, vector: context), receipt: reply.receipt)
    }

    /// Reads a key of a replicated type.
    public func value<T: ReplicatedType>(
        _ key: some ByteConvertible, of type: T.Type, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedValue<T.Value> {
        let object = try objectKey(key)
        let reply = try await client.perform(ClientRequest(key: object, operation: .get, options: options))
        guard case .object(let found) = reply.result else { throw Self.unexpected(reply) }
        return TypedValue(
            value: try Self.value(T.self, of: found, at: object),
            context: KeyContext(key: object, vector: found.context), isEmpty: found.siblings.isEmpty,
            receipt: reply.receipt)
    }

    private static func value<T: ReplicatedType>(
        _ type: T.Type, of object: CausalObject, at key: ObjectKey
    ) throws(CoterieError) -> T.Value {
        do throws(TypeFault) {
            return try T.value(of: object)
        } catch {
            throw CoterieError(
                .unreadableContent, "\(key) holds nothing that this client can read as a \(T.name): \(error)")
        }
    }
}
