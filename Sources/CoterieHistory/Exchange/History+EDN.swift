// A history as Jepsen writes it: one map per event, an invocation and its completion, so that an outside checker
// (Knossos, Elle, Porcupine's readers) can judge it.
//
//     {:index 0, :time 12000, :type :invoke, :process 0, :f :write, :value ["default/b/x" 7], :w "quorum"}
//     {:index 1, :time 15000, :type :ok, :process 0, :f :write, :value ["default/b/x" 7], :epoch 1, :context "AQ…"}
//
// Values are tuples of key and value, as `jepsen.independent` has them. A process of Jepsen does one thing at a time
// and ends with an unknown outcome: a session that overlaps with itself, or goes on behind one, takes several numbers.
// `:info` is unknown, `:fail` is not applied, an invocation without a completion is open.

import CoterieCausality
import CoteriePrimitives
import CoterieWire
import NIOCore

/// How operations are named.
public enum EDNStyle: Hashable, Sendable {
    /// `:read` and `:write`, a delete writes nil, a read shows one value: what checkers of registers understand. A read
    /// of several siblings shows all, in a vector.
    case register
    /// `:get`, `:put` and `:delete`; a get shows a vector of siblings.
    case siblings
}

extension History {
    /// The history in EDN. O(bytes).
    public func jepsenEDN(style: EDNStyle = .register) -> ByteBuffer {
        var lanes = JepsenProcesses()
        var events: [(order: Int, record: Int, isCall: Bool)] = []
        events.reserveCapacity(records.count * 2)
        for (index, record) in records.enumerated() {
            events.append((record.called.order, index, true))
            if let returned = record.returned { events.append((returned.order, index, false)) }
        }
        events.sort { $0.order < $1.order }
        var out = ByteBuffer()
        out.reserveCapacity(events.count * 160)
        for (index, event) in events.enumerated() {
            let record = records[event.record]
            let process = event.isCall ? lanes.begin(record) : lanes.end(record)
            out.writeString("{:index \(index), ")
            record.writeEDN(isCall: event.isCall, process: process, style, to: &out)
            out.writeStaticString("}\n")
        }
        return out
    }
}

/// Numbers for processes that do one thing at a time.
private struct JepsenProcesses {
    private var free: [ProcessNumber: [Int]] = [:]
    private var busy: [RecordID: Int] = [:]
    private var next = 0

    mutating func begin(_ record: Record) -> Int {
        let number: Int
        if let idle = free[record.process]?.popLast() {
            number = idle
        } else {
            number = next
            next += 1
        }
        busy[record.id] = number
        return number
    }

    mutating func end(_ record: Record) -> Int {
        guard let number = busy.removeValue(forKey: record.id) else {
            preconditionFailure("\(record.id) returns without a call")
        }
        if record.outcome != .unknown { free[record.process, default: []].append(number) }
        return number
    }
}

extension Record {
    fileprivate func writeEDN(isCall: Bool, process: Int, _ style: EDNStyle, to out: inout ByteBuffer) {
        let moment = isCall ? called : returned ?? called
        out.writeString(":time \(moment.nanoseconds), :type \(isCall ? ":invoke" : outcome.jepsenType)")
        out.writeString(", :process \(process), :f \(ednName(style)), :value [")
        JSONObject.writeString(key.word, to: &out)
        out.writeString(" \(ednValue(isCall: isCall, style))]")
        if isCall {
            out.writeString(", :session \(self.process.rawValue)")
            let names = action.isWrite ? ("w", "pw") : ("r", "pr")
            for (name, quorum) in [(names.0, asked.quorum), (names.1, asked.primary), ("dw", asked.durable)] {
                if let quorum { out.writeString(", :\(name) \"\(quorum)\"") }
            }
            if let context { out.writeString(", :context \"\(CausalContext(context).text)\"") }
            return
        }
        if outcome == .nothingToDelete { out.writeString(", :nothing-to-delete true") }
        if let code {
            out.writeString(", :error \(":" + code.description.split(separator: "_").joined(separator: "-"))")
        }
        if let epoch { out.writeString(", :epoch \(epoch.rawValue)") }
        guard let reply else { return }
        if let context = reply.context { out.writeString(", :context \"\(CausalContext(context).text)\"") }
        if let siblings = reply.siblings, !action.isWrite {
            out.writeString(", :dots [\(siblings.map { "\"\($0.dot.word)\"" }.joined(separator: " "))]")
        }
    }

    private func ednName(_ style: EDNStyle) -> String {
        switch (action, style) {
        case (.get, .register): ":read"
        case (.put, .register), (.delete, .register): ":write"
        case (.get, .siblings): reply?.elements == nil && reply?.count == nil ? ":get" : ":read"
        case (.put, .siblings): ":put"
        case (.delete, .siblings): ":delete"
        case (.add, _): ":add"
        case (.remove, _): ":remove"
        case (.increment, _): ":increment"
        case (.update, _): ":update"
        }
    }

    private func ednValue(isCall: Bool, _ style: EDNStyle) -> String {
        switch action {
        case .put(let value): return "\(value.rawValue)"
        case .add(let element), .remove(let element): return "\(element)"
        case .increment(let amount): return "\(amount)"
        case .delete, .update: return "nil"
        case .get: break
        }
        guard !isCall, let reply else { return "nil" }
        if let elements = reply.elements { return "[\(elements.map(String.init).joined(separator: " "))]" }
        if let count = reply.count { return "\(count)" }
        let values = (reply.siblings ?? []).map { $0.value.map { String($0.rawValue) } ?? "nil" }
        if style == .register, values.count <= 1 { return values.first ?? "nil" }
        return "[\(values.joined(separator: " "))]"
    }
}

extension Outcome {
    fileprivate var jepsenType: String {
        switch self {
        case .ok, .nothingToDelete: ":ok"
        case .notApplied: ":fail"
        case .unknown, .open: ":info"
        }
    }
}
