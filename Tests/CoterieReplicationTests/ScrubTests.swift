// The scrub: what no read asks for and no clock misses is found all the same, and mended from the other owners.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore
import Testing

@Suite struct ScrubTests {
    /// A pass over all sixteen partitions, with room.
    private let pass = TimeSpan.seconds(20)

    private func cluster(_ change: (inout ReplicationSettings) -> Void = { _ in }) throws -> TestCluster {
        var settings = ReplicationSettings()
        change(&settings)
        return try TestCluster(settings: settings)
    }

    private func stored(_ cluster: TestCluster, _ node: Int, _ key: String) throws -> (Group, ObjectKey, ByteBuffer?) {
        let key = put(key, "").key
        let group = cluster.layout.group(for: key, n: 3)
        guard case .found(let bytes) = cluster[node].engine.get(group, key.bytes) else { return (group, key, nil) }
        return (group, key, bytes)
    }

    /// Changes a record behind the node's back.
    private func place(_ bytes: ByteBuffer?, _ cluster: TestCluster, _ node: Int, _ key: String) throws {
        let (group, key, _) = try stored(cluster, node, key)
        let action = bytes.map { Change.Action.put($0) } ?? .remove
        try cluster[node].engine.apply(Batch([Change(group: group, key: key.bytes, action: action)]))
    }

    @Test func aRecordThatCannotBeReadIsTakenFromTheOthersWithNobodyReadingIt() throws {
        let cluster = try cluster()
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        let (_, key, _) = try stored(cluster, 2, "k5")
        cluster[2].engine.corrupt.insert(key.bytes)
        cluster.pass(pass)
        #expect(cluster.held(2, "k5")?.values == ["v5"])
        #expect(cluster[2].machine.counters.faults == 1)
        #expect(!cluster[2].engine.corrupt.contains(key.bytes))
    }

    @Test func aStoreThatIsNotWhatItsDigestSaysQuarantinesItsReplicaWhichIsRefilled() throws {
        let cluster = try cluster()
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        cluster.pass(.seconds(3))
        let (group, _, _) = try stored(cluster, 2, "k5")
        cluster[2].engine.disagreeing = [group]
        cluster.pass(pass)
        #expect(cluster[2].notes.contains(.digestDisagrees(group)))
        #expect(cluster[2].notes.contains { if case .quarantined = $0 { true } else { false } })
        #expect(cluster[2].machine.isServing)
        for i in 0 ..< 20 { #expect(cluster.held(2, "k\(i)")?.values == ["v\(i)"]) }
        for other in [1, 3] {
            #expect(!cluster[other].notes.contains { if case .quarantined = $0 { true } else { false } })
        }
    }

    @Test(arguments: [1, 2, 3]) func aRecordThatWasLostQuarantinesItsReplicaAndIsRefilled(node: Int) throws {
        let cluster = try cluster()
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        cluster.pass(.seconds(3))
        try place(nil, cluster, node, "k5")
        cluster.pass(pass * 2)
        #expect(cluster.held(node, "k5")?.values == ["v5"])
        #expect(cluster[node].notes.contains { if case .quarantined = $0 { true } else { false } })
        #expect(cluster[node].machine.isServing)
        for other in 1 ... 3 where other != node {
            #expect(!cluster[other].notes.contains { if case .quarantined = $0 { true } else { false } })
        }
    }

    @Test func aRecordThatWentBackToAnOlderOneQuarantinesItsReplicaAndIsRefilled() throws {
        let cluster = try cluster()
        _ = cluster.call(1, put("k", "old") { $0.w = .all })
        cluster.pass(.seconds(3))
        let (_, _, old) = try stored(cluster, 3, "k")
        _ = cluster.call(2, put("k", "new", context: cluster.held(2, "k")?.context) { $0.w = .all })
        cluster.pass(.seconds(3))
        try place(old, cluster, 3, "k")
        #expect(cluster.held(3, "k")?.values == ["old"])
        cluster.pass(pass * 2)
        #expect(cluster.held(3, "k")?.values == ["new"])
        #expect(cluster[3].notes.contains { if case .quarantined = $0 { true } else { false } })
        #expect(cluster[3].machine.isServing)
    }

    @Test func ownersThatAreEqualAreLeftAlone() throws {
        let cluster = try cluster()
        for i in 0 ..< 50 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        _ = cluster.call(1, delete("k7"))
        cluster.pass(pass)
        for node in 1 ... 3 {
            let counters = cluster[node].machine.counters
            #expect(counters.scrubbedKeys >= 50)
            #expect(counters.comparedRanges > 0)
            #expect(counters.differingKeys == 0)
            #expect(counters.readRepairs == 0)
            #expect(cluster[node].machine.status(at: cluster.now.monotonic).scrub.passes > 0)
        }
    }

    @Test(arguments: [1, 2, 7]) func aRangeEndsAfterItsKeysAndTheNextBeginsThere(keys: Int) throws {
        let cluster = try cluster { settings in
            settings.scrubKeys = keys
            settings.scrubInterval = .milliseconds(20)
        }
        for i in 0 ..< 60 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        cluster.pass(.seconds(3))
        for i in [3, 30, 59] { try place(nil, cluster, 2, "k\(i)") }
        cluster.pass(pass)
        for i in 0 ..< 60 { #expect(cluster.held(2, "k\(i)")?.values == ["v\(i)"]) }
    }

    @Test func recordsOnASlowDiskAreReadOneAfterTheOther() throws {
        let cluster = try cluster()
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        cluster.pass(.seconds(3))
        try place(nil, cluster, 2, "k5")
        for node in 1 ... 3 { cluster[node].engine.readsAreSlow = true }
        cluster.pass(pass * 2)
        for node in 1 ... 3 { cluster[node].engine.readsAreSlow = false }
        #expect(cluster.held(2, "k5")?.values == ["v5"])
    }

    @Test func anAnswerThatIsLostEndsNothing() throws {
        let cluster = try cluster { $0.repairTimeout = .milliseconds(500) }
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        cluster.pass(.seconds(3))
        try place(nil, cluster, 2, "k5")
        var lost = 0
        cluster.onSend = { message, _, _ in
            guard case .comparison = message, lost < 60 else { return true }
            lost += 1
            return false
        }
        cluster.pass(pass * 4)
        #expect(lost == 60)
        #expect(cluster.held(2, "k5")?.values == ["v5"])
    }

    @Test func withoutAnIntervalThereIsNoScrub() throws {
        let cluster = try cluster { $0.scrubInterval = .zero }
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        try place(nil, cluster, 2, "k5")
        cluster.pass(pass)
        #expect(cluster[2].machine.counters.scrubbedKeys == 0)
        #expect(cluster.held(2, "k5") == nil)
    }
}
