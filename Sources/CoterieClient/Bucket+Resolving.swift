// Reading and changing one value where the store may hold several.

import CoteriePrimitives
import CoterieTypes
import CoterieWire

extension Bucket {
    /// Reads a key and makes one value of its siblings. Nothing is written: the siblings stay until a write with the
    /// returned context replaces them, as `update` does.
    public func get(
        _ key: some ByteConvertible, resolving resolver: some Resolver, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> Resolved {
        let fetched = try await get(key, options: options)
        return Resolved(
            value: try Self.resolve(fetched, with: resolver), siblings: fetched.values.count,
            context: fetched.context, isDeleted: fetched.isDeleted, receipt: fetched.receipt)
    }

    /// Reads a key, resolves its siblings, changes the value, and writes it in place of all that was read.
    ///
    /// ```swift
    /// try await carts.update("alice", resolving: CartUnion()) { cart in
    ///     String(buffer: cart?.value ?? ByteBuffer()) + "\nmilk"
    /// }
    /// ```
    /// Two updates at once are both kept, as siblings: the resolver of the next one brings them together.
    ///
    /// What is certainly not applied is read and written anew, up to `attempts` times, with a growing pause between. A
    /// write whose outcome is unknown ends the update with that error: if it was applied after all, a second one would
    /// change the value twice. Where a change made twice is the same as made once (adding to a set, setting a field),
    /// say `isIdempotent`: then it is read and written anew too.
    ///
    /// - Parameters:
    ///   - attempts: how often the key is read and written at most, at least 1.
    ///   - change: from the present value, nil where there is none, to the new one; nil deletes the key. It may be
    ///     called several times and should change nothing else.
    @discardableResult
    public func update(
        _ key: some ByteConvertible, resolving resolver: some Resolver, attempts: Int = 5, isIdempotent: Bool = false,
        options: RequestOptions = RequestOptions(), _ change: (Content?) async throws -> Content?
    ) async throws(CoterieError) -> Updated {
        precondition(attempts >= 1, "an update needs at least one attempt, not \(attempts)")
        let object = try objectKey(key)
        var attempt = 1
        while true {
            do {
                return try await updateOnce(object, resolver, options, attempt, change)
            } catch {
                guard attempt < attempts, error.mayTryAgain(isIdempotent: isIdempotent) else { throw error }
                try await Self.pause(afterAttempt: attempt)
                attempt += 1
            }
        }
    }

    /// `update` for a change that makes text or bytes.
    @discardableResult
    public func update<Value: ByteConvertible>(
        _ key: some ByteConvertible, resolving resolver: some Resolver, attempts: Int = 5, isIdempotent: Bool = false,
        options: RequestOptions = RequestOptions(), _ change: (Content?) async throws -> Value
    ) async throws(CoterieError) -> Updated {
        try await update(
            key, resolving: resolver, attempts: attempts, isIdempotent: isIdempotent, options: options
        ) { current -> Content? in
            Content(try await change(current).storedBytes, contentType: Value.contentType)
        }
    }

    private func updateOnce(
        _ key: ObjectKey, _ resolver: some Resolver, _ options: RequestOptions, _ attempt: Int,
        _ change: (Content?) async throws -> Content?
    ) async throws(CoterieError) -> Updated {
        let fetched = try await fetch(key, options.forReading)
        let current = try Self.resolve(fetched, with: resolver)
        let next: Content?
        do {
            next = try await change(current)
        } catch let error as CoterieError {
            throw error
        } catch {
            throw CoterieError(.resolverFailed, "the update of \(key) threw: \(error)")
        }
        let vector = fetched.context.vector
        let operation: CoterieWire.Operation
        if let next {
            operation = .put(next, context: vector, condition: nil)
        } else {
            guard !fetched.isEmpty else {
                return Updated(
                    value: nil, isWritten: false, context: fetched.context, attempts: attempt, receipt: fetched.receipt)
            }
            operation = .delete(context: vector, condition: nil)
        }
        let stored = try await store(key, operation, options)
        return Updated(
            value: next, isWritten: true, context: stored.context, attempts: attempt, receipt: stored.receipt)
    }

    private static func resolve(_ fetched: Fetched, with resolver: some Resolver) throws(CoterieError) -> Content? {
        guard fetched.values.count > 1 else { return fetched.values.first }
        do {
            return try resolver.resolve(fetched.values)
        } catch {
            throw CoterieError(
                .resolverFailed, "the resolver threw on \(fetched.values.count) siblings: \(error)",
                receipt: fetched.receipt)
        }
    }

    /// 10 ms, doubled with each attempt up to a second, between half and whole.
    private static func pause(afterAttempt attempt: Int) async throws(CoterieError) {
        let whole = min(10 << min(attempt - 1, 10), 1_000)
        do {
            try await Task.sleep(for: .milliseconds(Int.random(in: whole / 2 ... whole)))
        } catch {
            throw CoterieError(.cancelled, "the task was cancelled between two attempts of an update")
        }
    }
}

extension RequestOptions {
    /// The same for the read of an update: a write's own wishes left out.
    fileprivate var forReading: RequestOptions {
        var options = self
        options.returnBody = false
        options.head = false
        return options
    }
}

extension CoterieError {
    /// Whether an update may be begun again after this.
    fileprivate func mayTryAgain(isIdempotent: Bool) -> Bool {
        guard outcome == .notApplied || isIdempotent else { return false }
        switch code {
        case .timeout, .overloaded, .insufficientReplicas, .notInSync, .ownerLost, .shuttingDown, .tooManySiblings,
            Code(.wrongEpoch), Code(.notOwner):
            return true
        default: return false
        }
    }
}
