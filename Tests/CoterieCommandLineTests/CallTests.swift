// One HTTP call against servers that answer, refuse, stall and talk nonsense.

import CoterieHTTP
import CoterieRing
import CoterieServer
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import CoterieCommandLine

/// Listens on loopback and answers each connection with fixed bytes once it has heard something.
final class FixedAnswer: Sendable {
    let endpoint: Endpoint
    private let channel: any Channel

    init(_ answer: String?, closing: Bool = true, port: Int = 0) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answering(answer, closing))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        endpoint = Endpoint(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
    }

    deinit { channel.close(promise: nil) }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let answer: String?
        private let closing: Bool

        init(_ answer: String?, _ closing: Bool) {
            self.answer = answer
            self.closing = closing
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if let answer { context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil) }
            if closing { context.close(promise: nil) }
        }
    }
}

@Suite struct HTTPCallTests {
    private func error(of call: HTTPCall) async -> HTTPCallError? {
        do {
            _ = try await call.perform()
            return nil
        } catch {
            return error
        }
    }

    @Test func anAnswerHasStatusHeadersAndBody() async throws {
        let server = try await FixedAnswer("HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 9\r\n\r\nnot found")
        let answer = try await HTTPCall(endpoint: server.endpoint, path: "/x", timeout: .seconds(600)).perform()
        #expect(answer.status == 404 && answer.text == "not found" && answer.header("x-a") == "b")
    }

    @Test func nobodyThereIsSaidSo() async throws {
        let port = try #require(PortCheck.freeBasePort(nodes: 1))
        let endpoint = Endpoint(host: "127.0.0.1", port: port + 1)
        let failure = await error(of: HTTPCall(endpoint: endpoint, path: "/", timeout: .seconds(600)))
        #expect(failure == .unreachable(endpoint, "connection refused (nothing listens there)"))
    }

    @Test func silenceEndsInTime() async throws {
        let server = try await FixedAnswer(nil, closing: false)
        let call = HTTPCall(endpoint: server.endpoint, path: "/", timeout: .milliseconds(100))
        #expect(await error(of: call) == .timedOut(server.endpoint, .milliseconds(100)))
    }

    @Test(arguments: [nil, "SSH-2.0-OpenSSH\r\n", "\u{0}\u{1}\u{2}\u{3}"])
    func whatIsNotHTTPIsSaidSo(_ answer: String?) async throws {
        let server = try await FixedAnswer(answer)
        #expect(
            await error(of: HTTPCall(endpoint: server.endpoint, path: "/", timeout: .seconds(600)))
                == .notHTTP(server.endpoint))
    }

    @Test func theFirstNodeThatAnswersIsTaken() async throws {
        let base = try #require(PortCheck.freeBasePort(nodes: 1))
        let server = try await FixedAnswer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[7]")
        var cluster = try KnownCluster(list: "127.0.0.1:\(base + 1),\(server.endpoint)")
        let (answer, node) = try await AdminClient(cluster: cluster, timeout: .seconds(600)).get("/x", as: [Int].self)
        #expect(answer == [7] && node.address == server.endpoint)
        cluster.nodes.removeLast()
        do {
            _ = try await AdminClient(cluster: cluster, timeout: .seconds(600)).get("/x", as: [Int].self)
            Issue.record("somebody answered")
        } catch let failure as CommandFailure {
            #expect(failure.status == .unreachable)
            #expect(failure.message.contains("no node of COTERIE_NODES answers"))
        }
    }

    @Test func namesAreEncodedForAQuery() {
        #expect(AdminClient.encoded("a b/ü&=") == "a%20b%2F%C3%BC%26%3D")
    }

    @Test func aPortInUseIsFound() async throws {
        let server = try await FixedAnswer(nil)
        #expect(PortCheck.problem(listeningOn: server.endpoint) == "the port is in use by another process")
        #expect(PortCheck.problem(listeningOn: Endpoint(host: "127.0.0.1", port: 0)) == nil)
    }
}
