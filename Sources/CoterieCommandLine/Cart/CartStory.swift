// The story of a cart that is shopped for on both sides of a partition.

import CoterieClient
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieTransport
import CoterieWire
import NIOCore

/// From two items in a cart to what three rules make of one history.
struct CartStory: Sendable {
    let stage: DemoStage
    let narrator: Narrator

    private var cluster: LocalCluster { stage.cluster }

    /// What everybody who shopped would expect.
    private static let wanted = ["bread", "eggs", "jam"]

    func tell() async throws {
        try await stage.start(narrator)
        let sides = try CartSides(cluster, types: CartRule.allCases.map(\.bucketType))
        let (here, there) = (try stage.client(through: sides.here[0]), try stage.client(through: sides.there[0]))
        do {
            try await tell(sides, here, there)
        } catch {
            await here.close(grace: .zero)
            await there.close(grace: .zero)
            throw error
        }
        await here.close()
        await there.close()
    }

    private func tell(_ sides: CartSides, _ here: CoterieClient, _ there: CoterieClient) async throws {
        narrator.act("Milk and bread are put into the cart of \(sides.key)")
        narrator.say("It is the same cart under three rules: last writer wins, union of siblings, map of counters.")
        narrator.command("coterie cart add \(sides.key) milk; coterie cart add \(sides.key) bread")
        for cart in carts(here, sides.key) { try await cart.add("milk", "bread") }
        var shown: [[String]] = []
        for cart in carts(there, sides.key) { shown.append(try await cart.items(.quorum)) }
        narrator.claim(
            "through another node all three show bread and milk", shown.allSatisfy { $0 == ["bread", "milk"] },
            "\(shown)")

        narrator.act("The network parts, and both sides go on shopping")
        narrator.command("coterie local fault partition \(sides.groups) --break")
        try await ClusterFaults(cluster: cluster).part([sides.here, sides.there], .break)
        narrator.say("Through \(sides.here[0].name), the phone takes the milk out and puts eggs in.")
        narrator.say("Through \(sides.there[0].name), the laptop puts jam in.")
        var refused: [String] = []
        for cart in carts(here, sides.key) {
            refused += await refusal("\(cart.rule.rawValue), taking out milk") { try await cart.remove("milk") }
            refused += await refusal("\(cart.rule.rawValue), putting in eggs") { try await cart.add("eggs") }
        }
        for cart in carts(there, sides.key) {
            refused += await refusal("\(cart.rule.rawValue), putting in jam") { try await cart.add("jam") }
        }
        narrator.claim("no item was refused on either side", refused.isEmpty, refused.joined(separator: "; "))
        let (one, other) = (try await carts(here, sides.key)[2].items(), try await carts(there, sides.key)[2].items())
        narrator.claim(
            "neither side sees what the other did", one == ["bread", "eggs"] && other == ["bread", "jam", "milk"],
            "\(one) and \(other)")

        narrator.act("It heals")
        narrator.command("coterie local fault heal")
        _ = try await ClusterFaults(cluster: cluster).heal()
        let seen = try await whenBothAgree(carts(here, sides.key), carts(there, sides.key))
        narrator.say("Who shopped expects \(Self.wanted.joined(separator: ", ")). The rules make of the same history:")
        show(seen)
        judge(seen)
        narrator.command("coterie explain \(Cart.bucket) \(sides.key) --type \(Cart.bucketType)")
    }

    private func carts(_ client: CoterieClient, _ key: String) -> [RuledCart] {
        CartRule.allCases.map { RuledCart(rule: $0, name: key, client: client) }
    }

    /// What was refused, and why; empty where it was done.
    private func refusal(_ what: String, _ body: @Sendable () async throws -> Void) async -> [String] {
        do {
            try await body()
            return []
        } catch {
            return ["\(what): \(error)"]
        }
    }

    /// What all owners show, when that is the same through both nodes.
    private func whenBothAgree(_ here: [RuledCart], _ there: [RuledCart]) async throws -> [CartRule: [String]] {
        let patience = ContinuousClock().now + .seconds(30)
        while true {
            do {
                var seen: [CartRule: [String]] = [:]
                var agree = true
                for (one, other) in zip(here, there) {
                    let (mine, its) = (try await one.items(.all), try await other.items(.all))
                    if mine != its { agree = false }
                    seen[one.rule] = mine
                }
                if agree { return seen }
            } catch let error as CoterieError {
                guard ContinuousClock().now < patience else { throw error }
            }
            guard ContinuousClock().now < patience else {
                throw CommandFailure(.failed, "the two sides did not come to show the same within 30 s")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func show(_ seen: [CartRule: [String]]) {
        let output = narrator.output
        var columns = Columns([("rule", .left), ("the cart", .left), ("lost", .left), ("came back", .left)])
        for rule in CartRule.allCases {
            let items = seen[rule] ?? []
            let (lost, back) = (Self.lost(items), Self.back(items))
            columns.add([
                rule.rawValue, items.joined(separator: ", "),
                lost.isEmpty ? "-" : output.styled(lost.joined(separator: ", "), .red),
                back.isEmpty ? "-" : output.styled(back.joined(separator: ", "), .yellow),
            ])
        }
        for line in columns.lines(on: output) { narrator.say(line) }
    }

    private static func lost(_ items: [String]) -> [String] { wanted.filter { !items.contains($0) } }
    private static func back(_ items: [String]) -> [String] { items.filter { !wanted.contains($0) } }

    private func judge(_ seen: [CartRule: [String]]) {
        let (last, union, map) = (
            seen[.lastWriterWins] ?? [], seen[.unionOfSiblings] ?? [], seen[.map] ?? []
        )
        narrator.claim(
            "last writer wins: 1 item that was acknowledged is lost", Self.lost(last).count == 1,
            last.joined(separator: ", "))
        narrator.claim(
            "union of siblings: nothing is lost, and the milk that was taken out is back",
            Self.lost(union).isEmpty && Self.back(union) == ["milk"], union.joined(separator: ", "))
        narrator.claim(
            "map of counters: neither", map == Self.wanted, map.joined(separator: ", "))
    }
}

/// The two sides of a partition, and a key with owners on both of them under every bucket type that is used.
struct CartSides: Sendable {
    let key: String
    /// Two nodes; each side begins with an owner of the key of the last bucket type.
    let here: [Member]
    let there: [Member]

    /// "n1,n2 n3,n4,n5".
    var groups: String { [here, there].map { $0.map(\.name).joined(separator: ",") }.joined(separator: " ") }

    private static let names = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"]

    init(_ cluster: LocalCluster, bucket: String = Cart.bucket, types: [String]) throws {
        let layout = try Layout(first: cluster.file.cluster)
        let (here, there) = (Array(cluster.members[..<2]), Array(cluster.members[2...]))
        for name in Self.names {
            let owners = types.map { type -> [MemberNumber] in
                let key = ObjectKey(
                    type: ByteBuffer(string: type), bucket: ByteBuffer(string: bucket), key: ByteBuffer(string: name))
                return layout.preferenceList(for: layout.group(for: key, n: layout.replicas)).primaries
            }
            let isOnBoth = owners.allSatisfy { owners in
                [here, there].allSatisfy { side in side.contains { owners.contains($0.number) } }
            }
            guard isOnBoth, let last = owners.last else { continue }
            key = name
            // Owners first.
            self.here = here.filter { last.contains($0.number) } + here.filter { !last.contains($0.number) }
            self.there = there.filter { last.contains($0.number) } + there.filter { !last.contains($0.number) }
            return
        }
        throw CommandFailure(.failed, "no cart has owners on both sides of \(cluster.members.map(\.name))")
    }
}
