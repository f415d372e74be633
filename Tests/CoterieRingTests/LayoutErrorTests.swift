// What a wrong definition is told: what was wrong, what is allowed, where.

import CoteriePrimitives
import CoterieRing
import Testing

@Suite struct LayoutErrorTests {
    private func text(
        name: String = "c", partitions: Int = 8, replicas: Int = 2, members: [Member] = makeMembers(3),
        types: [BucketType]? = nil
    ) -> String {
        do throws(LayoutError) {
            _ = try Layout(
                first: ClusterDefinition(
                    name: name, partitions: partitions, replicas: replicas, members: members, bucketTypes: types))
            return "no error"
        } catch {
            return error.description
        }
    }

    private func member(
        _ number: UInt32, name: String? = nil, zone: String = "z", weight: Int = 1, peer: Endpoint? = nil
    ) -> Member {
        Member(
            number: MemberNumber(number), name: name ?? "n\(number)", zone: zone, weight: weight,
            peer: peer ?? Endpoint(host: "h", port: 100 + Int(number)), http: Endpoint(host: "h", port: Int(number)))
    }

    @Test func names() {
        let allowed =
            " is not allowed: 1 to 64 ASCII letters, digits, '.', '_' and '-', the first a letter or digit"
        #expect(text(name: "") == "the cluster name \"\"" + allowed)
        #expect(text(name: "a b") == "the cluster name \"a b\"" + allowed)
        #expect(text(name: String(repeating: "a", count: 65)).hasSuffix(allowed))
        #expect(text(name: "..").hasSuffix(allowed))
        #expect(
            text(members: [member(1), member(2, name: "grün")]) == "the member name \"grün\"" + allowed)
        #expect(text(members: [member(1), member(2, zone: "/")]) == "the zone name \"/\"" + allowed)
        #expect(
            text(types: [BucketType(name: "a/b", n: 1, kind: .lww)]) == "the bucket type name \"a/b\"" + allowed)
        #expect(text(name: "A-1_b.c") == "no error")
    }

    @Test func numbers() {
        #expect(text(partitions: 0) == "0 partitions; allowed is 1 to 4096")
        #expect(text(partitions: 4097) == "4097 partitions; allowed is 1 to 4096")
        #expect(text(replicas: 0) == "0 replicas; allowed is 1 to 32")
        #expect(text(replicas: 33) == "33 replicas; allowed is 1 to 32")
        #expect(text(replicas: .max) == "\(Int.max) replicas; allowed is 1 to 32")
        #expect(
            text(replicas: 4)
                == "4 replicas need at least 4 members, because a partition's slots are on distinct members; "
                + "the cluster has 3")
        #expect(text(members: makeMembers(1025)) == "1025 members; allowed is 1 to 1024")
        #expect(
            text(members: [member(1, weight: 0), member(2)]) == "member n1 has weight 0; allowed is 1 to 10000")
    }

    @Test func duplicates() {
        #expect(
            text(members: [member(7, name: "b"), member(7, name: "a", peer: Endpoint(host: "h", port: 1))])
                == "the member number 7 is given to a and b; each member has a number of its own")
        #expect(
            text(members: [member(2, name: "a"), member(1, name: "a")])
                == "the members 1 and 2 are both called \"a\"; each member has a name of its own")
        let taken = Endpoint(host: "::1", port: 7101)
        #expect(
            text(members: [member(1, peer: taken), member(2, peer: taken)])
                == "the address [::1]:7101 is given to n1 (peer) and to n2 (peer); "
                + "each listener has an address of its own")
        #expect(
            text(members: [member(1), member(2, peer: Endpoint(host: "h", port: 1))])
                == "the address h:1 is given to n1 (http) and to n2 (peer); each listener has an address of its own")
        #expect(
            text(types: [BucketType(name: "t", n: 1, kind: .lww), BucketType(name: "t", n: 2, kind: .lww)])
                == "the bucket type \"t\" is defined twice; each name is defined once")
    }

    @Test func addresses() {
        let allowed = "; allowed is a host name or IP address of at most 253 bytes and a port, 1 to 65535"
        for endpoint in [
            Endpoint(host: "", port: 1), Endpoint(host: "a b", port: 1), Endpoint(host: "h", port: 0),
            Endpoint(host: "h", port: 65_536),
        ] {
            #expect(
                text(members: [member(1, peer: endpoint), member(2)])
                    == "member n1 has the peer address \"\(endpoint)\"" + allowed)
        }
    }

    @Test func bucketTypes() {
        #expect(text(types: []) == "0 bucket types; allowed is 1 to 256")
        #expect(
            text(types: [BucketType(name: "wide", n: 3, kind: .lww)])
                == "the bucket type \"wide\" has n=3; allowed is 1 to 2, the cluster's replicas")
        let cases: [(BucketProperties, String)] = [
            (BucketProperties(r: .count(3)), "r=3; allowed is one, quorum, all or a number from 1 to 2"),
            (BucketProperties(w: .count(0)), "w=0; allowed is one, quorum, all or a number from 1 to 2"),
            (BucketProperties(pw: .count(3)), "pw=3; allowed is one, quorum, all or a number from 0 to 2"),
            (BucketProperties(dw: .count(-1)), "dw=-1; allowed is one, quorum, all or a number from 0 to 2"),
            (BucketProperties(timeout: .zero), "timeout=0ms; allowed is 1ms to 3600000ms"),
        ]
        for (properties, expected) in cases {
            #expect(
                text(types: [BucketType(name: "t", n: 2, kind: .lww, properties: properties)])
                    == "the bucket type \"t\" (n=2) has " + expected)
        }
    }

    @Test func owners() {
        func text(_ owners: [UInt32]) -> String {
            do {
                _ = try Tiny.layout(owners: owners)
                return "no error"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            text([1, 2, 3]) == "the layout names the owners of 3 slots; 2 partitions of 2 slots need 4")
        #expect(text([1, 2, 3, 9]) == "slot 1 of partition 1 is owned by m9, which is not a member")
        #expect(
            text([1, 2, 3, 3])
                == "partition 1 has m3 in slots 0 and 1; a partition's slots are on distinct members")
        #expect(throws: LayoutError.epochZero) { try Tiny.layout(epoch: 0) }
        #expect("\(LayoutError.epochZero)" == "the layout has epoch 0; the first layout has epoch 1")
    }
}
