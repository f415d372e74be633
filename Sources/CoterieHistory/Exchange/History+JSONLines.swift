// A history as JSON lines: one object per operation, in the order of the calls, behind one line that names the format
// and the bucket types. Complete: what is read back is judged as the original is.
//
//     {"format":"coterie-history","version":1,"rules":{"default":{"n":3,"type":"siblings",…}}}
//     {"id":1,"process":0,"key":"default/carts/a","kind":"put","value":7,"call":12000,"return":15000,"call_order":1,
//      "return_order":4,"outcome":"ok","w":"quorum","epoch":1,"context":"AQBYwiO-","reply":{…},"receipt":{…}}
//
// Times are nanoseconds of the recorder's clock. What is absent is not known; without orders, times decide and equal
// times overlap.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

extension History {
    static let formatName = "coterie-history"
    static let formatVersion = 1

    /// The history as JSON lines. O(bytes).
    public func jsonLines() -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(records.count * 400 + 200)
        JSONObject.write(to: &out) { header in
            header.field("format", Self.formatName)
            header.field("version", Self.formatVersion)
            header.list("rules", rules.sorted { $0.key < $1.key }) { rule, out in
                JSONObject.write(to: &out) { $0.write(rule.value, name: rule.key) }
            }
            if dropped > 0 { header.field("dropped", dropped) }
        }
        out.writeStaticString("\n")
        for record in records {
            JSONObject.write(to: &out) { $0.write(record) }
            out.writeStaticString("\n")
        }
        return out
    }

    /// A number that equal histories share, on every machine. O(bytes).
    public var digest: UInt64 {
        jsonLines().withUnsafeReadableBytes { stableHash($0, key: HashKey(0x6869_7374_6f72_7920, 0x6469_6765_7374)) }
    }
}

extension JSONObject {
    fileprivate mutating func write(_ rule: BucketRule, name: String) {
        field("name", name)
        field("n", rule.n)
        field("type", rule.kind.rawValue)
        field("r", rule.r.description)
        field("w", rule.w.description)
        field("dw", rule.dw.description)
        flag("sloppy", rule.sloppy)
    }

    fileprivate mutating func write(_ record: Record) {
        field("id", record.id.rawValue)
        field("process", record.process.rawValue)
        field("key", record.key.word)
        field("kind", record.action.name)
        switch record.action {
        case .put(let value): field("value", value.rawValue)
        case .add(let element), .remove(let element): field("value", element)
        case .increment(let amount): field("value", amount)
        case .get, .delete, .update: break
        }
        field("call", record.called.nanoseconds)
        field("return", record.returned?.nanoseconds)
        field("call_order", record.called.order)
        field("return_order", record.returned?.order)
        field("outcome", record.outcome.rawValue)
        field("code", record.code?.description)
        let isWrite = record.action.isWrite
        field(isWrite ? "w" : "r", record.asked.quorum?.description)
        field(isWrite ? "pw" : "pr", record.asked.primary?.description)
        field("dw", record.asked.durable?.description)
        field("sloppy", record.asked.sloppy)
        field("notfound_ok", record.asked.notfoundOK)
        field("epoch", record.epoch?.rawValue)
        field("context", record.context.map { CausalContext($0).text })
        flag("replaces_found", record.replacesFound)
        flag("conditional", record.isConditional)
        field("floor", record.floor.map { CausalContext($0).text })
        if let reply = record.reply { object("reply") { $0.write(reply) } }
        if let receipt = record.receipt { object("receipt") { $0.write(receipt) } }
    }

    private mutating func write(_ reply: Reply) {
        field("context", reply.context.map { CausalContext($0).text })
        list("siblings", reply.siblings) { sibling, out in
            JSONObject.write(to: &out) {
                $0.field("dot", sibling.dot.word)
                $0.field("value", sibling.value?.rawValue)
                $0.field("written", sibling.written?.description)
            }
        }
        list("elements", reply.elements) { $1.writeString(String($0)) }
        field("count", reply.count)
    }

    private mutating func write(_ receipt: Receipt) {
        field("coordinator", receipt.coordinator.rawValue)
        field("epoch", receipt.epoch.rawValue)
        object("asked") {
            $0.field("n", receipt.asked.n)
            $0.field("quorum", receipt.asked.quorum)
            $0.field("primary", receipt.asked.primary)
            $0.field("durable", receipt.asked.durable)
            $0.field("node_confirms", receipt.asked.nodeConfirms)
        }
        field("met", receipt.met)
        field("met_primary", receipt.metPrimary)
        field("met_durable", receipt.metDurable)
        field("duration", receipt.duration.nanoseconds)
        field("written", receipt.written?.word)
        list("responders", receipt.responders) { responder, out in
            JSONObject.write(to: &out) {
                $0.field("member", responder.member.rawValue)
                $0.field("role", responder.role.word)
                $0.field("answer", responder.answer.word)
            }
        }
    }
}

extension Action {
    /// The `kind` of a record, and EDN's `:f`.
    var name: String {
        switch self {
        case .get: "get"
        case .put: "put"
        case .delete: "delete"
        case .add: "add"
        case .remove: "remove"
        case .increment: "increment"
        case .update: "update"
        }
    }
}

extension Responder.Role {
    var word: String {
        switch self {
        case .primary: "primary"
        case .fallback: "fallback"
        }
    }

    static let words: [String: Self] = ["primary": .primary, "fallback": .fallback]
}

extension Responder.Answer {
    var word: String {
        switch self {
        case .value: "value"
        case .notFound: "not_found"
        case .stored: "stored"
        case .durable: "durable"
        case .failed: "failed"
        }
    }

    static let words: [String: Self] = [
        "value": .value, "not_found": .notFound, "stored": .stored, "durable": .durable, "failed": .failed,
    ]
}
