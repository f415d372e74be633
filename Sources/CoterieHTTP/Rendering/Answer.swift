// What a route gives back: status, headers and body as values, before any server sees them.

import HTTPTypes
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A whole HTTP answer.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var headers = HTTPFields()
    var body: ByteBuffer
    /// The connection ends behind this answer.
    var closesConnection = false

    init(_ status: HTTPResponse.Status, body: ByteBuffer = ByteBuffer(), contentType: String? = nil) {
        self.status = status
        self.body = body
        if let contentType { headers[.contentType] = contentType }
    }

    init(_ status: HTTPResponse.Status, text: String, contentType: String = "text/plain") {
        self.init(status, body: ByteBuffer(string: text), contentType: contentType)
    }

    /// JSON with its keys sorted, so that equal answers have equal bytes; one line, ended by a line feed.
    init(_ status: HTTPResponse.Status, json: some Encodable, contentType: String = "application/json") {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let bytes = try? encoder.encode(json) else {
            self.init(.internalServerError, text: "this node could not write its answer as JSON\n")
            return
        }
        var body = ByteBuffer(bytes: bytes)
        body.writeInteger(UInt8(ascii: "\n"))
        self.init(status, body: body, contentType: contentType)
    }
}

extension HTTPField.Name {
    /// A name of ours that is known to be a token.
    private static func known(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("\(name) is not a header name") }
        return field
    }

    static let vclock = known("X-Riak-Vclock")
    static let deleted = known("X-Riak-Deleted")
    static let ifNotModified = known("X-Riak-If-Not-Modified")
    static let link = known("Link")
    static let receipt = known("X-Coterie-Receipt")
    static let minContext = known("X-Coterie-Min-Context")
    static let operationID = known("X-Coterie-Operation-Id")
    static let errorCode = known("X-Coterie-Error")
    static let outcome = known("X-Coterie-Outcome")
}
