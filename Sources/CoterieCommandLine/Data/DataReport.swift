// Answers as JSON: the same fields as the HTTP door's `Accept: application/json` (CoterieHTTP, ObjectJSON).

import CoterieClient
import CoteriePrimitives
import CoterieTypes
import CoterieWire
import Foundation
import NIOCore

/// A key's values after a read or a write.
struct KeyReport: Encodable {
    let type: String
    let bucket: String
    let key: String
    /// A read found at least one value.
    var found: Bool?
    /// A read found that the key was deleted.
    var deleted: Bool?
    /// A write was acknowledged.
    var stored: Bool?
    /// To be sent back with the write that replaces these values.
    let context: String
    var siblings: [SiblingReport]?
    let receipt: ReceiptReport
}

/// One sibling. A value that is UTF-8 stands in `value`, any other in `base64`.
struct SiblingReport: Encodable {
    struct Pair: Encodable {
        let name: String
        let value: String
    }

    let vtag: String
    let contentType: String
    let charset: String?
    let contentEncoding: String?
    /// When it was written, by the clock of the owner that took it.
    let lastModified: String?
    let metadata: [Pair]
    let indexes: [Pair]
    let value: String?
    let base64: String?

    init(_ content: Content, vtag: String) {
        self.vtag = vtag
        contentType = content.contentType
        charset = content.charset.isEmpty ? nil : content.charset
        contentEncoding = content.contentEncoding.isEmpty ? nil : content.contentEncoding
        lastModified = content.written.map { WallClockText.of($0.wall) }
        metadata = content.metadata.map { Pair(name: $0.name, value: $0.value) }
        indexes = content.indexes.map { Pair(name: $0.name, value: $0.value) }
        value = String(validating: content.value.readableBytesView, as: UTF8.self)
        base64 = value == nil ? Data(content.value.readableBytesView).base64EncodedString() : nil
    }
}

/// Who was asked and who answered.
struct ReceiptReport: Encodable {
    struct AnswerReport: Encodable {
        let member: String
        let answer: String
        let fallback: Bool
    }

    let coordinator: String
    let epoch: UInt64
    let n: Int
    var r: Int?
    var w: Int?
    var pr: Int?
    var pw: Int?
    let dw: Int?
    let nodeConfirms: Int?
    let met: Int
    let primaries: Int
    let durable: Int
    let answers: [AnswerReport]
    let microseconds: Int64

    init(_ receipt: Receipt, isWrite: Bool?, names: MemberNames) {
        let asked = receipt.asked
        coordinator = names.name(receipt.coordinator)
        epoch = receipt.epoch.rawValue
        n = asked.n
        if isWrite == true {
            w = asked.quorum
            pw = asked.primary > 0 ? asked.primary : nil
        } else if isWrite == false {
            r = asked.quorum
            pr = asked.primary > 0 ? asked.primary : nil
        }
        dw = asked.durable > 0 ? asked.durable : nil
        nodeConfirms = asked.nodeConfirms > 0 ? asked.nodeConfirms : nil
        met = receipt.met
        primaries = receipt.metPrimary
        durable = receipt.metDurable
        answers = receipt.responders.map {
            AnswerReport(member: names.name($0.member), answer: $0.answer.text, fallback: $0.role == .fallback)
        }
        microseconds = receipt.duration.microseconds
    }
}

/// A failed request.
struct FailureReport: Encodable {
    struct ErrorReport: Encodable {
        let code: String
        let message: String
        /// `not_applied` or `unknown`.
        let outcome: String
        let node: String?
    }

    let error: ErrorReport
    let receipt: ReceiptReport?

    init(_ error: CoterieError, names: MemberNames) {
        self.error = ErrorReport(
            code: error.code.rawValue, message: error.message,
            outcome: error.outcome == .unknown ? "unknown" : "not_applied", node: error.node?.description)
        receipt = error.receipt.map { ReceiptReport($0, isWrite: nil, names: names) }
    }
}

extension Responder.Answer {
    /// As receipts show it.
    var text: String {
        switch self {
        case .value: "value"
        case .notFound: "notfound"
        case .stored: "stored"
        case .durable: "durable"
        case .failed: "failed"
        }
    }
}

/// Instants for people and scripts: ISO 8601 with milliseconds, UTC.
enum WallClockText {
    static func of(_ time: WallTime) -> String {
        let (seconds, milliseconds) = time.milliseconds.quotientAndRemainder(dividingBy: 1_000)
        // Whole seconds are exact in a Date; a fraction would be rounded.
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601).dropLast()
        return "\(text).\(String(1_000 + max(milliseconds, 0)).dropFirst())Z"
    }
}
