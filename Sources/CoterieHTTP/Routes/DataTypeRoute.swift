// GET, POST and DELETE of a key of a replicated type, with Riak's conventions for data types.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import HTTPTypes
import NIOCore

extension BucketType {
    /// Whether its keys are of a type with operations of its own, not stored contents.
    var isTyped: Bool { !kind.holdsContents }
}

extension Routes {
    /// A bucket type whose keys have operations, and what reads its values.
    func typedBucketType(_ name: ByteBuffer) throws(Problem) -> (BucketType, AnyReplicatedType) {
        let type = try bucketType(name)
        guard type.isTyped else {
            throw Problem(
                ErrorCode.wrongType.httpStatus, ErrorCode.wrongType.description,
                "Bucket datatype '\(type.kind.rawValue)' is not a supported type: the bucket type \(type.name) keeps "
                    + "values, which are at …/keys/KEY; GET /admin/layout lists the bucket types")
        }
        do {
            return (type, try gateway.types[type.kind.rawValue])
        } catch {
            throw Problem(.internalServerError, ErrorCode.internalError.description, "\(error)")
        }
    }

    /// A bucket type whose keys are stored contents.
    func contentType(_ name: ByteBuffer) throws(Problem) -> BucketType {
        let type = try bucketType(name)
        guard !type.isTyped else {
            throw Problem(
                ErrorCode.wrongType.httpStatus, ErrorCode.wrongType.description,
                "the bucket type \(type.name) has the type \(type.kind.rawValue): its keys are read and updated at "
                    + "/types/\(type.name)/buckets/BUCKET/datatypes/KEY")
        }
        return type
    }

    // MARK: Reading

    func readTyped(_ call: Call, _ path: BucketPath, _ key: ByteBuffer, _ query: Query) async throws -> Answer {
        let (bucketType, type) = try typedBucketType(path.type)
        let includesContext = try RequestParameters.boolean(query, "include_context") ?? true
        return try await readTyped(call, path, key, query, bucketType) { object throws(Problem) in
            guard !object.siblings.isEmpty else { return Self.nothing(of: type, object) }
            return try Self.shown(object, of: type, includesContext: includesContext)
        }
    }

    /// Reads the object, and shows it.
    private func readTyped(
        _ call: Call, _ path: BucketPath, _ key: ByteBuffer, _ query: Query, _ bucketType: BucketType,
        _ show: (CausalObject) throws(Problem) -> Answer
    ) async throws -> Answer {
        let limits = gateway.limits
        var options = try RequestParameters(query, n: bucketType.n, limits: limits, isDelete: false).options
        options.returnBody = false
        options.floor = try call.headers.context(.minContext, limits: limits)
        let objectKey = ObjectKey(type: path.type, bucket: path.bucket, key: key)
        let reply = await gateway.perform(ClientRequest(key: objectKey, operation: .get, options: options))
        let names = ReceiptText(layout: gateway.layout)
        return try receipted(names.text(reply.receipt, kind: .read), call) { () throws(Problem) in
            switch reply.result {
            case .object(let object): return try show(object)
            case .failed(let failure): throw Problem(failure, receipt: reply.receipt, kind: .read)
            case .stored: throw Self.wrongReply("a read")
            }
        }
    }

    /// `{"type":"set","value":["a"],"context":"…"}`.
    private static func shown(
        _ object: CausalObject, of type: AnyReplicatedType, includesContext: Bool
    ) throws(Problem) -> Answer {
        var members: [String: JSONValue] = ["type": .string(type.name), "value": try value(of: object, type)]
        if includesContext, !typesWithoutContext.contains(type.name), !object.isEmpty {
            members["context"] = .string(CausalContext(object.context).text)
        }
        var answer = Answer(.ok, json: members)
        answer.headers[.vclock] = CausalContext(object.context).text
        return answer
    }

    /// What Riak shows no context of: nothing can be removed from them by what was seen, but by a counter's reset, which
    /// is ours and takes it from X-Riak-Vclock.
    private static let typesWithoutContext: Set<String> = [
        ReplicatedCounter.name, GrowOnlySet.name, DistinctCount.name, ReplicatedMaximum.name, ReplicatedMinimum.name,
    ]

    private static func value(of object: CausalObject, _ type: AnyReplicatedType) throws(Problem) -> JSONValue {
        do {
            return try TypeJSON.value(try type.value(of: object), of: type.name)
        } catch {
            throw Problem(.internalServerError, ErrorCode.corrupt.description, "\(error)")
        }
    }

    /// 404, as Riak says it: never written, deleted, or all that was in it is removed.
    private static func nothing(of type: AnyReplicatedType, _ object: CausalObject) -> Answer {
        var answer = Answer(.notFound, json: ["type": type.name, "error": "notfound"])
        answer.headers[.errorCode] = "not_found"
        if object.isMarker { answer.headers[.vclock] = CausalContext(object.context).text }
        return answer
    }

    // MARK: Updating

    /// Updates a key; a generated one where `key` is nil.
    func updateTyped(_ call: Call, _ path: BucketPath, _ key: ByteBuffer?, _ query: Query) async throws -> Answer {
        let (bucketType, type) = try typedBucketType(path.type)
        let includesContext = try RequestParameters.boolean(query, "include_context") ?? true
        let sent = call.headers[.contentType] ?? ""
        guard MediaType(parsing: sent)?.essence == "application/json" else {
            throw Problem(
                .unsupportedMediaType, "unsupported_media_type",
                "updates are sent with Content-Type: application/json, "
                    + (sent.isEmpty ? "and there is none" : "not \"\(printable(sent))\""))
        }
        let body = try await call.body(updateLimit)
        let update: TypeUpdate
        do {
            update = try TypeJSON.update(body, of: type.name)
        } catch {
            throw Problem.bad(error.description)
        }
        var context = try call.headers.context(.vclock, limits: gateway.limits)
        if let text = update.context {
            context = try VersionVector(context: text, from: "context", limits: gateway.limits)
        }
        let name = key ?? ByteBuffer(string: drawName())
        var answer = try await self.update(
            call, path, name, query, bucketType, update.operation, context
        ) { object throws(Problem) in
            try Self.shown(object, of: type, includesContext: includesContext)
        }
        if key == nil {
            answer.status = .created
            answer.headers[.location] = path.path(key: name.readableBytesView, kind: "datatypes")
        }
        return answer
    }

    var updateLimit: Call.BodyLimit {
        Call.BodyLimit(bytes: gateway.limits.maxValueBytes, what: "the update", name: "limits.maxValueBytes")
    }

    /// Performs an operation, and shows the object where the client wants it.
    private func update(
        _ call: Call, _ path: BucketPath, _ key: ByteBuffer, _ query: Query, _ bucketType: BucketType,
        _ operation: ByteBuffer, _ context: VersionVector?, _ show: (CausalObject) throws(Problem) -> Answer
    ) async throws -> Answer {
        let parameters = try RequestParameters(query, n: bucketType.n, limits: gateway.limits, isDelete: false)
        let id = try call.headers.operationID()
        let reply = await gateway.perform(
            ClientRequest(
                key: ObjectKey(type: path.type, bucket: path.bucket, key: key),
                operation: .update(operation, context: context, id: id), options: parameters.options))
        let names = ReceiptText(layout: gateway.layout)
        return try receipted(names.text(reply.receipt, kind: .write), call) { () throws(Problem) in
            switch reply.result {
            case .failed(let failure): throw Problem(failure, receipt: reply.receipt, kind: .write)
            case .object: throw Self.wrongReply("an update")
            case .stored(let context, let object):
                let wanted = parameters.returnBody == false ? nil : object
                var answer = try wanted.map { object throws(Problem) in try show(object) } ?? Answer(.noContent)
                answer.headers[.minContext] = CausalContext(reply.receipt.floor(context)).text
                return answer
            }
        }
    }
}

// MARK: - The old counters

extension Routes {
    /// The bucket type where counters live whose paths name none.
    private func counterType(_ path: BucketPath) throws(Problem) -> (BucketType, AnyReplicatedType) {
        guard let type = gateway.layout.bucketType(named: path.type), type.kind.rawValue == ReplicatedCounter.name
        else {
            throw Problem(
                .notFound, ErrorCode.unknownBucketType.description,
                "/buckets/BUCKET/counters/KEY means the bucket type \(Resource.typeOfOldCounters) with the type counter, "
                    + "and this cluster has none; GET /admin/layout lists its bucket types")
        }
        return try typedBucketType(path.type)
    }

    /// A plain integer.
    func readCounter(_ call: Call, _ path: BucketPath, _ key: ByteBuffer, _ query: Query) async throws -> Answer {
        let (bucketType, type) = try counterType(path)
        return try await readTyped(call, path, key, query, bucketType) { object throws(Problem) in
            if object.siblings.isEmpty { throw Self.notFound(object) }
            return Answer(.ok, text: try Self.value(of: object, type).line)
        }
    }

    /// Adds the integer in the body; `returnvalue=true` answers with the sum.
    func updateCounter(_ call: Call, _ path: BucketPath, _ key: ByteBuffer, _ query: Query) async throws -> Answer {
        let (bucketType, type) = try counterType(path)
        let returnsValue = try RequestParameters.boolean(query, "returnvalue") ?? false
        let body = String(buffer: try await call.body(updateLimit)).trimmed()
        guard let amount = Int64(body) else {
            throw Problem.bad("the body is a whole number of 64 bits, such as 5 or -3, not \"\(printable(body))\"")
        }
        var query = query
        if returnsValue { query.set("returnbody", "true") }
        let operation = CounterOperation.add(amount).canonicalBytes()
        return try await update(call, path, key, query, bucketType, operation, nil) { object throws(Problem) in
            Answer(.ok, text: try Self.value(of: object, type).line)
        }
    }
}
