// Endpoints, quorums, bucket properties and types: what operators and clients write.

import CoteriePrimitives
import CoterieRing
import NIOCore
import Testing

@Suite struct VocabularyTests {
    @Test(arguments: ["localhost:7101", "127.0.0.1:1", "[::1]:65535", "[fe80::1%eth0]:80", "node-1.example_x.org:0"])
    func anAddressReadsBack(text: String) throws {
        let endpoint = try Endpoint.parse(text)
        #expect(endpoint.description == text)
        #expect(Endpoint(parsing: text) == endpoint)
    }

    @Test(arguments: [
        ("", "the port is missing"), ("host", "the port is missing"), ("host:", "the port is missing"),
        ("[::1]", "the port is missing"), (":80", "the host is missing"), ("[]:80", "the host is missing"),
        ("::1:80", "an IPv6 address stands in brackets"), ("[::1:80", "the bracket is not closed"),
        ("a b:80", "the host is neither a name nor an address"),
        ("[a]:80", "the host is neither a name nor an address"),
        ("host:http", "the port is not a number from 0 to 65535"),
        ("host:65536", "the port is not a number from 0 to 65535"),
        ("host:-1", "the port is not a number from 0 to 65535"),
        ("host:99999999999999999999", "the port is not a number from 0 to 65535"),
    ])
    func aWrongAddressSaysWhy(text: String, why: String) {
        let error = #expect(throws: EndpointError.self) { try Endpoint.parse(text) }
        #expect(error?.description == "\"\(text)\" is not an address: \(why); write host:port or [IPv6]:port")
        #expect(Endpoint(parsing: text) == nil)
    }

    @Test func quorumsAreWordsOrNumbers() throws {
        for (text, expected) in [("one", [1, 1, 1]), ("quorum", [1, 2, 3]), ("all", [1, 3, 5]), ("2", [2, 2, 2])] {
            let quorum = try Quorum.parse(text)
            #expect([1, 3, 5].map { quorum.resolved(n: $0) } == expected)
            #expect(quorum.description == text)
        }
        #expect(Quorum.quorum.resolved(n: 4) == 3)
        for text in ["", "two", "-1", "+1", "1.5", "33", " 1", "99999999999999999999", "default"] {
            #expect(Quorum(parsing: text) == nil)
            let error = #expect(throws: QuorumError.self) { try Quorum.parse(text) }
            #expect(
                error?.description == "\"\(text)\" is not a quorum: one, quorum, all or a number from 0 to 32")
        }
    }

    @Test func anOverrideSaysOnlyWhatItSays() {
        let merged = BucketProperties.standard.merging(
            overrides: BucketProperties(r: .one, notfoundOK: false, timeout: .seconds(1)))
        #expect(merged.r == .one)
        #expect(merged.w == .quorum)
        #expect(merged.notfoundOK == false)
        #expect(merged.basicQuorum == false)
        #expect(merged.timeout == .seconds(1))
        #expect(merged.dw == nil)
        #expect(BucketProperties.standard.merging(overrides: BucketProperties()) == .standard)
    }

    @Test func everyPropertyCanBeOverridden() {
        let all = BucketProperties(
            r: .one, w: .one, pr: .one, pw: .one, dw: .one, nodeConfirms: .one, basicQuorum: true, notfoundOK: false,
            sloppy: false, returnBody: true, timeout: .seconds(1))
        #expect(BucketProperties.standard.merging(overrides: all) == all)
    }

    @Test func theStandardTypesAreThere() throws {
        let layout = try makeLayout(members: makeMembers(3))
        let expected: [(String, Int, TypeKind)] = [
            ("default", 3, .siblings), ("siblings", 3, .siblings), ("plain", 3, .siblings), ("no_siblings", 3, .lww),
            ("lww", 3, .lww), ("n1", 1, .siblings), ("n2", 2, .siblings), ("n3", 3, .siblings), ("lww_n1", 1, .lww),
            ("lww_n2", 2, .lww), ("lww_n3", 3, .lww), ("counters", 3, .counter), ("sets", 3, .set), ("maps", 3, .map),
            ("gsets", 3, .gset), ("hlls", 3, .hll), ("flags", 3, .flag), ("registers", 3, .register),
        ]
        #expect(layout.bucketTypes.count == expected.count)
        for (name, n, kind) in expected {
            let type = layout.bucketType(named: ByteBuffer(string: name))
            #expect(type == BucketType(name: name, n: n, kind: kind))
            #expect(layout.bucketType(named: name) == type)
        }
        #expect(layout.bucketType(named: "n4") == nil)
        #expect(layout.bucketType(named: ByteBuffer()) == nil)
        let lww = ClusterDefinition.standardBucketTypes(replicas: 1, defaultKind: .lww)
        #expect(lww.first == BucketType(name: "default", n: 1, kind: .lww))
    }

    @Test func membersAreFoundByNumberAndName() throws {
        let layout = try makeLayout(members: makeMembers(7))
        for member in layout.members {
            #expect(layout.member(member.number) == member)
            #expect(layout.member(named: member.name) == member)
        }
        #expect(layout.member(MemberNumber(0)) == nil)
        #expect(layout.member(MemberNumber(8)) == nil)
        #expect(layout.member(named: "n8") == nil)
    }

    @Test func everyNameOfManyTypesIsFoundAndNoOther() throws {
        let types = (0 ..< 256).map { BucketType(name: "type-\($0 * 7)", n: 1, kind: .lww) }
        let layout = try Layout(
            first: ClusterDefinition(name: "c", partitions: 1, replicas: 1, members: makeMembers(1), bucketTypes: types)
        )
        for number in 0 ..< 2000 {
            let found = layout.bucketType(named: ByteBuffer(string: "type-\(number)"))
            #expect((found != nil) == (number % 7 == 0 && number < 256 * 7))
        }
    }
}
