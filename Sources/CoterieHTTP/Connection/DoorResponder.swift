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
    let budget: BodyBudget

    func respond(to request: Request, context: DoorContext) async throws -> Response {
        let reader = RequestBodyReader(request, channel: context.channel, timeout: settings.bodyTimeout, budget: budget)
        var call = Call(method: request.method, target: request.head.path ?? "")
        call.headers = request.headers
        call.body = { try await reader.collect($0) }
        var answer = try await routes.answer(call)
        // The server itself knows this word in lower case only.
        if let wish = request.headers[.connection], wish != "close", wish.lowercased() == "close" {
            answer.closesConnection = true
        }
        if answer.closesConnection || registry.isStopping { answer.headers[.connection] = "close" }
        var body = ResponseBody(byteBuffer: answer.body)
        answer.headers[.contentLength] = String(answer.body.readableBytes)
        if request.method == .head { body = ResponseBody() }
        if answer.closesConnection {
            body = ending(context.channel, behind: request.method == .head ? nil : answer.body)
        }
        return Response(status: answer.status, headers: answer.headers, body: body)
    }

    /// A body behind which the connection ends: at once in the direction of the client, which sees that nothing more
    /// comes; a while later altogether, for as long as what the client still sends must be taken and thrown away, so
    /// that it gets to read the answer.
    private func ending(_ channel: any Channel, behind body: ByteBuffer?) -> ResponseBody {
        let linger = TimeAmount.nanoseconds(settings.lingerTimeout.nanoseconds)
        return ResponseBody(contentLength: body?.readableBytes) { writer in
            if let body { try await writer.write(body) }
            try await writer.finish(nil)
            channel.close(mode: .output, promise: nil)
            _ = channel.eventLoop.scheduleTask(in: linger) { channel.close(promise: nil) }
        }
    }
}
