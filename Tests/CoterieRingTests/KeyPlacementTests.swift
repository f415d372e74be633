// From a key to its partition: the same for ever, everywhere; equal arcs; evenly used.

import CoteriePrimitives
import CoterieRing
import NIOCore
import Testing

@Suite struct KeyPlacementTests {
    /// Computed apart from this code (SipHash-2-4 and the arcs in Python): a store's keys stay where they are.
    @Test(arguments: KeyVector.all)
    func aKeyGoesToTheSamePartitionForEver(vector: KeyVector) throws {
        let layout = try makeLayout(members: makeMembers(3), partitions: vector.partitions, name: vector.cluster)
        let key = ObjectKey(type: vector.type, bucket: vector.bucket, key: vector.key)
        #expect(key.hash(with: layout.hashKey) == vector.hash)
        #expect(layout.partition(for: key) == PartitionIndex(vector.partition))
        #expect(layout.group(for: key, n: 2) == Group(partition: PartitionIndex(vector.partition), n: 2))
    }

    @Test(arguments: [1, 2, 3, 7, 100, 255, 256, 1000, 4095, 4096])
    func arcsAreEqualAndMeet(count: Int) throws {
        let layout = try makeLayout(members: makeMembers(1), partitions: count, replicas: 1)
        var next: UInt64 = 0
        for partition in layout.partitions {
            let arc = layout.arc(of: partition)
            #expect(arc.lowerBound == next)
            let length = arc.upperBound - arc.lowerBound
            #expect(length == .max || (.max / UInt64(count) - 1 ... .max / UInt64(count) + 1).contains(length))
            #expect(layout.partition(forHash: arc.lowerBound) == partition)
            #expect(layout.partition(forHash: arc.upperBound) == partition)
            next = arc.upperBound &+ 1
        }
        #expect(next == 0)
        #expect(layout.partition(forHash: .max) == PartitionIndex(UInt16(count - 1)))
    }

    /// Chi-square with 255 degrees of freedom: 330 is passed by chance once in a thousand; the keys are fixed.
    @Test func keysThatDifferLittleAreSpreadEvenly() throws {
        let layout = try makeLayout(members: makeMembers(3))
        let keys = 25_600
        var counts = Array(repeating: 0, count: 256)
        for number in 0 ..< keys {
            let key = ObjectKey(type: "default", bucket: "users", key: "user\(number)")
            counts[Int(layout.partition(for: key).rawValue)] += 1
        }
        let expected = keys / 256
        let chiSquare = counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) } / expected
        #expect((180 ... 330).contains(chiSquare))
    }

    @Test func anotherHashKeyPlacesKeysElsewhere() throws {
        let one = try makeLayout(members: makeMembers(3), name: "one")
        let two = try makeLayout(members: makeMembers(3), name: "two")
        let moved = (0 ..< 100).count { number in
            let key = ObjectKey(type: "default", bucket: "b", key: "\(number)")
            return one.partition(for: key) != two.partition(for: key)
        }
        #expect(moved > 90)
    }
}

struct KeyVector: Sendable {
    let cluster: String
    let type: String
    let bucket: String
    let key: String
    let partitions: Int
    let hash: UInt64
    let partition: UInt16
    static let all: [KeyVector] = [
        KeyVector(
            cluster: "test", type: "default", bucket: "b", key: "k", partitions: 256,
            hash: 0x28d7_3434_e2c7_0772, partition: 40),
        KeyVector(
            cluster: "test", type: "default", bucket: "users", key: "alice", partitions: 256,
            hash: 0xb4ea_d951_29ae_f23b, partition: 180),
        KeyVector(
            cluster: "test", type: "lww", bucket: "sessions", key: "0123456789abcdef", partitions: 4096,
            hash: 0x1423_1bb0_338d_19f4, partition: 322),
        KeyVector(
            cluster: "coterie", type: "n1", bucket: "carts", key: "grüße", partitions: 7,
            hash: 0x8bbb_dae6_6395_9d70, partition: 3),
        KeyVector(
            cluster: "coterie", type: "default", bucket: "b", key: "", partitions: 1,
            hash: 0xa1f3_b3f0_891c_d035, partition: 0),
        KeyVector(
            cluster: "coterie", type: "default", bucket: "b/with/slash", key: "nul\0inside", partitions: 1000,
            hash: 0xdc08_b51b_b10a_6782, partition: 859),
        KeyVector(
            cluster: "local", type: "siblings", bucket: "x", key: String(repeating: "y", count: 100), partitions: 64,
            hash: 0x2295_a5d9_a58f_d59c, partition: 8),
    ]
}
