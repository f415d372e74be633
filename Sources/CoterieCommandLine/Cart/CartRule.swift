// Three ways to keep the same cart. Each does what a program would do that uses the store in that way.

import CoterieClient
import CoterieTypes
import CoterieWire
import NIOCore

/// What the owner of the data chose for carts.
enum CartRule: String, CaseIterable, Sendable {
    /// A cart is a text; of concurrent ones the later is kept.
    case lastWriterWins = "last writer wins"
    /// A cart is a text; concurrent ones are kept as siblings, and whoever reads them takes their union.
    case unionOfSiblings = "union of siblings"
    /// A cart is a map with a counter for each item.
    case map = "map of counters"

    var bucketType: String {
        switch self {
        case .lastWriterWins: "lww"
        case .unionOfSiblings: "siblings"
        case .map: Cart.bucketType
        }
    }
}

/// A cart under one of the rules, through one client.
struct RuledCart: Sendable {
    let rule: CartRule
    let name: String
    let client: CoterieClient
    /// One replica to read, two to write, fallbacks included: both sides of a partition have that.
    private static let options = RequestOptions(r: .one, w: .count(2), timeout: .seconds(5))

    private var bucket: Bucket { client.bucket(Cart.bucket, type: rule.bucketType) }

    func add(_ items: String...) async throws {
        switch rule {
        case .map: for item in items { try await Cart(name, client).add(item) }
        case .lastWriterWins, .unionOfSiblings: try await change { $0.formUnion(items) }
        }
    }

    func remove(_ item: String) async throws {
        switch rule {
        case .map:
            let map = bucket.map(name)
            let seen = try await map.read(options: Self.options).context
            try await map.remove(item, ReplicatedCounter.self, seen: seen, options: Self.options)
        case .lastWriterWins, .unionOfSiblings: try await change { $0.remove(item) }
        }
    }

    /// What the cart shows, by at least so many replicas.
    func items(_ quorum: Quorum = .one) async throws -> [String] {
        let options = RequestOptions(r: quorum, timeout: .seconds(5))
        switch rule {
        case .map:
            let value = try await bucket.map(name).read(options: options).value
            return value.entries.map { String(buffer: $0.field.name) }.sorted()
        case .lastWriterWins, .unionOfSiblings:
            return try await bucket.get(name, resolving: CartUnion(), options: options).value.items
        }
    }

    /// Reads, changes and writes back with the context of what was read.
    private func change(_ body: @escaping @Sendable (inout Set<String>) -> Void) async throws {
        try await bucket.update(name, resolving: CartUnion(), isIdempotent: true, options: Self.options) { content in
            var items = Set(content.items)
            body(&items)
            return Content(ByteBuffer(string: items.sorted().joined(separator: "\n")), contentType: "text/plain")
        }
    }
}

/// Concurrent carts become their union: nothing that was put in is lost, and what was taken out comes back.
struct CartUnion: Resolver {
    func resolve(_ siblings: [Content]) throws -> Content {
        let items = Set(siblings.flatMap { Optional($0).items })
        return Content(ByteBuffer(string: items.sorted().joined(separator: "\n")), contentType: "text/plain")
    }
}

extension Content? {
    /// One item a line.
    fileprivate var items: [String] {
        map { String(buffer: $0.value).split(separator: "\n").map(String.init).sorted() } ?? []
    }
}
