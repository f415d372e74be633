// GET and HEAD of a key.
//
// HEAD carries the whole object to this node and leaves the body out only here: its answer has the very headers of GET,
// Content-Length among them, which a read that leaves the values out could not tell.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire
import HTTPTypes
import NIOCore

extension Routes {
    func read(_ call: Call, _ path: BucketPath, _ key: ByteBuffer, _ query: Query) async throws -> Answer {
        let type = try contentType(path.type)
        let limits = gateway.limits
        let parameters = try RequestParameters(query, n: type.n, limits: limits, isDelete: false)
        let conditions = try Conditions(call.headers, limits: limits)
        var options = parameters.options
        options.returnBody = false
        options.floor = try call.headers.context(.minContext, limits: limits)
        let objectKey = ObjectKey(type: path.type, bucket: path.bucket, key: key)
        let reply = await gateway.perform(ClientRequest(key: objectKey, operation: .get, options: options))
        let names = ReceiptText(layout: gateway.layout)
        return try receipted(names.text(reply.receipt, kind: .read), call) { () throws(Problem) in
            let object: CausalObject
            switch reply.result {
            case .object(let found): object = found
            case .failed(let failure): throw Problem(failure, receipt: reply.receipt, kind: .read)
            case .stored: throw Self.wrongReply("a read")
            }
            var values = try StoredValues(object, kind: type.kind)
            if let vtag = parameters.vtag, !values.values.isEmpty { values = try values.only(vtag) }
            let shown: () throws(Problem) -> Answer = { () throws(Problem) in
                if values.values.isEmpty { throw Self.notFound(object) }
                let accept = Accept(call.headers[.accept])
                guard accept.prefersJSON else {
                    return try ObjectRendering(path: path, boundary: drawName).answer(values, accept: accept)
                }
                return Self.json(values, objectKey, reply.receipt, .read, names)
            }
            switch conditions.verdict(tag: values.tag, modified: values.modified) {
            case .proceed: return try shown()
            case .notModified: return Self.notModified(values)
            case .failed(let header):
                throw Problem(
                    .preconditionFailed, ErrorCode.preconditionFailed.description,
                    values.tag == nil
                        ? "\(header) is not met: there is no value"
                        : "\(header) is not met: the entity tag is \"\(values.tag ?? "")\"")
            }
        }
    }

    /// The key as one JSON value, with the headers of any other form.
    static func json(
        _ values: StoredValues, _ key: ObjectKey, _ receipt: Receipt, _ kind: RequestKind, _ names: ReceiptText,
        status: HTTPResponse.Status = .ok
    ) -> Answer {
        var answer = Answer(status, json: ObjectJSON(values, key: key, receipt: receipt, kind: kind, names: names))
        answer.headers[.vclock] = CausalContext(values.context).text
        answer.headers[.vary] = "Accept"
        if let tag = values.tag { answer.headers[.eTag] = "\"\(tag)\"" }
        if let modified = values.modified { answer.headers[.lastModified] = HTTPDate.format(modified) }
        return answer
    }

    private static func notModified(_ values: StoredValues) -> Answer {
        var answer = Answer(.notModified)
        answer.headers[.vclock] = CausalContext(values.context).text
        answer.headers[.vary] = "Accept"
        if let tag = values.tag { answer.headers[.eTag] = "\"\(tag)\"" }
        if let modified = values.modified { answer.headers[.lastModified] = HTTPDate.format(modified) }
        return answer
    }

    /// 404; where a delete is still known, with its context, so that a store can follow it causally.
    static func notFound(_ object: CausalObject) -> Problem {
        var problem = Problem.notFound()
        if object.isMarker {
            let text = CausalContext(object.context).text
            problem.deletedContext = text
            problem.headers[.vclock] = text
            problem.headers[.deleted] = "true"
        }
        return problem
    }

    static func wrongReply(_ request: String) -> Problem {
        Problem(
            .internalServerError, ErrorCode.internalError.description,
            "the node answered \(request) with a result of another kind")
    }

    /// Gives an answer its receipt, a problem too.
    func receipted(_ receipt: String, _ call: Call, _ body: () throws(Problem) -> Answer) throws(Problem) -> Answer {
        do {
            var answer = try body()
            answer.headers[.receipt] = receipt
            return answer
        } catch {
            var problem = error
            problem.headers[.receipt] = receipt
            throw problem
        }
    }
}
