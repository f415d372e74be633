// A client that writes bytes and reads bytes: what goes over the wire is what the test says, and nothing else.

import CoterieHTTP
import CoterieRing
import Logging
import NIOCore
import NIOPosix

@testable import CoterieHTTP

/// An HTTP answer as it came over the wire.
struct RawAnswer: Hashable, Sendable {
    var statusLine: String
    var headers: [Header]
    var body: ByteBuffer

    struct Header: Hashable, Sendable {
        let name: String
        let value: String
    }

    var status: Int { statusLine.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0 }

    subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var text: String { String(buffer: body) }
}

/// The connection ended, or what came is no HTTP answer.
struct WireError: Error {
    let what: String
}

/// One connection to a door.
struct RawConnection {
    typealias Stream = NIOAsyncChannel<ByteBuffer, ByteBuffer>
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    var received = ByteBuffer()

    static func with<Result>(
        port: Int, _ body: (inout RawConnection) async throws -> Result
    ) async throws -> Result {
        let stream = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try Stream(wrappingChannelSynchronously: channel) }
            }
        return try await stream.executeThenClose { inbound, outbound in
            var connection = RawConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }
    func send(_ bytes: ByteBuffer) async throws { try await outbound.write(bytes) }

    /// Sends a request, with a Host and, where there is a body, its Content-Length.
    func request(_ line: String, _ headers: [String] = [], body: ByteBuffer? = nil) async throws {
        var out = ByteBuffer(string: "\(line) HTTP/1.1\r\nHost: t\r\n")
        for header in headers { out.writeString("\(header)\r\n") }
        if let body { out.writeString("Content-Length: \(body.readableBytes)\r\n") }
        out.writeString("\r\n")
        if let body { out.writeImmutableBuffer(body) }
        try await send(out)
    }

    /// Sends a request and reads its answer.
    mutating func exchange(
        _ line: String, _ headers: [String] = [], body: String? = nil
    ) async throws -> RawAnswer {
        try await request(line, headers, body: body.map { ByteBuffer(string: $0) })
        return try await answer(toHead: line.hasPrefix("HEAD "))
    }

    /// Reads one answer.
    mutating func answer(toHead: Bool = false) async throws -> RawAnswer {
        let head = try await line(upTo: "\r\n\r\n").components(separatedByCRLF: ())
        var answer = RawAnswer(statusLine: head[0], headers: [], body: ByteBuffer())
        for line in head.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw WireError(what: "no colon: \(line)") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            answer.headers.append(RawAnswer.Header(name: String(line[..<colon]), value: String(value)))
        }
        let hasBody = !toHead && answer.status != 204 && answer.status != 304 && answer.status >= 200
        if hasBody {
            guard let length = answer["Content-Length"].flatMap({ Int($0) }) else {
                throw WireError(what: "no length: \(answer)")
            }
            while received.readableBytes < length { try await more() }
            answer.body = received.readSlice(length: length) ?? ByteBuffer()
        }
        return answer
    }

    /// Whether the other end has closed, once all it sent is read.
    mutating func isAtEnd() async throws -> Bool {
        if received.readableBytes > 0 { return false }
        do {
            guard let next = try await inbound.next() else { return true }
            received = next
            return false
        } catch is IOError {
            return true
        }
    }

    private mutating func line(upTo end: String) async throws -> String {
        while true {
            let text = String(buffer: received)
            if let range = text.firstRange(of: end) {
                let line = String(text[..<range.lowerBound])
                received.moveReaderIndex(forwardBy: line.utf8.count + end.utf8.count)
                return line
            }
            try await more()
        }
    }

    private mutating func more() async throws {
        guard let next = try await inbound.next() else {
            throw WireError(what: "closed behind \(String(buffer: received))")
        }
        received.writeImmutableBuffer(next)
    }
}

extension String {
    fileprivate func components(separatedByCRLF: Void) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: "\r\n") {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}

/// Runs a door before `node` on a free port while `body` runs.
func withDoor<Result: Sendable>(
    _ node: FakeNode, settings: HTTPDoor.Settings = HTTPDoor.Settings(),
    _ body: (_ port: Int) async throws -> Result
) async throws -> Result {
    let (ports, port) = AsyncStream<Int>.makeStream()
    let names = NameSource()
    let door = HTTPDoor(
        gateway: node, bind: Endpoint(host: "127.0.0.1", port: 0), settings: settings,
        group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        drawName: { names.next() })
    let running = Task { try await door.run { port.yield($0.port) } }
    var iterator = ports.makeAsyncIterator()
    guard let number = await iterator.next() else { throw WireError(what: "the door does not open") }
    do {
        let result = try await body(number)
        running.cancel()
        try await running.value
        return result
    } catch {
        running.cancel()
        _ = try? await running.value
        throw error
    }
}
