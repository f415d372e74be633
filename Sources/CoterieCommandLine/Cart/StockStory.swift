// The story of the last ten of something, sold on both sides of a partition.

import CoterieClient
import CoterieRing
import CoterieTransport
import CoterieTypes
import CoterieWire

/// A bounded counter: each unit belongs to one replica, which alone may sell it or hand it on. So nothing is sold twice,
/// whoever cannot hear whom.
struct StockStory: Sendable {
    let stage: DemoStage
    let narrator: Narrator

    private static let bucket = "shop"
    private static let bucketType = "stocks"
    private static let units = 10

    func tell() async throws {
        let sides = try CartSides(stage.cluster, bucket: Self.bucket, types: [Self.bucketType])
        let (here, there) = (try stage.client(through: sides.here[0]), try stage.client(through: sides.there[0]))
        do {
            try await tell(sides, stock(here, sides.key), stock(there, sides.key))
        } catch {
            await here.close(grace: .zero)
            await there.close(grace: .zero)
            throw error
        }
        await here.close()
        await there.close()
    }

    private func stock(_ client: CoterieClient, _ key: String) -> TypedKey<BoundedCounter> {
        client.bucket(Self.bucket, type: Self.bucketType).boundedCounter(key)
    }

    private func tell(
        _ sides: CartSides, _ here: TypedKey<BoundedCounter>, _ there: TypedKey<BoundedCounter>
    ) async throws {
        narrator.act("The last \(Self.units) tickets")
        narrator.say("A bounded counter never goes below zero: each unit is one replica's to sell.")
        narrator.say("All are put in through \(sides.here[0].name), which has the right to them then.")
        try await here.add(Int64(Self.units), options: Self.options)
        let first = try await sell(there, 1)
        let rights = try await there.read(options: RequestOptions(r: .all)).value.rights
        narrator.claim(
            "one is sold through \(sides.there[0].name), which asks for the right to it and gets some more",
            first.sold == 1 && rights.count == 2, first.why ?? "\(rights.count) replicas have rights")

        narrator.act("The network parts, and both sides sell as many as they can")
        narrator.command("coterie local fault partition \(sides.groups) --break")
        try await ClusterFaults(cluster: stage.cluster).part([sides.here, sides.there], .break)
        let (one, other) = (try await sell(here, Self.units), try await sell(there, Self.units))
        narrator.say("Through \(sides.here[0].name): \(one.sold) sold. Through \(sides.there[0].name): \(other.sold).")
        let sum = 1 + one.sold + other.sold
        narrator.claim("with the first, no more than \(Self.units) were sold", sum <= Self.units, "\(sum)")
        narrator.claim("both sides sold some", one.sold > 0 && other.sold > 0)

        narrator.act("It heals, and the rest is sold")
        narrator.command("coterie local fault heal")
        _ = try await ClusterFaults(cluster: stage.cluster).heal()
        let rest = try await sellAll(here, there, Self.units - sum)
        narrator.claim("\(Self.units) tickets were sold exactly \(sum + rest) times", sum + rest == Self.units)
        let more = try await sell(here, 1)
        narrator.claim("one more is refused", more.sold == 0)
        let left = try await there.read(options: RequestOptions(r: .all)).value.amount
        narrator.claim("the counter is at zero", left == 0, "\(left)")
    }

    /// One owner and a fallback are enough.
    private static let options = RequestOptions(w: .count(2), timeout: .seconds(5))

    /// Tries to sell so many, one at a time, until one is refused.
    private func sell(
        _ stock: TypedKey<BoundedCounter>, _ count: Int
    ) async throws -> (sold: Int, why: String?) {
        for sold in 0 ..< count {
            do {
                try await stock.take(1, options: Self.options)
            } catch {
                guard error.code == .operationRefused else { throw error }
                return (sold, error.message)
            }
        }
        return (count, nil)
    }

    /// Sells what is left, through whichever node has the right to it.
    private func sellAll(
        _ here: TypedKey<BoundedCounter>, _ there: TypedKey<BoundedCounter>, _ left: Int
    ) async throws -> Int {
        var sold = try await sell(here, left).sold
        sold += try await sell(there, left - sold).sold
        return sold
    }
}
