// An object as Riak's clients know it: one value with its headers, or 300 with the siblings' vtags as text or all the
// siblings as the parts of a multipart body.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import HTTPTypes
import NIOCore

/// Renders what a key holds.
struct ObjectRendering: Sendable {
    let path: BucketPath
    /// Names the boundary of a multipart body: unguessable, so that no value can contain it on purpose.
    let boundary: @Sendable () -> String

    /// The media types that siblings have, in Riak's order.
    static let siblingTypes = ["text/plain", "multipart/mixed"]

    /// The answer in the form that `accept` asks for; 406 where there is none.
    func answer(_ values: StoredValues, accept: Accept) throws(Problem) -> Answer {
        var answer =
            if values.values.count == 1 {
                try single(values.values[0], accept: accept)
            } else {
                try siblings(values.values, accept: accept)
            }
        answer.headers[.vclock] = CausalContext(values.context).text
        answer.headers[.vary] = "Accept"
        if let tag = values.tag { answer.headers[.eTag] = "\"\(tag)\"" }
        if let modified = values.modified { answer.headers[.lastModified] = HTTPDate.format(modified) }
        return answer
    }

    private func single(_ value: StoredValue, accept: Accept) throws(Problem) -> Answer {
        if let type = MediaType(parsing: value.content.contentType), accept.quality(of: type.essence) == 0 {
            throw Self.notAcceptable("a value of the type \(type.essence)", "\(type.essence) or application/json")
        }
        var answer = Answer(.ok, body: value.content.value)
        answer.headers = Self.headers(value.content, in: path)
        return answer
    }

    private func siblings(_ values: [StoredValue], accept: Accept) throws(Problem) -> Answer {
        switch accept.choose(Self.siblingTypes) {
        case "text/plain":
            let text = "Siblings:\n" + values.map { $0.vtag + "\n" }.joined()
            return Answer(.multipleChoices, text: text)
        case "multipart/mixed":
            let boundary = boundary()
            return Answer(
                .multipleChoices, body: multipart(values, boundary: boundary),
                contentType: "multipart/mixed; boundary=\(boundary)")
        default:
            throw Self.notAcceptable(
                "\(values.count) siblings",
                "text/plain, multipart/mixed or application/json, or with ?vtag= one of them")
        }
    }

    private static func notAcceptable(_ what: String, _ allowed: String) -> Problem {
        Problem(
            .notAcceptable, "not_acceptable",
            "the key holds \(what), which the Accept header does not take; it can be had as \(allowed)")
    }

    /// Each sibling as a part with headers of its own (RFC 2046), in the form that Riak's clients split.
    private func multipart(_ values: [StoredValue], boundary: String) -> ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(values.reduce(64) { $0 + $1.content.value.readableBytes + 512 })
        for value in values {
            body.writeString("\r\n--\(boundary)\r\n")
            var headers = Self.headers(value.content, in: path)
            // Without quotes, unlike the header of an answer: so Riak writes it, and its clients read it.
            headers[.eTag] = value.vtag
            if let modified = value.modified { headers[.lastModified] = HTTPDate.format(modified) }
            for field in headers { body.writeString("\(field.name.rawName): \(field.value)\r\n") }
            body.writeString("\r\n")
            body.writeImmutableBuffer(value.content.value)
        }
        body.writeString("\r\n--\(boundary)--\r\n")
        return body
    }

    /// The headers that were stored with a value.
    static func headers(_ content: Content, in path: BucketPath) -> HTTPFields {
        var headers = HTTPFields()
        let type = content.contentType.isEmpty ? Content.defaultContentType : content.contentType
        headers[.contentType] = content.charset.isEmpty ? type : "\(type); charset=\(content.charset)"
        if !content.contentEncoding.isEmpty { headers[.contentEncoding] = content.contentEncoding }
        for line in LinkHeader.lines(content.links, in: path) {
            headers.append(HTTPField(name: .link, value: line))
        }
        for pair in content.metadata {
            append(StoredHeaders.metadataPrefix + MetadataName.encode(pair.name), pair.value, to: &headers)
        }
        var indexes: [(name: String, values: [String])] = []
        for pair in content.indexes {
            if let index = indexes.firstIndex(where: { $0.name == pair.name }) {
                indexes[index].values.append(pair.value)
            } else {
                indexes.append((pair.name, [pair.value]))
            }
        }
        for (name, values) in indexes {
            append(StoredHeaders.indexPrefix + MetadataName.encode(name), values.joined(separator: ", "), to: &headers)
        }
        return headers
    }

    private static func append(_ name: String, _ value: String, to headers: inout HTTPFields) {
        // An encoded name is a token.
        if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
    }
}
