import CoteriePrimitives
import CoterieRing
import CoterieWire
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import CoterieHTTP

@Suite struct ConnectionTests {
    private var small: Limits {
        var limits = Limits()
        limits.maxValueBytes = 1000
        return limits
    }

    @Test func oneConnectionCarriesManyRequestsAlsoWhereTheyAreSentAtOnce() async throws {
        let node = FakeNode()
        try await withDoor(node) { port in
            try await RawConnection.with(port: port) { connection in
                for index in 0 ..< 20 {
                    try await connection.request(
                        "PUT /buckets/b/keys/k\(index)", ["Content-Type: text/plain"],
                        body: ByteBuffer(string: "v\(index)"))
                    try await connection.request("GET /buckets/b/keys/k\(index)")
                }
                for index in 0 ..< 20 {
                    #expect(try await connection.answer().status == 204)
                    #expect(try await connection.answer().text == "v\(index)")
                }
            }
        }
    }

    @Test func aBodyThatIsTooLargeIsRefusedBeforeItIsRead() async throws {
        let node = FakeNode(limits: small)
        try await withDoor(node) { port in
            try await RawConnection.with(port: port) { connection in
                try await connection.send(
                    "PUT /buckets/b/keys/k HTTP/1.1\r\nHost: t\r\nContent-Type: a/b\r\nContent-Length: 1001\r\n\r\nx")
                let answer = try await connection.answer()
                #expect(answer.status == 413)
                #expect(answer["Connection"] == "close")
                #expect(answer.text == "the value is larger than the limit of 1000 bytes (limits.maxValueBytes)\n")
                #expect(try await connection.isAtEnd())
            }
        }
        #expect(node.requests.isEmpty)
    }

    @Test func aBodyInChunksIsRefusedOnceItIsTooLarge() async throws {
        let node = FakeNode(limits: small)
        try await withDoor(node) { port in
            try await RawConnection.with(port: port) { connection in
                try await connection.send(
                    "PUT /buckets/b/keys/k HTTP/1.1\r\nHost: t\r\nContent-Type: a/b\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n"
                )
                let chunk = String(repeating: "x", count: 400)
                for _ in 0 ..< 3 { try await connection.send("190\r\n\(chunk)\r\n") }
                #expect(try await connection.answer().status == 413)
            }
            try await RawConnection.with(port: port) { connection in
                try await connection.send(
                    "PUT /buckets/b/keys/k HTTP/1.1\r\nHost: t\r\nContent-Type: a/b\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n"
                        + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                #expect(try await connection.answer().status == 204)
                #expect(try await connection.exchange("GET /buckets/b/keys/k").text == "abcde")
            }
        }
    }

    @Test func bodiesThatTakeTooMuchTogetherAreRefusedUntilOthersAreDone() async throws {
        let node = FakeNode()
        var settings = HTTPDoor.Settings()
        settings.maxBodyBytes = 1000
        let body = ByteBuffer(repeating: 120, count: 600)
        try await withDoor(node, settings: settings) { port in
            let gate = Gate()
            defer { gate.openSoon() }
            node.state.withLock { $0.gate = gate }
            try await RawConnection.with(port: port) { first in
                try await first.request("PUT /buckets/b/keys/k", ["Content-Type: a/b"], body: body)
                await gate.someoneWaits()
                try await RawConnection.with(port: port) { second in
                    try await second.request("PUT /buckets/b/keys/k", ["Content-Type: a/b"], body: body)
                    let answer = try await second.answer()
                    #expect(answer.status == 503)
                    #expect(answer["X-Coterie-Error"] == "overloaded")
                    #expect(answer["Retry-After"] == "1")
                }
                await gate.open()
                #expect(try await first.answer().status == 204)
            }
            for _ in 0 ..< 3 {
                try await RawConnection.with(port: port) { connection in
                    try await connection.request("PUT /buckets/b/keys/k", ["Content-Type: a/b"], body: body)
                    let answer = try await connection.answer()
                    #expect(answer.status == 204)
                }
            }
        }
    }

    @Test func aClientThatAsksForTheEndOfTheConnectionGetsIt() async throws {
        try await withDoor(FakeNode()) { port in
            for word in ["close", "Close"] {
                try await RawConnection.with(port: port) { connection in
                    let answer = try await connection.exchange("GET /ping", ["Connection: \(word)"])
                    #expect(answer.text == "OK")
                    let ended = try await connection.isAtEnd()
                    #expect(ended)
                }
            }
        }
    }

    @Test func aClientThatWaitsForContinueGetsIt() async throws {
        let node = FakeNode(limits: small)
        try await withDoor(node) { port in
            try await RawConnection.with(port: port) { connection in
                let head = "PUT /buckets/b/keys/k HTTP/1.1\r\nHost: t\r\nContent-Type: a/b\r\nExpect: 100-continue\r\n"
                try await connection.send(head + "Content-Length: 3\r\n\r\n")
                #expect(try await connection.answer().statusLine == "HTTP/1.1 100 Continue")
                try await connection.send("abc")
                #expect(try await connection.answer().status == 204)
                #expect(try await connection.exchange("GET /buckets/b/keys/k").text == "abc")
                try await connection.send(head + "Content-Length: 2000\r\n\r\n")
                #expect(try await connection.answer().status == 413)
            }
        }
    }

    @Test func theFrontOfABodyIsNeverStored() async throws {
        let node = FakeNode()
        try await withDoor(node) { port in
            for framing in ["Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"] {
                try await RawConnection.with(port: port) { connection in
                    try await connection.send(
                        "PUT /buckets/b/keys/k HTTP/1.1\r\nHost: t\r\nContent-Type: a/b\r\n\(framing)")
                }
            }
            try await RawConnection.with(port: port) { connection in
                let answer = try await connection.exchange("GET /buckets/b/keys/k")
                #expect(answer.status == 404)
            }
        }
        #expect(node.requests.allSatisfy { !$0.operation.isWrite })
    }

    @Test func aBodyThatDoesNotComeInTimeEndsTheConnection() async throws {
        let node = FakeNode()
        var settings = HTTPDoor.Settings()
        settings.bodyTimeout = .milliseconds(60)
        try await withDoor(node, settings: settings) { port in
            try await RawConnection.with(port: port) { connection in
                try await connection.send(
                    "PUT /buckets/b/keys/k HTTP/1.1\r\nHost: t\r\nContent-Type: a/b\r\nContent-Length: 10\r\n\r\nabc")
                #expect(try await connection.isAtEnd())
            }
        }
        #expect(node.requests.isEmpty)
    }

    @Test func aHeadThatDoesNotComeInTimeEndsTheConnection() async throws {
        var settings = HTTPDoor.Settings()
        settings.idleTimeout = .milliseconds(200)
        try await withDoor(FakeNode(), settings: settings) { port in
            try await RawConnection.with(port: port) { connection in
                // Its time may be over before it has begun.
                try? await connection.send("GET /ping HTTP/1.1\r\nHost: t\r\nX-Slow: ")
                let ended = try await connection.isAtEnd()
                #expect(ended)
            }
        }
    }

    @Test func headersHaveALimitThatManyLinksFitInto() async throws {
        let node = FakeNode()
        var settings = HTTPDoor.Settings()
        settings.maxHeaderBytes = 64 << 10
        try await withDoor(node, settings: settings) { port in
            try await RawConnection.with(port: port) { connection in
                let links = (0 ..< 200).map { "Link: </buckets/b/keys/\($0)>; riaktag=\"t\"" }
                let large = "X-Riak-Meta-Large: " + String(repeating: "m", count: 20_000)
                let stored = try await connection.exchange(
                    "PUT /buckets/b/keys/k", ["Content-Type: a/b", large] + links, body: "x")
                #expect(stored.status == 204)
                let answer = try await connection.exchange("GET /buckets/b/keys/k")
                #expect(answer.headers.filter { $0.name == "Link" }.count > 1)
                #expect(answer["X-Riak-Meta-Large"]?.count == 20_000)
            }
            try await RawConnection.with(port: port) { connection in
                let large = "X: " + String(repeating: "m", count: 70_000)
                let answer = try await connection.exchange("GET /ping", [large])
                #expect(answer.status == 400)
                #expect(try await connection.isAtEnd())
            }
        }
    }

    @Test func aRequestInProgressEndsBeforeTheDoorStops() async throws {
        let node = FakeNode()
        let gate = Gate()
        node.state.withLock { $0.gate = gate }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let door = HTTPDoor(
            gateway: node, bind: Endpoint(host: "127.0.0.1", port: 0),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await door.run { port.yield($0.port) } }
        var iterator = ports.makeAsyncIterator()
        let number = try #require(await iterator.next())
        try await RawConnection.with(port: number) { connection in
            try await connection.request("GET /buckets/b/keys/k")
            await gate.someoneWaits()
            running.cancel()
            await gate.open()
            #expect(try await connection.answer().status == 404)
            #expect(try await connection.isAtEnd())
        }
        try await running.value
        await #expect(throws: (any Error).self) { try await RawConnection.with(port: number) { _ in } }
    }

    @Test func aRequestThatDoesNotEndDoesNotKeepTheDoorFromStopping() async throws {
        let node = FakeNode()
        let gate = Gate()
        node.state.withLock { $0.gate = gate }
        var settings = HTTPDoor.Settings()
        settings.stopTimeout = .milliseconds(50)
        try await withDoor(node, settings: settings) { port in
            // Left open: it ends with the door.
            Task {
                try await RawConnection.with(port: port) { connection in
                    try await connection.request("GET /buckets/b/keys/k")
                    let ended = try await connection.isAtEnd()
                    #expect(ended)
                }
            }
            await gate.someoneWaits()
        }
        await gate.open()
    }

    @Test func aPortThatIsTakenIsAClearError() async throws {
        try await withDoor(FakeNode()) { port in
            let second = HTTPDoor(
                gateway: FakeNode(), bind: Endpoint(host: "127.0.0.1", port: port),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let error = await #expect(throws: HTTPDoorError.self) { try await second.run() }
            #expect(error?.reason == .addressInUse)
            #expect(error?.description == "cannot serve HTTP at 127.0.0.1:\(port): another process listens there")
        }
    }
}
