// The operations of the built-in types by their names.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import CoterieWire
import NIOCore

extension TypedKey where T == ReplicatedCounter {
    /// Adds to the counter. An `id` makes an increment that is tried again count once.
    @discardableResult
    public func increment(
        by amount: Int64 = 1, id: OperationID? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<Int64> {
        try await update(.add(amount), id: id, options: options)
    }

    /// Takes from the counter, which may go below zero.
    @discardableResult
    public func decrement(
        by amount: Int64 = 1, id: OperationID? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<Int64> {
        guard amount != .min else {
            throw CoterieError(
                .badRequest, "a counter cannot be decremented by \(amount): it has no opposite in 64 bits")
        }
        return try await update(.add(-amount), id: id, options: options)
    }

    /// Takes away all that was seen: additions that `seen` does not cover stay. Without `seen` the counter is read first.
    @discardableResult
    public func reset(
        seen: KeyContext? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<Int64> {
        try await update(.reset, seen: try await self.seen(seen, options), options: options)
    }
}

extension TypedKey where T == ReplicatedSet {
    /// Adds elements, all in one event.
    @discardableResult
    public func add<Element: ByteConvertible>(
        _ elements: Element..., options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<[ByteBuffer]> {
        try await update(SetOperation(adds: elements.map(\.storedBytes)), options: options)
    }

    /// Removes elements, all in one event: those additions that `seen` covers. One that is made meanwhile survives. Without
    /// `seen` the set is read first.
    @discardableResult
    public func remove<Element: ByteConvertible>(
        _ elements: Element..., seen: KeyContext? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<[ByteBuffer]> {
        let operation = SetOperation(removes: elements.map(\.storedBytes))
        return try await update(operation, seen: try await self.seen(seen, options), options: options)
    }

    /// The elements, ascending by their bytes.
    public var members: [ByteBuffer] { get async throws(CoterieError) { try await value } }

    public func contains(_ element: some ByteConvertible) async throws(CoterieError) -> Bool {
        try await value.contains(element.storedBytes)
    }
}

extension TypedKey where T == GrowOnlySet {
    /// Adds elements, all in one event.
    @discardableResult
    public func add<Element: ByteConvertible>(
        _ elements: Element..., options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<[ByteBuffer]> {
        try await update(ElementList(elements.map(\.storedBytes)), options: options)
    }

    /// The elements, ascending by their bytes.
    public var members: [ByteBuffer] { get async throws(CoterieError) { try await value } }
}

extension TypedKey where T == DistinctCount {
    /// Counts elements; one that was counted before changes nothing.
    @discardableResult
    public func add<Element: ByteConvertible>(
        _ elements: Element..., options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<UInt64> {
        try await update(ElementList(elements.map(\.storedBytes)), options: options)
    }
}

extension TypedKey where T == ReplicatedFlag {
    /// Turns it on. That wins over a concurrent `disable`.
    @discardableResult
    public func enable(
        options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<Bool> { try await update(true, options: options) }

    /// Turns it off, as far as it was seen to be on. Without `seen` the flag is read first.
    @discardableResult
    public func disable(
        seen: KeyContext? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<Bool> {
        try await update(false, seen: try await self.seen(seen, options), options: options)
    }
}

extension TypedKey where T == ReplicatedRegister {
    /// Assigns bytes or text; of concurrent assignments the later one by hybrid time is shown.
    @discardableResult
    public func assign(
        _ value: some ByteConvertible, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<ByteBuffer?> {
        try await update(value.storedBytes, options: options)
    }
}

extension TypedKey where T == ReplicatedMaximum {
    /// Offers a number: the greatest of all is kept.
    @discardableResult
    public func offer(
        _ number: Int64, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<Int64?> { try await update(number, options: options) }
}

extension TypedKey where T == ReplicatedMinimum {
    /// Offers a number: the least of all is kept.
    @discardableResult
    public func offer(
        _ number: Int64, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<Int64?> { try await update(number, options: options) }
}

extension TypedKey where T == ReplicatedMap {
    /// Updates one field by an operation of its type.
    ///
    /// ```swift
    /// try await profile.update("visits", ReplicatedCounter.self, .add(1))
    /// ```
    @discardableResult
    public func update<F: ReplicatedType>(
        _ field: String, _ type: F.Type, _ operation: F.Operation, seen: KeyContext? = nil, id: OperationID? = nil,
        options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<MapValue> {
        try await update(.update(field, type, operation), seen: seen, id: id, options: options)
    }

    /// Removes one field: what `seen` covers of it. What is written to it meanwhile stays. Without `seen` the map is read
    /// first.
    @discardableResult
    public func remove<F: ReplicatedType>(
        _ field: String, _ type: F.Type, seen: KeyContext? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<MapValue> {
        try await update(.remove(field, type), seen: try await self.seen(seen, options), options: options)
    }

    /// The value of one field; nil where the map has no such field.
    public func value<F: ReplicatedType>(_ field: String, _ type: F.Type) async throws(CoterieError) -> F.Value? {
        let map = try await value
        do {
            return try map.value(field, type)
        } catch {
            throw CoterieError(
                .unreadableContent, "the field \(field) is no \(F.name) that this client can read: \(error)")
        }
    }
}

extension TypedKey where T == BoundedCounter {
    /// Adds units; the owner that takes the update has the rights to them.
    @discardableResult
    public func add(
        _ amount: Int64, id: OperationID? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<BoundedCounterValue> {
        try await update(.add(amount), id: id, options: options)
    }

    /// Takes units away. Refused where the owner that takes the update has rights to fewer.
    @discardableResult
    public func take(
        _ amount: Int64, id: OperationID? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> TypedUpdate<BoundedCounterValue> {
        try await update(.take(amount), id: id, options: options)
    }
}
