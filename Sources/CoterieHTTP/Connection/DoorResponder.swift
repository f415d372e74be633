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
        let body = RequestBodyReader(request, channel: context.channel, timeout: settings.bodyTimeout, budget: budget)
        var call = Call(method: request.method, target: request.head.path ?? "")
        call.headers = request.headers
        call.body = { try await body.collect($0) }
        var answer = try await routes.answer(call)
        // The server itself knows this word in lower case only.
        if let wish = request.headers[.connection], wish != "close", wish.lowercased() == "close" {
            answer.closesConnection = true
        }
        if answer.closesConnection { end(context.channel) }
        if answer.closesConnection || registry.isStopping { answer.headers[.connection] = "close" }
        guard request.method == .head else {
            return Response(
                status: answer.status, headers: answer.headers, body: ResponseBody(byteBuffer: answer.body))
        }
        answer.headers[.contentLength] = String(answer.body.readableBytes)
        return Response(status: answer.status, headers: answer.headers)
    }

    /// Ends the connection: late enough that the client can read the answer while what it still sends is thrown away.
    private func end(_ channel: any Channel) {
        _ = channel.eventLoop.scheduleTask(in: .nanoseconds(settings.lingerTimeout.nanoseconds)) {
            channel.close(promise: nil)
        }
    }
}
