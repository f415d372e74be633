// Recording at the client's door: from requests and replies as they travel.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire

extension History {
    /// A request is about to be sent. A put's payload should be one of `ValueID.payload`'s.
    @discardableResult
    public mutating func call(_ request: ClientRequest, by process: ProcessNumber, at now: Instant) -> RecordID {
        let options = request.options
        let isWrite = request.operation.isWrite
        let asked = Asked(
            quorum: isWrite ? options.w : options.r, primary: isWrite ? options.pw : options.pr,
            durable: isWrite ? options.dw : nil, sloppy: options.sloppy, notfoundOK: options.notfoundOK)
        switch request.operation {
        case .get:
            return call(.get, key: request.key, by: process, floor: options.floor, asked: asked, at: now)
        case .put(let content, let context, let condition):
            return call(
                .put(ValueID(reading: content.value)), key: request.key, by: process, context: context,
                replacesFound: context == nil && condition?.namesAValue == true, isConditional: condition != nil,
                asked: asked, at: now)
        case .delete(let context, let condition):
            return call(
                .delete, key: request.key, by: process, context: context, replacesFound: context == nil,
                isConditional: condition != nil, asked: asked, at: now)
        case .update(let operation, let context, _):
            let action = Action(operation, of: rule(of: request.key).kind)
            return call(action, key: request.key, by: process, context: context, asked: asked, at: now)
        }
    }

    /// Its answer is there.
    public mutating func complete(_ id: RecordID, with reply: ClientReply, at now: Instant) {
        switch reply.result {
        case .object(let object):
            // A write that is answered with an object alone is a delete that found nothing.
            let isDelete = self[id].map { $0.action.isWrite } ?? false
            complete(
                id, isDelete ? .nothingToDelete : .ok, reply: Reply(object, of: kind(of: id)),
                receipt: reply.receipt, at: now)
        case .stored(let context, let object):
            let shown = object.map { Reply($0, of: kind(of: id)).siblings } ?? nil
            complete(id, .ok, reply: Reply(context: context, siblings: shown), receipt: reply.receipt, at: now)
        case .failed(let failure):
            complete(id, Outcome(failure), code: failure.code, receipt: reply.receipt, at: now)
        }
    }

    private func kind(of id: RecordID) -> TypeKind { self[id].map { rule(of: $0.key).kind } ?? .siblings }

    /// It failed before or without a node's answer.
    public mutating func complete(_ id: RecordID, failure: Failure, at now: Instant) {
        complete(id, Outcome(failure), code: failure.code, at: now)
    }
}

extension Outcome {
    init(_ failure: Failure) {
        switch failure.outcome {
        case .notApplied: self = .notApplied
        case .unknown: self = .unknown
        }
    }
}

extension Reply {
    /// An object as an answer shows it: the values are read out of the payloads.
    public init(_ object: CausalObject) {
        self.init(context: object.context, siblings: object.siblings.map(SeenValue.init))
    }
}

extension SeenValue {
    /// A sibling whose payload is a `Content`.
    public init(_ sibling: Sibling) {
        do throws(ContentError) {
            let content = try Content(decoding: sibling.payload)
            self.init(dot: sibling.dot, value: ValueID(reading: content.value), written: content.written)
        } catch {
            self.init(dot: sibling.dot, value: .unreadable)
        }
    }
}

extension Condition {
    /// Whether a write under it that brings no context replaces the value that it was compared with.
    fileprivate var namesAValue: Bool {
        switch self {
        case .present, .anyVtag, .unmodified: true
        case .absent, .noVtag, .unmodifiedSince, .modifiedSince: false
        }
    }
}
