// A request's body, within a limit of bytes, of time, and of what all bodies together may take.

import CoteriePrimitives
import CoterieWire
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Synchronization

/// Reads one request's body. What it takes of the budget it gives back when nobody holds it any more, behind the
/// answer.
final class RequestBodyReader: Sendable {
    private let body: RequestBody
    private let headers: HTTPFields
    private let channel: any Channel
    private let timeout: TimeSpan
    private let budget: BodyBudget
    private let taken = Mutex(0)

    /// Memory taken ahead of the bytes by what a header claims.
    private static let trustedBytes = 1 << 20

    init(_ request: Request, channel: any Channel, timeout: TimeSpan, budget: BodyBudget) {
        body = request.body
        headers = request.headers
        self.channel = channel
        self.timeout = timeout
        self.budget = budget
    }

    deinit { budget.give(taken.withLock { $0 }) }

    func collect(_ limit: Call.BodyLimit) async throws -> ByteBuffer {
        let declared = headers[.contentLength].flatMap { Int($0) }
        if let declared, declared > limit.bytes { throw limit.exceeded }
        if headers[.expect]?.lowercased() == "100-continue" { InterimAnswerHandler.writeContinue(on: channel) }
        // A client that sends byte by byte keeps the connection alive for ever: the whole body has one deadline.
        let channel = channel
        let deadline = channel.eventLoop.scheduleTask(in: .nanoseconds(timeout.nanoseconds)) {
            channel.close(promise: nil)
        }
        defer { deadline.cancel() }
        let collected = try await parts(limit, declared: declared)
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

    private func parts(_ limit: Call.BodyLimit, declared: Int?) async throws -> ByteBuffer {
        var collected = ByteBuffer()
        for try await part in body {
            if collected.readableBytes + part.readableBytes > limit.bytes { throw limit.exceeded }
            try take(part.readableBytes)
            if collected.readableBytes == 0 {
                collected = part
                if let declared { collected.reserveCapacity(min(declared, Self.trustedBytes)) }
            } else {
                collected.writeImmutableBuffer(part)
            }
        }
        return collected
    }

    private func take(_ bytes: Int) throws(Problem) {
        guard budget.take(bytes) else {
            var problem = Problem(
                .serviceUnavailable, ErrorCode.overloaded.description,
                "the bodies that this node is reading take \(budget.limit) bytes (http.maxBodyBytes); try again",
                headers: [.retryAfter: "1"])
            problem.closesConnection = true
            throw problem
        }
        taken.withLock { $0 += bytes }
    }
}

/// How many bytes the bodies of all requests in progress may take together.
final class BodyBudget: Sendable {
    let limit: Int
    private let used = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// False, and nothing taken, where it would exceed the limit.
    func take(_ bytes: Int) -> Bool {
        used.withLock { used in
            guard used + bytes <= limit else { return false }
            used += bytes
            return true
        }
    }

    func give(_ bytes: Int) { used.withLock { $0 -= bytes } }

    var usedBytes: Int { used.withLock { $0 } }
}
