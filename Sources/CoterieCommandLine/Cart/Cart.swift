// A shopping cart as a client program keeps it: a map with a counter for each item. Dynamo was made for such a thing
// (DeCandia et al., 2007, section 4.4): an item that was put in must never be refused and never be lost.
//
// Two who add the same item add their amounts up; who removes an item takes away what he saw of it, and what another adds
// meanwhile stays.

import CoterieClient
import CoterieTypes
import CoterieWire
import NIOCore

/// One cart, in the bucket `carts` of a bucket type of maps.
struct Cart: Sendable {
    /// What is in a cart, as one read shows it.
    struct Contents: Hashable, Sendable {
        /// Ascending by name. Amounts are at least 1.
        let items: [Item]
        /// What was seen: a removal takes away this and no more.
        let context: KeyContext

        func amount(of name: String) -> Int64 { items.first { $0.name == name }?.amount ?? 0 }
    }

    struct Item: Hashable, Sendable, Codable {
        let name: String
        let amount: Int64
    }

    static let bucket = "carts"
    static let bucketType = "maps"

    let name: String
    private let map: TypedKey<ReplicatedMap>
    private let client: CoterieClient

    init(_ name: String, _ client: CoterieClient) {
        self.name = name
        self.client = client
        map = client.bucket(Self.bucket, type: Self.bucketType).map(name)
    }

    /// One replica is enough, and a fallback will do: nothing that is put in is refused while any node can be reached.
    private static let never = RequestOptions(w: .one)

    /// Puts an item in. Where it is not known whether that happened, the same operation is sent again until it is: it
    /// counts once.
    func add(_ item: String, _ amount: Int64 = 1) async throws(CoterieError) {
        let id = client.newOperationID()
        for _ in 0 ..< 4 {
            do {
                try await map.update(item, ReplicatedCounter.self, .add(amount), id: id, options: Self.never)
                return
            } catch {
                guard error.outcome == .unknown else { throw error }
            }
        }
        try await map.update(item, ReplicatedCounter.self, .add(amount), id: id, options: Self.never)
    }

    /// Takes an item out, as far as it was seen; nil takes all of it. False where it is not in the cart.
    func remove(_ item: String, _ amount: Int64? = nil) async throws(CoterieError) -> Bool {
        let contents = try await contents()
        let there = contents.amount(of: item)
        guard there > 0 else { return false }
        if let amount, amount < there {
            try await map.update(item, ReplicatedCounter.self, .add(-amount))
        } else {
            try await map.remove(item, ReplicatedCounter.self, seen: contents.context)
        }
        return true
    }

    func contents() async throws(CoterieError) -> Contents {
        let read = try await map.read()
        var items: [Item] = []
        for entry in read.value.entries where entry.field.type == ReplicatedCounter.name {
            let amount: Int64
            do {
                amount = try Int64(decoding: entry.value, as: "the amount of \(entry.field)")
            } catch {
                throw CoterieError(.unreadableContent, "the cart \(name): \(error)", receipt: read.receipt)
            }
            // Two who take out the same units at once leave less than nothing.
            if amount > 0 { items.append(Item(name: String(buffer: entry.field.name), amount: amount)) }
        }
        return Contents(items: items, context: read.context)
    }

    /// Empties the cart of what was seen and returns that; what is added meanwhile stays for the next time.
    func checkout() async throws(CoterieError) -> [Item] {
        let contents = try await contents()
        guard !contents.items.isEmpty else { return [] }
        let fields = contents.items.map { Field($0.name, ReplicatedCounter.self) }
        try await map.update(MapOperation(removes: fields), seen: contents.context)
        return contents.items
    }
}
