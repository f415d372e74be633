// Anything may come over the wire: nothing of it stops the door. Every failing case prints its seed.

import CoteriePrimitives
import CoterieWire
import HTTPTypes
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import CoterieHTTP

/// Requests that are nearly right.
private struct Mutator {
    var generator: SeededGenerator

    static let words = [
        "types", "default", "lww", "buckets", "b", "keys", "k", "props", "riak", "ping", "stats", "admin", "ring",
        "layout", "status", "explain", "datatypes", "counters", "sets", "maps", "include_context=x", "", "%", "%2F",
        "%ff", "+", "..", "é", "?", "&", "=", "r=1", "w=all", "pr=x", "vtag=\"",
        "returnbody=true", "timeout=1", "n_val=3", "type=default", "bucket=b", "key=k", "n_val=-1", "dw=quorum", "#",
    ]
    static let names = [
        "Content-Type", "Accept", "Link", "X-Riak-Vclock", "X-Riak-Meta-a", "X-Riak-Meta-", "X-Riak-Index-a_int",
        "X-Riak-Index-a_bin", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
        "X-Riak-If-Not-Modified", "X-Coterie-Min-Context", "Content-Encoding", "Expect", "Content-Length",
        "Transfer-Encoding", "Connection", "Cookie", "Upgrade", "X-Coterie-Operation-Id",
    ]
    static let values = [
        "text/plain", "application/json", "*/*", "a/b;q=0.5, c/d", "multipart/mixed", ";;;", "\"a\", W/\"b\", *", "*",
        "</buckets/b/keys/k>; riaktag=\"t\"", "</riak/b/k>; riaktag=t, <", "Sun, 06 Nov 1994 08:49:37 GMT", "1", "-1",
        "99999999999999999999", "AQEBASNFZ4mrze8AAZzNHVU", "AQ", "chunked", "close", "100-continue", "\u{80}é", "",
        "text/plain; charset=\"", ",,, ,", "q=", "0.", "a=b; c", "Sun Nov 31 00:00:60 0000", "h2c",
    ]
    static let bodies = [
        "", "x", #"{"props":{"r":1}}"#, #"{"props":{"r":{}}}"#, "[[[[", #"{"props":{"n_val":1e400,"timeout":1e18}}"#,
        "\u{0}", "5", "-9223372036854775808", #""increment""#, #"{"add_all":["a",{"base64":"/w=="}],"context":"AQ"}"#,
        #"{"update":{"m_map":{"update":{"n_counter":1e400,"s_set":{"remove":[]}},"remove":[1]},"_":{}}}"#,
        #"{"props":{"timeout":9223372036854775807,"w":-9223372036854775808}}"#,
    ]

    mutating func target() -> String {
        var text = ""
        for _ in 0 ..< generator.below(8) {
            text += generator.pick(["/", "/", "/", "?", "&", ""]) ?? "/"
            text += generator.pick(Self.words) ?? ""
        }
        if generator.chance(1, in: 6) {
            let type = generator.pick(["counters", "sets", "maps", "flags", "hlls", "default"]) ?? ""
            return "/types/\(type)/buckets/b/datatypes/k?" + text.replacing("/", with: "&")
        }
        if generator.chance(1, in: 3) { text = "/buckets/b/keys/k?" + text.replacing("/", with: "&") }
        return text
    }

    mutating func text() -> String {
        if generator.chance(1, in: 2) { return generator.pick(Self.values) ?? "" }
        let bytes = (0 ..< generator.below(20)).map { _ in UInt8(generator.below(256)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func method() -> HTTPRequest.Method {
        generator.pick([.get, .head, .put, .post, .delete, .get, .put, .options, .connect, .trace]) ?? .get
    }

    mutating func headers() -> HTTPFields {
        var fields = HTTPFields()
        if generator.chance(1, in: 2) {
            fields[.contentType] = generator.chance(1, in: 3) ? "application/json" : "text/plain"
        }
        for _ in 0 ..< generator.below(6) {
            guard let name = HTTPField.Name(generator.pick(Self.names) ?? "") else { continue }
            fields.append(HTTPField(name: name, value: text()))
        }
        return fields
    }

    mutating func bytes() -> ByteBuffer {
        var out = ByteBuffer()
        for _ in 0 ..< 1 + generator.below(3) {
            out.writeString("\(method().rawValue) \(target()) HTTP/1.\(generator.below(3))\r\n")
            for field in headers() { out.writeString("\(field.name): \(text())\r\n") }
            out.writeString("\r\n")
            out.writeString(generator.pick(Self.bodies) ?? "")
        }
        var raw = Array(out.readableBytesView)
        for _ in 0 ..< generator.below(4) where !raw.isEmpty {
            let position = generator.below(raw.count)
            switch generator.below(3) {
            case 0: raw[position] = UInt8(generator.below(256))
            case 1: raw.remove(at: position)
            default: raw.removeSubrange(position...)
            }
        }
        return ByteBuffer(bytes: raw)
    }
}

@Suite struct FuzzTests {
    @Test func noCallStopsTheRoutes() async throws {
        let node = FakeNode()
        node.putConcurrently("b", "k", "one")
        node.putConcurrently("b", "k", "two")
        for seed in UInt64(0) ..< 3000 {
            var mutator = Mutator(generator: SeededGenerator(seed: seed))
            let body = mutator.generator.pick(Mutator.bodies) ?? ""
            let target = mutator.target()
            let answer = try await node.answer(mutator.method(), target, mutator.headers(), body: body)
            #expect((200 ... 503).contains(answer.status.code), "seed \(seed): \(target)")
            #expect(answer.headers[.receipt] != nil, "seed \(seed): \(target)")
            if answer.status.code == 500 {
                Issue.record("seed \(seed): \(target): \(String(buffer: answer.body))")
            }
            node.state.withLock { state in if state.requests.count > 100 { state.requests = [] } }
        }
    }

    /// What the door answers. It has little patience here: a client that a busy machine makes too slow tries again.
    private func ping(_ port: Int) async throws -> String {
        for _ in 0 ..< 100 {
            do {
                return try await RawConnection.with(port: port) { try await $0.exchange("GET /ping") }.text
            } catch let error as NIOConnectionError {
                throw error
            } catch {
                continue
            }
        }
        throw WireError(what: "sent away a hundred times")
    }

    @Test func noBytesStopTheDoor() async throws {
        let node = FakeNode()
        var settings = HTTPDoor.Settings()
        settings.idleTimeout = .milliseconds(200)
        settings.bodyTimeout = .milliseconds(200)
        settings.lingerTimeout = .milliseconds(10)
        try await withDoor(node, settings: settings) { port in
            for seed in UInt64(0) ..< 400 {
                var mutator = Mutator(generator: SeededGenerator(seed: seed))
                let bytes = mutator.bytes()
                try? await RawConnection.with(port: port) { connection in
                    try await connection.send(bytes)
                    if seed % 4 == 0 { _ = try await connection.isAtEnd() }
                }
                if seed % 20 == 0 {
                    let text = try await ping(port)
                    #expect(text == "OK", "seed \(seed)")
                }
            }
        }
    }
}
