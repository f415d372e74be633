// A request that is not answered as asked: which status, which stable code, and a text that says what was wrong, what
// is allowed and where. Shown as Riak's plain text, or as `application/problem+json` (RFC 9457) where the client asks
// for JSON first.

import CoteriePrimitives
import CoterieWire
import HTTPTypes
import NIOCore

/// Why a request is not answered as asked.
struct Problem: Error, Sendable {
    var status: HTTPResponse.Status
    /// Stable: an `ErrorCode`'s name, or one of the door's own.
    var code: String
    /// For people: what was wrong, what is allowed, where. The plain text body.
    var detail: String
    var headers = HTTPFields()
    /// What became of a write; nil where nothing was asked of the node.
    var outcome: Failure.Outcome?
    /// Set for a key whose delete is still known.
    var deletedContext: String?
    /// Whether the connection cannot go on: bytes of the body are left unread.
    var closesConnection = false

    init(_ status: HTTPResponse.Status, _ code: String, _ detail: String, headers: HTTPFields = HTTPFields()) {
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
    }

    /// 400: what the client sent cannot be meant.
    static func bad(_ detail: String) -> Problem {
        Problem(.badRequest, ErrorCode.badRequest.description, detail)
    }

    static func notFound(_ detail: String = "not found") -> Problem { Problem(.notFound, "not_found", detail) }

    /// 405, with the methods that are allowed.
    static func methodNotAllowed(_ method: String, _ path: String, allowed: String) -> Problem {
        Problem(
            .methodNotAllowed, "method_not_allowed", "\(method) is not allowed for \(path); allowed are \(allowed)",
            headers: [.allow: allowed])
    }

    /// 413, before more than the limit is read.
    static func tooLarge(_ what: String, limit: Int, name: String) -> Problem {
        var problem = Problem(
            .contentTooLarge, ErrorCode.valueTooLarge.description,
            "\(what) is larger than the limit of \(limit) bytes (\(name))")
        problem.closesConnection = true
        return problem
    }

    static func unknownBucketType(_ name: ByteBuffer) -> Problem {
        Problem(
            .notFound, ErrorCode.unknownBucketType.description,
            "Unknown bucket type: \(String(buffer: name)); GET /admin/layout lists those of this cluster")
    }
}

extension Problem {
    /// The answer, in the form that the client asked for.
    func answer(asJSON: Bool, instance: String) -> Answer {
        var answer: Answer
        if asJSON {
            answer = Answer(status, json: body(instance: instance), contentType: "application/problem+json")
        } else {
            let outcome =
                outcome == .unknown ? "\noutcome: unknown; the write may have been applied or may still appear" : ""
            answer = Answer(status, text: detail + outcome + "\n")
        }
        for field in headers { answer.headers.append(field) }
        answer.headers[.errorCode] = code
        if let outcome { answer.headers[.outcome] = outcome.text }
        answer.headers[.vary] = "Accept"
        if closesConnection {
            answer.headers[.connection] = "close"
            answer.closesConnection = true
        }
        return answer
    }

    private struct Body: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String
        let code: String
        let instance: String
        let outcome: String?
        let deleted: Bool?
        let context: String?
    }

    private func body(instance: String) -> some Encodable {
        Body(
            type: "urn:coterie:error:\(code)", title: status.reasonPhrase, status: status.code, detail: detail,
            code: code, instance: instance, outcome: outcome?.text, deleted: deletedContext == nil ? nil : true,
            context: deletedContext)
    }
}

extension Failure.Outcome {
    /// As headers and JSON show it.
    var text: String {
        switch self {
        case .notApplied: "not_applied"
        case .unknown: "unknown"
        }
    }
}
