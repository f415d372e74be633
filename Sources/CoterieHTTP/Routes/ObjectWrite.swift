// PUT, POST and DELETE of a key.
//
// The answer to a store that does not show the object has no X-Riak-Vclock, as in Riak: sent back with another store,
// it would replace siblings that the client has never seen. It has X-Coterie-Min-Context instead, which is a floor for
// reads (read-your-writes) and replaces nothing.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import HTTPTypes
import NIOCore

extension Routes {
    /// Stores a value; under a generated key where `key` is nil.
    func store(_ call: Call, _ path: BucketPath, _ key: ByteBuffer?, _ query: Query) async throws -> Answer {
        let type = try contentType(path.type)
        let limits = gateway.limits
        let stored = try StoredHeaders(call.headers, bucket: path.bucket)
        let parameters = try RequestParameters(query, n: type.n, limits: limits, isDelete: false)
        let context = try call.headers.context(.vclock, limits: limits)
        let condition = try Conditions(call.headers, limits: limits).ofWrite()
        let value = try await call.body(
            Call.BodyLimit(bytes: limits.maxValueBytes, what: "the value", name: "limits.maxValueBytes"))

        let name = key ?? ByteBuffer(string: drawName())
        let objectKey = ObjectKey(type: path.type, bucket: path.bucket, key: name)
        let operation = Operation.put(stored.content(value), context: context, condition: condition)
        let reply = await gateway.perform(
            ClientRequest(key: objectKey, operation: operation, options: parameters.options))
        let names = ReceiptText(layout: gateway.layout)
        return try receipted(names.text(reply.receipt, kind: .write), call) { () throws(Problem) in
            switch reply.result {
            case .failed(let failure): throw Self.refused(failure, reply.receipt, condition)
            case .object: throw Self.wrongReply("a store")
            case .stored(let context, let object):
                var answer: Answer
                if let object, parameters.returnBody != false {
                    let values = try StoredValues(object, kind: type.kind)
                    answer = try shown(values, call, path, objectKey, reply.receipt)
                } else {
                    answer = Answer(.noContent)
                }
                answer.headers[.minContext] = CausalContext(reply.receipt.floor(context)).text
                if key == nil {
                    answer.status = .created
                    answer.headers[.location] = path.path(key: name.readableBytesView)
                }
                return answer
            }
        }
    }

    /// The object behind a store, in the form of a read.
    private func shown(
        _ values: StoredValues, _ call: Call, _ path: BucketPath, _ key: ObjectKey, _ receipt: Receipt
    ) throws(Problem) -> Answer {
        if values.values.isEmpty { return Answer(.noContent) }
        let accept = Accept(call.headers[.accept])
        if accept.prefersJSON {
            return Self.json(values, key, receipt, .write, ReceiptText(layout: gateway.layout))
        }
        let rendering = ObjectRendering(path: path, boundary: drawName)
        do {
            return try rendering.answer(values, accept: accept)
        } catch  where error.status == .notAcceptable {
            // The write is done: what the client does not accept in its answer is no reason to call it refused.
            return try rendering.answer(values, accept: Accept(nil))
        }
    }

    func delete(_ call: Call, _ path: BucketPath, _ key: ByteBuffer, _ query: Query) async throws -> Answer {
        let type = try bucketType(path.type)
        let limits = gateway.limits
        let parameters = try RequestParameters(query, n: type.n, limits: limits, isDelete: true)
        let context = try call.headers.context(.vclock, limits: limits)
        let condition = try Conditions(call.headers, limits: limits).ofWrite()
        var options = parameters.options
        options.returnBody = false
        let reply = await gateway.perform(
            ClientRequest(
                key: ObjectKey(type: path.type, bucket: path.bucket, key: key),
                operation: .delete(context: context, condition: condition), options: options))
        let names = ReceiptText(layout: gateway.layout)
        return try receipted(names.text(reply.receipt, kind: .write), call) { () throws(Problem) in
            switch reply.result {
            case .failed(let failure): throw Self.refused(failure, reply.receipt, condition)
            case .object(let object) where object.siblings.isEmpty: throw Self.notFound(object)
            case .object: throw Self.wrongReply("a delete")
            case .stored(let context, _):
                var answer = Answer(.noContent)
                answer.headers[.minContext] = CausalContext(reply.receipt.floor(context)).text
                return answer
            }
        }
    }

    /// A write that was not carried out. X-Riak-If-Not-Modified is a conflict (409), as in Riak; the headers of HTTP
    /// itself are preconditions (412).
    private static func refused(_ failure: Failure, _ receipt: Receipt, _ condition: Condition?) -> Problem {
        var problem = Problem(failure, receipt: receipt, kind: .write)
        if failure.code == .preconditionFailed, case .unmodified = condition { problem.status = .conflict }
        return problem
    }
}
