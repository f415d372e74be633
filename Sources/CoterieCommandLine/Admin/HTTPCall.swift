// One HTTP/1.1 request on a connection of its own: enough for `/admin` and for probing. Not for the data path.

import CoterieRing
import NIOCore
import NIOHTTP1
import NIOPosix

/// An answer with its whole body.
struct HTTPAnswer: Sendable {
    var status: Int
    var headers: [(name: String, value: String)] = []
    var body = ByteBuffer()

    var text: String { String(buffer: body) }

    /// The first header of this name, whatever its case.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Why there was no answer.
enum HTTPCallError: Error, Hashable, CustomStringConvertible {
    case unreachable(Endpoint, String)
    case timedOut(Endpoint, TimeAmount)
    /// Something takes connections there and closed this one without an answer, or answered what is not HTTP.
    case notHTTP(Endpoint)
    case tooLarge(Endpoint, limit: Int)

    var description: String {
        switch self {
        case .unreachable(let endpoint, let why): "\(endpoint) cannot be reached: \(why)"
        case .timedOut(let endpoint, let after): "\(endpoint) did not answer within \(after.nanoseconds / 1_000_000) ms"
        case .notHTTP(let endpoint):
            "\(endpoint) takes connections but does not answer HTTP (is it the node's peer port?)"
        case .tooLarge(let endpoint, let limit): "\(endpoint) answered with more than \(limit) bytes"
        }
    }
}

/// One request.
struct HTTPCall: Sendable {
    var endpoint: Endpoint
    var method = HTTPMethod.GET
    /// Path and query, percent-encoded.
    var path: String
    var headers: [(String, String)] = []
    var body = ByteBuffer()
    /// For the whole of it: connecting, asking, answering.
    var timeout = TimeAmount.seconds(5)

    /// The longest body that is taken.
    static let maxBodyBytes = 64 << 20

    func perform() async throws(HTTPCallError) -> HTTPAnswer {
        do {
            return try await exchange()
        } catch let error as HTTPCallError {
            throw error
        } catch let error as NIOConnectionError {
            let reasons = error.connectionErrors.map { Self.reason($0.error) }
            throw .unreachable(endpoint, reasons.first ?? "no such host")
        } catch is ChannelError {
            throw .timedOut(endpoint, timeout)
        } catch let error as IOError {
            throw .unreachable(endpoint, Self.reason(error))
        } catch {
            throw .notHTTP(endpoint)
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else {
            if let error = error as? ChannelError, case .connectTimeout = error { return "no connection in time" }
            return "\(error)"
        }
        return switch error.errnoCode {
        case ECONNREFUSED: "connection refused (nothing listens there)"
        case ECONNRESET: "connection reset"
        default: String(cString: strerror(error.errnoCode))
        }
    }

    private func exchange() async throws -> HTTPAnswer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: HTTPAnswer.self)
        let endpoint = endpoint
        let timeout = timeout
        let expiry = loop.scheduleTask(in: timeout) { answer.fail(HTTPCallError.timedOut(endpoint, timeout)) }
        defer { expiry.cancel() }
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .connectTimeout(timeout)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(AnswerHandler(answer, endpoint))
                    }
                }
                .connect(host: endpoint.host, port: endpoint.port).get()
        } catch {
            answer.fail(error)
            return try await answer.futureResult.get()
        }
        defer { channel.close(promise: nil) }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if body.readableBytes > 0 {
            channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        return try await answer.futureResult.get()
    }

    private var head: HTTPRequestHead {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
        head.headers.add(name: "Host", value: endpoint.description)
        head.headers.add(name: "Connection", value: "close")
        head.headers.add(name: "User-Agent", value: "coterie")
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        if body.readableBytes > 0 || method == .POST || method == .PUT {
            head.headers.replaceOrAdd(name: "Content-Length", value: "\(body.readableBytes)")
        }
        return head
    }
}

/// Collects one answer.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let promise: EventLoopPromise<HTTPAnswer>
    private let endpoint: Endpoint
    private var answer: HTTPAnswer?

    init(_ promise: EventLoopPromise<HTTPAnswer>, _ endpoint: Endpoint) {
        self.promise = promise
        self.endpoint = endpoint
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // 100 Continue and its kind come before the answer.
            guard head.status.code >= 200 else { return }
            answer = HTTPAnswer(status: Int(head.status.code), headers: head.headers.map { ($0.name, $0.value) })
        case .body(var part):
            answer?.body.writeBuffer(&part)
            if let size = answer?.body.readableBytes, size > HTTPCall.maxBodyBytes {
                promise.fail(HTTPCallError.tooLarge(endpoint, limit: HTTPCall.maxBodyBytes))
                context.close(promise: nil)
            }
        case .end:
            guard let answer else { return }
            promise.succeed(answer)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(HTTPCallError.notHTTP(endpoint))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error is IOError ? error : HTTPCallError.notHTTP(endpoint))
        context.close(promise: nil)
    }
}
