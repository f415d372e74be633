// Between the server and the routes: a request's head and body become a `Call`, its `Answer` a response.

import CoteriePrimitives
import CoterieWire
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// What the server tells of a request's connection.
struct DoorContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// Answers the server's requests by the routes.
struct DoorResponder: HTTPResponder {
    let routes: Routes
    let settings: HTTPDoor.Settings
    let registry: ConnectionRegistry

    func respond(to request: Request, context: DoorContext) async throws -> Response {
        let body = RequestBodyReader(
            body: request.body, headers: request.headers, channel: context.channel, timeout: settings.bodyTimeout)
        var call = Call(method: request.method, target: request.head.path ?? "")
        call.headers = request.headers
        call.body = { try await body.collect($0) }
        let answer = try await routes.answer(call)
        if answer.closesConnection {
            // Late enough that the client can read the answer while what it still sends is thrown away.
            let channel = context.channel
            _ = channel.eventLoop.scheduleTask(in: .nanoseconds(settings.lingerTimeout.nanoseconds)) {
                channel.close(promise: nil)
            }
        }
        var headers = answer.headers
        if registry.isStopping { headers[.connection] = "close" }
        guard request.method == .head else {
            return Response(status: answer.status, headers: headers, body: ResponseBody(byteBuffer: answer.body))
        }
        headers[.contentLength] = String(answer.body.readableBytes)
        return Response(status: answer.status, headers: headers)
    }
}

/// Reads a request's body within a limit of bytes and of time.
private struct RequestBodyReader: Sendable {
    let body: RequestBody
    let headers: HTTPFields
    let channel: any Channel
    let timeout: TimeSpan

    func collect(_ limit: Call.BodyLimit) async throws -> ByteBuffer {
        let declared = headers[.contentLength].flatMap { Int($0) }
        if let declared, declared > limit.bytes { throw limit.exceeded }
        if headers[.expect]?.lowercased() == "100-continue" { InterimAnswerHandler.writeContinue(on: channel) }
        // A client that sends byte by byte keeps the connection alive for ever: the whole body has one deadline.
        let deadline = channel.eventLoop.scheduleTask(in: .nanoseconds(timeout.nanoseconds)) {
            channel.close(promise: nil)
        }
        defer { deadline.cancel() }
        var collected = ByteBuffer()
        for try await part in body {
            if collected.readableBytes + part.readableBytes > limit.bytes { throw limit.exceeded }
            if collected.readableBytes == 0 {
                collected = part
                if let declared, declared > part.readableBytes { collected.reserveCapacity(declared) }
            } else {
                collected.writeImmutableBuffer(part)
            }
        }
        // A stream that is cut off ends like one that is complete: never take the front of a value for the value.
        if Task.isCancelled {
            throw Problem(
                .serviceUnavailable, ErrorCode.shuttingDown.description, "this node is stopping; nothing was stored")
        }
        if let declared, declared != collected.readableBytes {
            throw Problem.bad(
                "the body ended after \(collected.readableBytes) of the \(declared) bytes that Content-Length names")
        }
        return collected
    }
}
