// A key as one JSON value: all siblings with their metadata, the context that resolves them, the receipt.
//
//     {"type":"default","bucket":"carts","key":"alice","context":"AQ…","siblings":[
//       {"vtag":"…","contentType":"text/plain","lastModified":"2026-01-02T03:04:05.678Z",…,"value":"milk"}],
//      "receipt":{"coordinator":"n1","epoch":1,…}}
//
// A value that is UTF-8 stands in `value`, any other in `base64`; so do `bucket` and `key` (`bucketBase64`,
// `keyBase64`).

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import CoterieWire
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The JSON form of a key.
struct ObjectJSON: Encodable {
    let type: String
    let bucket: String?
    let bucketBase64: String?
    let key: String?
    let keyBase64: String?
    /// To be sent back with the store that resolves these siblings.
    let context: String
    let siblings: [Value]
    let receipt: ReceiptJSON

    init(_ values: StoredValues, key: ObjectKey, receipt: Receipt, kind: RequestKind, names: ReceiptText) {
        type = String(buffer: key.type)
        (bucket, bucketBase64) = Self.textOrBase64(key.bucket)
        (self.key, keyBase64) = Self.textOrBase64(key.key)
        context = CausalContext(values.context).text
        siblings = values.values.map(Value.init)
        self.receipt = ReceiptJSON(receipt, kind: kind, names: names)
    }

    struct Value: Encodable {
        let vtag: String
        let contentType: String
        let charset: String?
        let contentEncoding: String?
        /// When it was written, by the clock of the owner that took it.
        let lastModified: String?
        let metadata: [Pair]
        let indexes: [Pair]
        let links: [LinkJSON]
        let value: String?
        let base64: String?

        init(_ stored: StoredValue) {
            let content = stored.content
            vtag = stored.vtag
            contentType = content.contentType
            charset = content.charset.isEmpty ? nil : content.charset
            contentEncoding = content.contentEncoding.isEmpty ? nil : content.contentEncoding
            lastModified = stored.modified.map(HTTPDate.iso8601)
            metadata = content.metadata.map { Pair(name: $0.name, value: $0.value) }
            indexes = content.indexes.map { Pair(name: $0.name, value: $0.value) }
            links = content.links.map { LinkJSON(bucket: $0.bucket, key: $0.key, tag: $0.tag) }
            (value, base64) = textOrBase64(content.value)
        }
    }

    struct Pair: Encodable {
        let name: String
        let value: String
    }

    struct LinkJSON: Encodable {
        let bucket: String
        let key: String
        let tag: String
    }

    fileprivate static func textOrBase64(_ bytes: ByteBuffer) -> (text: String?, base64: String?) {
        if let text = String(validating: bytes.readableBytesView, as: UTF8.self) { return (text, nil) }
        return (nil, Data(bytes.readableBytesView).base64EncodedString())
    }
}

/// The receipt as JSON: the fields of `ReceiptText`.
struct ReceiptJSON: Encodable {
    let coordinator: String
    let epoch: UInt64
    let n: Int
    let r: Int?
    let w: Int?
    let pr: Int?
    let pw: Int?
    let dw: Int?
    let nodeConfirms: Int?
    let met: Int
    let primaries: Int
    let durable: Int
    let answers: [AnswerJSON]
    let microseconds: Int64

    struct AnswerJSON: Encodable {
        let member: String
        let answer: String
        let fallback: Bool
    }

    init(_ receipt: Receipt, kind: RequestKind, names: ReceiptText) {
        let asked = receipt.asked
        coordinator = names.name(receipt.coordinator)
        epoch = receipt.epoch.rawValue
        n = asked.n
        r = kind == .read ? asked.quorum : nil
        w = kind == .write ? asked.quorum : nil
        pr = kind == .read && asked.primary > 0 ? asked.primary : nil
        pw = kind == .write && asked.primary > 0 ? asked.primary : nil
        dw = asked.durable > 0 ? asked.durable : nil
        nodeConfirms = asked.nodeConfirms > 0 ? asked.nodeConfirms : nil
        met = receipt.met
        primaries = receipt.metPrimary
        durable = receipt.metDurable
        answers = receipt.responders.map {
            AnswerJSON(member: names.name($0.member), answer: $0.answer.text, fallback: $0.role == .fallback)
        }
        microseconds = receipt.duration.microseconds
    }
}

private func textOrBase64(_ bytes: ByteBuffer) -> (text: String?, base64: String?) { ObjectJSON.textOrBase64(bytes) }
