// What the door adds to a connection's pipeline beside the server's own handlers.

import NIOCore

/// Enters its connection into the registry, and leaves it at the end.
final class RegisteringHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private let registry: ConnectionRegistry

    init(_ registry: ConnectionRegistry) { self.registry = registry }

    func handlerAdded(context: ChannelHandlerContext) {
        // Before all others, where bytes leave the pipeline as they are.
        try? context.pipeline.syncOperations.addHandler(InterimAnswerHandler(), position: .first)
        registry.add(context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) { registry.remove(context.channel) }
}

/// Writes `100 Continue` past the encoder, which knows final answers only. A client that sent `Expect: 100-continue`
/// waits for it before it sends its body.
final class InterimAnswerHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    private func writeContinue() {
        guard let context else { return }
        context.writeAndFlush(NIOAny(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    /// Writes it on the connection's event loop, behind all answers that were given before.
    static func writeContinue(on channel: any Channel) {
        channel.eventLoop.execute {
            try? channel.pipeline.syncOperations.handler(type: InterimAnswerHandler.self).writeContinue()
        }
    }
}
