import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import HTTPTypes
import NIOCore
import Testing

@testable import CoterieHTTP

@Suite struct PathTests {
    private func resource(_ path: String) throws -> Resource { try Resource(Target(parsing: path).segments) }

    @Test func theThreeFormsOfAPathNameTheSameKey() throws {
        let bucket = ByteBuffer(string: "b")
        let type = ByteBuffer(string: "default")
        let key = ByteBuffer(string: "k")
        #expect(
            try resource("/types/default/buckets/b/keys/k")
                == .object(BucketPath(type: type, bucket: bucket, form: .typed), key: key))
        #expect(
            try resource("/buckets/b/keys/k")
                == .object(BucketPath(type: type, bucket: bucket, form: .plain), key: key))
        #expect(try resource("/riak/b/k") == .object(BucketPath(type: type, bucket: bucket, form: .oldest), key: key))
    }

    @Test func anEncodedSlashDoesNotEndASegment() throws {
        guard case .object(let path, let key) = try resource("/buckets/a%2fb/keys/c%2F%2Fd") else {
            Issue.record("no object")
            return
        }
        #expect(String(buffer: path.bucket) == "a/b")
        #expect(String(buffer: key) == "c//d")
    }

    @Test func oneSlashAtTheEndSaysNothing() throws {
        #expect(try resource("/ping/") == .ping)
        #expect(try resource("/") == .root)
        #expect(try resource("/?") == .root)
        #expect(try resource("/buckets/b/keys/") == (try resource("/buckets/b/keys")))
        #expect(throws: Problem.self) { try resource("/ping//") }
    }

    @Test func keysNamedAsOtherResourcesAreKeys() throws {
        for name in ["keys", "props", "ping", "..", "."] {
            guard case .object(_, let key) = try resource("/buckets/keys/keys/\(name)") else {
                Issue.record("no object: \(name)")
                continue
            }
            #expect(String(buffer: key) == name)
        }
    }

    @Test func everyKeyOfRandomBytesComesBackFromItsPath() throws {
        for seed in UInt64(0) ..< 500 {
            var generator = SeededGenerator(seed: seed)
            func name() -> ByteBuffer {
                ByteBuffer(bytes: (0 ... generator.below(12)).map { _ in UInt8(generator.below(256)) })
            }
            let form = generator.pick([PathForm.typed, .plain, .oldest]) ?? .plain
            let type = form == .typed ? name() : ByteBuffer(string: "default")
            let path = BucketPath(type: type, bucket: name(), form: form)
            let key = name()
            let text = path.path(key: key.readableBytesView)
            #expect(try resource(text) == .object(path, key: key), "seed \(seed): \(text)")
        }
    }

    @Test func theFirstOfSeveralParametersHolds() throws {
        let query = try Target(parsing: "/x?r=1&r=2&&a&b=c%26d+e&=x#f?g=h").query
        #expect(query["r"] == "1")
        #expect(query["a"] == "")
        #expect(query["b"] == "c&d e")
        #expect(query["g"] == nil)
    }
}

@Suite struct DateTests {
    @Test func theThreeFormsOfADateAreRead() {
        let expected = WallTime(milliseconds: 784_111_777_000)
        #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT") == expected)
        #expect(HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT") == expected)
        #expect(HTTPDate.parse("Sun Nov  6 08:49:37 1994") == expected)
        #expect(HTTPDate.format(expected) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.iso8601(WallTime(milliseconds: 784_111_777_042)) == "1994-11-06T08:49:37.042Z")
    }

    @Test(arguments: [
        "", "yesterday", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "1994-11-06T08:49:37Z",
    ])
    func whatIsNoDateIsNotRead(text: String) { #expect(HTTPDate.parse(text) == nil) }

    @Test func everySecondComesBackFromItsText() {
        for seed in UInt64(0) ..< 2000 {
            var generator = SeededGenerator(seed: seed)
            // The years 1970 to 9999.
            let time = WallTime(milliseconds: Int64(generator.below(253_402_300_800)) * 1000)
            #expect(HTTPDate.parse(HTTPDate.format(time)) == time, "seed \(seed): \(HTTPDate.format(time))")
        }
    }
}

@Suite struct AcceptTests {
    @Test func withoutAHeaderEverythingIsAccepted() {
        #expect(Accept(nil).quality(of: "image/png") == 1000)
        #expect(Accept(nil).choose(["text/plain", "multipart/mixed"]) == "text/plain")
        #expect(!Accept(nil).prefersJSON)
        #expect(Accept("garbage").quality(of: "image/png") == 1000)
    }

    @Test func theClosestRangeDecides() {
        let accept = Accept("text/*;q=0.3, text/html;q=0.7, */*;q=0.1, image/png;q=0")
        #expect(accept.quality(of: "text/html") == 700)
        #expect(accept.quality(of: "text/plain") == 300)
        #expect(accept.quality(of: "application/json") == 100)
        #expect(accept.quality(of: "image/png") == 0)
    }

    @Test(arguments: [
        ("application/json", true), ("application/json, */*;q=0.1", true), ("application/problem+json", true),
        ("APPLICATION/JSON;Q=0.5", true), ("application/json, text/plain, */*", false), ("*/*", false),
        ("multipart/mixed, application/json;q=0.7, */*;q=0.5", false), ("application/json;q=0", false),
        ("application/*", false), ("text/html", false),
    ])
    func jsonIsPreferredWhereNothingElseIsWantedAsMuch(header: String, expected: Bool) {
        #expect(Accept(header).prefersJSON == expected)
    }

    @Test func aContentTypeIsTakenApart() {
        let plain = MediaType(parsing: "Text/Plain; Charset=\"utf-8\"; format=flowed")
        #expect(plain?.essence == "text/plain")
        #expect(plain?.charset == "utf-8")
        #expect(plain?.text == "Text/Plain; format=flowed")
        for wrong in ["", "text", "/", "text/", "a/b/c", "te xt/plain", ";charset=x"] {
            #expect(MediaType(parsing: wrong) == nil, "\(wrong)")
        }
    }
}

@Suite struct LinkTests {
    private let bucket = ByteBuffer(string: "b")

    @Test func linksComeBackFromTheirLines() throws {
        let alphabet = Array("ab/ ,;\"<>%+é=\\")
        for seed in UInt64(0) ..< 100 {
            var generator = SeededGenerator(seed: seed)
            func name() -> String {
                String((0 ... generator.below(6)).map { _ in generator.pick(alphabet) ?? "a" })
            }
            let links = (0 ..< generator.below(200)).map { _ in Link(bucket: name(), key: name(), tag: name()) }
            for form in [PathForm.plain, .oldest] {
                let path = BucketPath(type: ByteBuffer(string: "default"), bucket: bucket, form: form)
                let lines = LinkHeader.lines(links, in: path)
                #expect(lines.allSatisfy { $0.utf8.count <= 4096 })
                #expect(try LinkHeader.parse(lines, bucket: bucket) == links, "seed \(seed)")
            }
        }
    }

    @Test(arguments: [
        "x", "<", "</buckets/b/keys/k>", "</buckets/b/keys/k>; rel=\"next\"", "</buckets/b>; riaktag=\"t\"",
        "</riak/b/k/l>; riaktag=\"t\"", "</buckets/b/keys/>; riaktag=\"t\"", "<buckets/b/keys/k>; riaktag=\"t\"",
        "</buckets/other>; rel=\"up\"", "</buckets/%zz/keys/k>; riaktag=\"t\"", "</buckets/%ff/keys/k>; riaktag=\"t\"",
        "</types/t/buckets/b/keys/k>; riaktag=\"t\"",
    ])
    func whatIsNoLinkIsRefused(line: String) {
        #expect(throws: Problem.self) { try LinkHeader.parse([line], bucket: bucket) }
    }
}

@Suite struct MetadataNameTests {
    @Test func everyNamePassesThroughAHeaderName() {
        let alphabet = Array("aZ9-_. %é:/()\u{1}2F")
        for seed in UInt64(0) ..< 2000 {
            var generator = SeededGenerator(seed: seed)
            let name = String((0 ... generator.below(8)).map { _ in generator.pick(alphabet) ?? "a" })
            let encoded = MetadataName.encode(name)
            #expect(HTTPField.Name("X-Riak-Meta-" + encoded) != nil, "seed \(seed): \(encoded)")
            #expect(MetadataName.decode(encoded) == name, "seed \(seed): \(encoded)")
        }
    }

    @Test func aNameThatIsATokenIsLeftAsItIs() {
        for name in ["Colour", "x-y_z.1", "100%", "%4", "a%zz"] { #expect(MetadataName.encode(name) == name) }
    }
}

@Suite struct VtagTests {
    @Test func aVtagIsAFunctionOfItsDotForEver() {
        let replica = ReplicaID(member: MemberNumber(1), incarnation: Incarnation(nonce: 2, sub: 3))
        #expect(vtag(of: Dot(replica, 4)) == "1lu8rFAGtz6G5RCFoZlgVT")
        #expect(vtag(of: Dot(replica, 5)) != vtag(of: Dot(replica, 4)))
        #expect(base62(0) == String(repeating: "0", count: 22))
        #expect(base62(61) == String(repeating: "0", count: 21) + "z")
        #expect(base62(.max) == "7n42DGM5Tflk9n8mt7Fhc7")
    }
}
