// A type that a program which embeds a node has added: read, updated and explained over HTTP without a line of its own.

import CoterieCausality
import CoterieTypes
import HTTPTypes
import NIOCore
import Testing

@testable import CoterieHTTP

/// The longest text that was offered; of equally long ones the first by its bytes.
private enum LongestText: ReplicatedType {
    static let name = "longest"

    static func apply(
        _ text: ByteBuffer, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        if text.readableBytes == 0 { throw .refused("a text has at least one byte") }
        return TypeChange(payloads: [text])
    }

    static func value(of object: CausalObject) throws(TypeFault) -> ByteBuffer {
        object.siblings.map(\.payload).max { a, b in
            a.readableBytes != b.readableBytes ? a.readableBytes < b.readableBytes : b.precedes(a)
        } ?? ByteBuffer()
    }
}

@Suite struct OwnTypeTests {
    private func node() throws -> FakeNode {
        var types = TypeRegistry.builtIn
        try types.register(LongestText.self)
        return FakeNode(types: types)
    }

    /// The bytes of an operation or of a value, as JSON has them.
    private func base64(_ text: String) throws -> String {
        try TypeJSON.value(ByteBuffer(string: text).canonicalBytes(), of: LongestText.name).line
    }

    @Test func itsOperationsAndValuesAreTheBytesThatItDefines() async throws {
        let node = try node()
        let path = "/types/longest/buckets/b/datatypes/k"
        for text in ["milk", "butter", "tea"] {
            let answer = try await node.answer(
                .post, path, [.contentType: "application/json"], body: try base64(text))
            #expect(answer.status == .noContent, "\(String(buffer: answer.body))")
        }
        let read = try await node.answer(.get, path + "?include_context=false")
        #expect(String(buffer: read.body) == "{\"type\":\"longest\",\"value\":\(try base64("butter"))}\n")
        let explained = try await node.answer(.get, "/admin/explain?type=longest&bucket=b&key=k")
        #expect(String(buffer: explained.body).contains("\"liveCount\":3"))
    }

    @Test func whatItRefusesIsRefusedInItsWords() async throws {
        let node = try node()
        let path = "/types/longest/buckets/b/datatypes/k"
        let refused = try await node.answer(
            .post, path, [.contentType: "application/json"], body: try base64(""))
        #expect(refused.status == .conflict)
        #expect(String(buffer: refused.body).contains("a text has at least one byte"))
        #expect(refused.headers[.errorCode] == "operation_refused")
        let wrong = try await node.answer(.post, path, [.contentType: "application/json"], body: "5")
        #expect(wrong.status == .badRequest)
        let bytes = try await node.answer(
            .post, path, [.contentType: "application/json"], body: #"{"base64":"/w=="}"#)
        #expect(bytes.status == .badRequest && bytes.headers[.errorCode] == "bad_operation")
    }
}
