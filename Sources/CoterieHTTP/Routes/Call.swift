// A request as the routes see it, and the answering of all of them: which resource, which method, and the headers that
// every answer has.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import HTTPTypes
import NIOCore

/// One HTTP request, whatever server it came through.
struct Call: Sendable {
    var method: HTTPRequest.Method
    /// As in the request line: `/path?query`.
    var target: String
    var headers = HTTPFields()
    /// Reads the body, of so many bytes at most. Throws a `Problem` where it is larger, and what the server threw where
    /// the connection ends before the body does.
    var body: @Sendable (BodyLimit) async throws -> ByteBuffer = { _ in ByteBuffer() }

    /// How large a body may be, and how an error names it.
    struct BodyLimit: Hashable, Sendable {
        let bytes: Int
        let what: String
        let name: String

        /// The problem of a body that is larger.
        var exceeded: Problem { .tooLarge(what, limit: bytes, name: name) }
    }
}

/// All of the door but its sockets: takes calls, gives answers.
struct Routes: Sendable {
    let gateway: any NodeGateway
    /// Draws a name of 22 base62 characters: a generated key, a boundary.
    let drawName: @Sendable () -> String

    /// Answers a call. Throws only what the reading of its body threw.
    func answer(_ call: Call) async throws -> Answer {
        var answer: Answer
        do {
            answer = try await dispatch(call)
        } catch let problem as Problem {
            answer = problem.answer(asJSON: Accept(call.headers[.accept]).prefersJSON, instance: call.target)
        }
        if let origin = call.headers[.origin], CrossOrigin.isMember(origin, of: gateway.layout) {
            CrossOrigin.allow(origin, &answer)
        }
        if !answer.headers.contains(.receipt) {
            answer.headers[.receipt] = ReceiptText(layout: gateway.layout).local(gateway.member)
        }
        return answer
    }

    private func dispatch(_ call: Call) async throws -> Answer {
        let target = try Target(parsing: call.target)
        let resource = try Resource(target.segments)
        if resource == .adminFaults, gateway.faults == nil { throw Resource.unknown }
        if call.method == .options, call.headers.contains(.accessControlRequestMethod) {
            return CrossOrigin.preflight(resource)
        }
        guard resource.methods.contains(call.method) else {
            throw Problem.methodNotAllowed(
                call.method.rawValue, printable(call.target),
                allowed: resource.methods.map(\.rawValue).joined(separator: ", "))
        }
        let reads = call.method == .get || call.method == .head
        switch resource {
        case .root: return ResourceList.answer(Accept(call.headers[.accept]))
        case .ping: return Answer(.ok, text: "OK", contentType: "text/html")
        case .stats: return Answer(.ok, json: await stats())
        case .cart: return CartPage.answer
        case .adminStatus: return Answer(.ok, json: await gateway.status())
        case .adminLayout: return Answer(.ok, json: LayoutDescription(gateway.layout))
        case .adminFaults:
            guard let injection = gateway.faults else { throw Resource.unknown }
            return try await faults(call, injection)
        case .adminRing: return Answer(.ok, json: try ringLookup(target.query))
        case .adminExplain: return Answer(.ok, json: try await explain(target.query))
        case .object(let path, let key):
            if reads { return try await read(call, path, key, target.query) }
            return call.method == .delete
                ? try await delete(call, path, key, target.query) : try await store(call, path, key, target.query)
        case .datatype(let path, let key):
            if reads { return try await readTyped(call, path, key, target.query) }
            return call.method == .delete
                ? try await delete(call, path, key, target.query)
                : try await updateTyped(call, path, key, target.query)
        case .datatypes(let path): return try await updateTyped(call, path, nil, target.query)
        case .oldCounter(let path, let key):
            return reads
                ? try await readCounter(call, path, key, target.query)
                : try await updateCounter(call, path, key, target.query)
        case .keys(let path): return try await store(call, path, nil, target.query)
        case .oldestBucket(let path) where call.method == .post:
            return try await store(call, path, nil, target.query)
        case .bucketProperties(let path), .oldestBucket(let path):
            return try await properties(call, type: path.type, bucket: path.bucket)
        case .typeProperties(let type): return try await properties(call, type: type, bucket: nil)
        }
    }

    func bucketType(_ name: ByteBuffer) throws(Problem) -> BucketType {
        guard let type = gateway.layout.bucketType(named: name) else { throw .unknownBucketType(name) }
        return type
    }

    private func ringLookup(_ query: Query) throws(Problem) -> RingLookup {
        let (key, type) = try namedKey(query, of: "/admin/ring")
        return RingLookup(key, type: type, in: gateway.layout)
    }

    /// The key that a query names, and its bucket type.
    func namedKey(_ query: Query, of path: String) throws(Problem) -> (ObjectKey, BucketType) {
        func parameter(_ name: String) throws(Problem) -> ByteBuffer {
            guard let value = query.bytes(name), value.readableBytes > 0 else {
                throw .bad(
                    "\(name) query parameter is missing: \(path)?type=TYPE&bucket=BUCKET&key=KEY, "
                        + "type is default where it is not given")
            }
            return value
        }
        let name = query.bytes("type") ?? ByteBuffer(string: BucketType.defaultName)
        let type = try bucketType(name)
        return (ObjectKey(type: name, bucket: try parameter("bucket"), key: try parameter("key")), type)
    }
}
