// Making one value of several concurrent ones. A store without a leader keeps concurrent writes side by side; whoever
// knows what the values mean decides what they become: a cart is the union of carts, a profile the latest one.

import NIOCore

/// Makes one content of the siblings of a key.
///
/// A resolver must be a function of the set of its siblings and of nothing else: not of their order, not of the time,
/// not of who calls. Two clients that resolve the same siblings then write the same value, and a key that is resolved
/// by many at once comes to rest. Best it is also monotone (it never undoes what a sibling did): then resolving what
/// others have resolved already loses nothing.
///
/// ```swift
/// /// A cart is a set of items, one a line: concurrent carts become their union.
/// struct CartUnion: Resolver {
///     func resolve(_ siblings: [Content]) throws -> Content {
///         let items = siblings.flatMap { String(buffer: $0.value).split(separator: "\n") }
///         return Content(ByteBuffer(string: Set(items).sorted().joined(separator: "\n")), contentType: "text/plain")
///     }
/// }
/// ```
public protocol Resolver: Sendable {
    /// One content for all of `siblings`, of which there are at least two; their order says nothing.
    /// An error leaves the siblings as they are and reaches whoever asked.
    func resolve(_ siblings: [Content]) throws -> Content
}

/// Keeps the content that was written last, by the hybrid clock of the owner that took it; what the others did is lost.
///
/// Among contents of one time (or of none) the one with the greater bytes is kept, so that everybody keeps the same.
public struct LatestResolver: Resolver {
    public init() {}

    public func resolve(_ siblings: [Content]) throws -> Content {
        guard var latest = siblings.first else { throw ResolverError.noSiblings }
        for sibling in siblings.dropFirst() where latest.isWrittenBefore(sibling) { latest = sibling }
        return latest
    }
}

/// A resolver that is a function.
public struct ClosureResolver: Resolver {
    private let body: @Sendable ([Content]) throws -> Content

    /// `body` is held to what `Resolver` asks for.
    public init(_ body: @escaping @Sendable ([Content]) throws -> Content) { self.body = body }

    public func resolve(_ siblings: [Content]) throws -> Content { try body(siblings) }
}

extension Resolver where Self == LatestResolver {
    /// Keeps the content that was written last.
    public static var latest: LatestResolver { LatestResolver() }
}

extension Resolver where Self == ClosureResolver {
    /// Resolves with a function.
    public static func closure(_ body: @escaping @Sendable ([Content]) throws -> Content) -> ClosureResolver {
        ClosureResolver(body)
    }
}

/// A resolver that was used wrongly.
public enum ResolverError: Error, Hashable, Sendable, CustomStringConvertible {
    case noSiblings

    public var description: String { "a resolver needs at least one sibling, and got none" }
}

extension Content {
    /// By time, then by the encoded bytes: a total order.
    fileprivate func isWrittenBefore(_ other: Content) -> Bool {
        switch (written, other.written) {
        case (let mine?, let its?) where mine != its: return mine < its
        case (nil, _?): return true
        case (_?, nil): return false
        default: break
        }
        let (mine, its) = (encoded(), other.encoded())
        return mine.readableBytesView.lexicographicallyPrecedes(its.readableBytesView)
    }
}
