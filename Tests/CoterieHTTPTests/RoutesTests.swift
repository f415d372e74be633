import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import Foundation
import HTTPTypes
import NIOCore
import Synchronization
import Testing

@testable import CoterieHTTP

extension FakeNode {
    /// Answers a call without a server.
    func answer(
        _ method: HTTPRequest.Method, _ target: String, _ headers: HTTPFields = HTTPFields(), body: String = ""
    ) async throws -> Answer {
        let names = NameSource()
        var call = Call(method: method, target: target, headers: headers)
        call.body = { _ in ByteBuffer(string: body) }
        return try await Routes(gateway: self, drawName: { names.next() }).answer(call)
    }
}

@Suite struct RequestOptionTests {
    @Test func aReadsParametersReachTheNode() async throws {
        let node = FakeNode()
        let context = VersionVector([Dot(ReplicaID(member: MemberNumber(1), incarnation: FakeNode.incarnation), 7)])
        _ = try await node.answer(
            .get,
            "/buckets/b/keys/k?r=one&pr=0&w=all&node_confirms=quorum&basic_quorum=TRUE&notfound_ok=false"
                + "&sloppy_quorum=false&n_val=3&timeout=250&dw=default&rw=2&unknown=x",
            [.minContext: CausalContext(context).text])
        var expected = RequestOptions()
        expected.r = .one
        expected.pr = .count(0)
        expected.w = .all
        expected.nodeConfirms = 2
        expected.basicQuorum = true
        expected.notfoundOK = false
        expected.sloppy = false
        expected.n = 3
        expected.timeout = .milliseconds(250)
        expected.floor = context
        let request = try #require(node.requests.first)
        #expect(request.options == expected)
        #expect(request.operation == .get)
        #expect(request.key == ObjectKey(type: "default", bucket: "b", key: "k"))
    }

    @Test func rwOfADeleteStandsForRAndW() async throws {
        let node = FakeNode()
        _ = try await node.answer(.delete, "/buckets/b/keys/k?rw=all&r=1")
        let options = try #require(node.requests.first).options
        #expect(options.r == .count(1))
        #expect(options.w == .all)
    }

    @Test func conditionsOfAStoreReachTheNode() async throws {
        let date = WallTime(milliseconds: 784_111_777_999)
        let context = VersionVector([Dot(ReplicaID(member: MemberNumber(1), incarnation: FakeNode.incarnation), 7)])
        let text = "Sun, 06 Nov 1994 08:49:37 GMT"
        let cases: [(HTTPFields, Condition)] = [
            ([.ifNoneMatch: "*"], .absent), ([.ifMatch: " * "], .present),
            ([.ifMatch: "\"a\", b, W/\"c\""], .anyVtag(["a", "b"])),
            ([.ifNoneMatch: "\"a\", W/\"c\""], .noVtag(["a", "c"])),
            ([.ifUnmodifiedSince: text], .unmodifiedSince(date)), ([.ifModifiedSince: text], .modifiedSince(date)),
            ([.ifNotModified: CausalContext(context).text], .unmodified(context)),
            ([.ifMatch: "\"a\"", .ifUnmodifiedSince: text], .anyVtag(["a"])),
        ]
        for (headers, condition) in cases {
            let node = FakeNode()
            _ = try await node.answer(.delete, "/buckets/b/keys/k", headers)
            #expect(node.requests.first?.operation == .delete(context: nil, condition: condition))
            _ = try await node.answer(.put, "/buckets/b/keys/k", headers + [.contentType: "a/b"], body: "x")
            let content = Content(ByteBuffer(string: "x"), contentType: "a/b")
            #expect(node.requests.last?.operation == .put(content, context: nil, condition: condition))
        }
    }
}

@Suite struct FailureTests {
    @Test("every code of a node has its status", arguments: ErrorCode.allCases)
    func everyCodeHasItsStatus(code: ErrorCode) async throws {
        let node = FakeNode()
        for (method, path) in [(HTTPRequest.Method.get, "/buckets/b/keys/k"), (.delete, "/riak/b/k")] {
            node.state.withLock { $0.nextFailure = Failure(code, "why", outcome: .unknown) }
            let answer = try await node.answer(method, path)
            #expect(answer.status == code.httpStatus)
            #expect((400 ... 503).contains(answer.status.code))
            #expect(answer.headers[.errorCode] == code.description)
            #expect(answer.headers[.outcome] == (method == .get ? nil : "unknown"))
            #expect(String(buffer: answer.body).contains("why"))
            #expect(answer.headers[.receipt]?.hasPrefix("coordinator=n1; epoch=1") == true)
        }
    }

    @Test func aTimeoutHasRiaksText() async throws {
        let node = FakeNode()
        node.state.withLock { $0.nextFailure = Failure(.timeout, "") }
        let answer = try await node.answer(.get, "/buckets/b/keys/k")
        #expect(answer.status == .serviceUnavailable)
        #expect(String(buffer: answer.body) == "request timed out\n")
    }

    @Test func aPayloadThatIsNoValueIsAnErrorAndNeverAnAnswer() async throws {
        let node = FakeNode()
        node.putConcurrently("b", "k", "fine")
        node.state.withLock { state in
            let key = ObjectKey(type: "default", bucket: "b", key: "k")
            let dot = Dot(ReplicaID(member: MemberNumber(2), incarnation: FakeNode.incarnation), 1)
            state.objects[key]?.write(dot: dot, payload: ByteBuffer(bytes: [99]), observed: VersionVector())
        }
        let answer = try await node.answer(.get, "/buckets/b/keys/k")
        #expect(answer.status == .internalServerError)
        #expect(answer.headers[.errorCode] == "corrupt")
    }

    @Test func aBucketsPropertyStaysSetThoughItsTypeHasTheSame() async throws {
        let node = FakeNode()
        for (path, body) in [
            ("/types/default/props", #"{"props":{"r":1}}"#), ("/buckets/b/props", #"{"props":{"r":1,"pw":2}}"#),
            ("/buckets/b/props", #"{"props":{"w":2,"pw":"default"}}"#),
            ("/types/default/props", #"{"props":{"r":"default"}}"#),
        ] {
            let answer = try await node.answer(.put, path, [.contentType: "application/json"], body: body)
            #expect(answer.status == .noContent)
        }
        let shown = String(buffer: try await node.answer(.get, "/buckets/b/props").body)
        #expect(shown.contains(#""r":1,"#) && shown.contains(#""w":2}"#) && shown.contains(#""pw":0,"#), "\(shown)")
    }

    @Test func propertiesThatTheNodeCannotSetAreAnError() async throws {
        let node = FakeNode()
        node.state.withLock { $0.nextFailure = Failure(.diskFull, "the disk is full") }
        let answer = try await node.answer(
            .put, "/buckets/b/props", [.contentType: "application/json"], body: #"{"props":{"r":1}}"#)
        #expect(answer.status == .serviceUnavailable)
        #expect(String(buffer: answer.body) == "the disk is full\n")
    }
}

@Suite struct RenderingTests {
    @Test func whatTheNodeSaysOfAnUnmetQuorumIsSaidOnceBehindRiaksLine() {
        var receipt = Receipt(coordinator: MemberNumber(1), epoch: Epoch(1))
        receipt.asked = AskedQuorum(n: 3, quorum: 2)
        func detail(_ code: ErrorCode, _ message: String) -> String {
            Problem(Failure(code, message), receipt: receipt, kind: .write).detail
        }
        let line = "W-value unsatisfied: 0/2"
        #expect(detail(.insufficientReplicas, line) == line)
        #expect(
            detail(.insufficientReplicas, line + " (1 of 3 owners reachable, nothing written)")
                == line + "\n1 of 3 owners reachable, nothing written")
        #expect(detail(.insufficientReplicas, "1 of 3 answered") == line + "\n1 of 3 answered")
        #expect(detail(.timeout, "request timed out: " + line) == "request timed out\n" + line)
    }

    @Test func ofAnLWWTypeOnlyTheLatestValueIsShownEvenWhereTheNodeAnswersWithTwo() async throws {
        let node = FakeNode()
        let key = ObjectKey(type: "lww", bucket: "b", key: "k")
        var object = CausalObject()
        for (member, time, value) in [(UInt32(1), Int64(2000), "late"), (2, 1000, "early"), (3, 2000, "late, by dot")] {
            let content = Content(
                ByteBuffer(string: value), contentType: "text/plain", written: HybridTime(milliseconds: time))
            let dot = Dot(ReplicaID(member: MemberNumber(member), incarnation: FakeNode.incarnation), 1)
            object.write(dot: dot, payload: content.encoded(), observed: VersionVector())
        }
        node.state.withLock { [object] in $0.objects[key] = object }
        let answer = try await node.answer(.get, "/types/lww/buckets/b/keys/k")
        #expect(answer.status == .ok)
        #expect(String(buffer: answer.body) == "late, by dot")
        #expect(answer.headers[.vclock] == CausalContext(object.context).text)
    }

    @Test func metadataThatIsNoHeaderDoesNotBreakTheAnswer() async throws {
        let node = FakeNode()
        let key = ObjectKey(type: "default", bucket: "b", key: "k")
        var object = CausalObject()
        let content = Content(
            ByteBuffer(string: "x"), contentType: "no type", charset: "a\r\nb",
            metadata: [NamedValue("a b\r\n", "line\r\nX-Injected: 1"), NamedValue("", "empty")],
            indexes: [NamedValue("é_bin", "ü, \u{0}")], links: [Link(bucket: "", key: ">", tag: "\"")])
        let dot = Dot(ReplicaID(member: MemberNumber(2), incarnation: FakeNode.incarnation), 1)
        object.write(dot: dot, payload: content.encoded(), observed: VersionVector())
        node.state.withLock { [object] in $0.objects[key] = object }
        let answer = try await withDoor(node) { port in
            try await RawConnection.with(port: port) { try await $0.exchange("GET /buckets/b/keys/k") }
        }
        #expect(answer.status == 200)
        #expect(answer["X-Injected"] == nil)
        #expect(answer["X-Riak-Meta-a%20b%0D%0A"] == "line  X-Injected: 1")
        #expect(answer["X-Riak-Index-%C3%A9_bin"]?.hasPrefix("ü,") == true)
        #expect(answer.text == "x")
    }

    @Test func aStoreWhoseAnswerTheClientDoesNotAcceptIsStillDone() async throws {
        let node = FakeNode()
        let answer = try await node.answer(
            .put, "/buckets/b/keys/k?returnbody=true", [.contentType: "text/plain", .accept: "image/png"], body: "x")
        #expect(answer.status == .ok)
        #expect(String(buffer: answer.body) == "x")
    }

    @Test func dwOfANodeThatDoesNotFsyncIsZero() async throws {
        let node = FakeNode()
        node.state.withLock { $0.durability = "os" }
        let answer = try await node.answer(.get, "/buckets/b/props")
        #expect(String(buffer: answer.body).contains("\"dw\":0"))
    }

    @Test func aFallbackIsNamedInTheReceipt() {
        let node = FakeNode()
        let receipt = Receipt(
            coordinator: MemberNumber(4), epoch: Epoch(3),
            asked: AskedQuorum(n: 3, quorum: 2, primary: 1, durable: 1, nodeConfirms: 2), met: 2, metPrimary: 1,
            metDurable: 1,
            responders: [
                Responder(member: MemberNumber(1), role: .primary, answer: .failed),
                Responder(member: MemberNumber(2), role: .primary, answer: .durable),
                Responder(member: MemberNumber(9), role: .fallback, answer: .stored),
            ], duration: .microseconds(1500))
        #expect(
            ReceiptText(layout: node.layout).text(receipt, kind: .write)
                == "coordinator=n4; epoch=3; n=3; w=2; pw=1; dw=1; node_confirms=2; met=2; primaries=1; durable=1; "
                + "answers=n1:failed,n2:durable,m9:stored:fallback; us=1500")
    }

    @Test func aLookupTellsWhereAKeyLives() async throws {
        let node = FakeNode()
        let answer = try await node.answer(.get, "/admin/ring?type=n2&bucket=carts&key=al%2Fice")
        let lookup = try JSONDecoder().decode(RingLookup.self, from: Data(answer.body.readableBytesView))
        let key = ObjectKey(type: "n2", bucket: "carts", key: "al/ice")
        let group = node.layout.group(for: key, n: 2)
        let list = node.layout.preferenceList(for: group)
        #expect(lookup.key == "al/ice")
        #expect(lookup.partition == Int(group.partition.rawValue))
        #expect(UInt64(lookup.hash, radix: 16) == key.hash(with: node.layout.hashKey))
        #expect(lookup.hash.count == 16)
        #expect(lookup.primaries.map(\.number) == list.primaries.map(\.rawValue))
        #expect(lookup.primaries.map(\.slot) == [0, 1])
        #expect(lookup.fallbacks.map(\.number) == list.fallbacks.map(\.rawValue))
        #expect(lookup.fallbacks.allSatisfy { $0.slot == nil })
        #expect(lookup.primaries.first?.http == node.layout.member(list.primaries[0])?.http.description)
    }

    @Test func theLayoutTellsWhoOwnsHowMuch() async throws {
        let node = FakeNode()
        let layout = LayoutDescription(node.layout)
        #expect(layout.members.map(\.slots).reduce(0, +) == 64 * 3)
        #expect(layout.balance.most - layout.balance.least <= 1)
        #expect(layout.bucketTypes.contains(LayoutDescription.BucketType(name: "lww_n2", n: 2, type: "lww")))
        let answer = try await node.answer(.get, "/admin/layout")
        #expect(String(buffer: answer.body).contains("\"partitions\":64"))
    }
}

extension HTTPFields {
    fileprivate static func + (a: HTTPFields, b: HTTPFields) -> HTTPFields {
        var both = a
        for field in b { both.append(field) }
        return both
    }
}
