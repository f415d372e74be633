// Reading a history of Jepsen's: its own exports, and those of other tests whose operations are reads, writes, adds and
// increments of keys.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import NIOCore

extension History {
    /// Reads events, one map each, alone or in one vector. Events of `:nemesis` and of no process are skipped. Keys
    /// that are not of the form type/bucket/key stand in the bucket `jepsen` of the type `default`.
    ///
    /// - Parameter isKeyed: whether values are tuples of key and value; without, all events are of one key.
    /// O(bytes).
    public init(
        jepsenEDN bytes: ByteBuffer, rules: [String: BucketRule] = [:], isKeyed: Bool = true
    ) throws(HistoryFormatError) {
        let text = Array(bytes.readableBytesView)
        let lines = LineNumbers(text)
        var reader = JepsenReader(isKeyed: isKeyed)
        do throws(TextFault) {
            let events = try EDNText.parse(text).flatMap { value, offset in
                if case .list(let events) = value { return events.map { (value: $0, offset: offset) } }
                return [(value: value, offset: offset)]
            }
            for event in events { reader.note(event.value) }
            for event in events { try reader.read(event.value, lines.line(at: event.offset), event.offset) }
        } catch {
            throw HistoryFormatError(line: lines.line(at: error.offset), error.text)
        }
        self.init(rules: rules, imported: try RecordDraft.ordered(reader.drafts))
    }
}

/// Which line an offset lies in.
private struct LineNumbers {
    private let breaks: [Int]

    init(_ text: [UInt8]) { breaks = text.indices.filter { text[$0] == UInt8(ascii: "\n") } }

    func line(at offset: Int) -> Int {
        var low = 0
        var high = breaks.count
        while low < high {
            let middle = (low + high) / 2
            if breaks[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low + 1
    }
}

private struct JepsenReader {
    private enum Collection {
        case set
        case counter
    }

    let isKeyed: Bool
    private(set) var drafts: [RecordDraft] = []
    private var collections: [ObjectKey: Collection] = [:]
    /// By Jepsen's process.
    private var open: [Int64: Int] = [:]
    private var events = 0

    init(isKeyed: Bool) { self.isKeyed = isKeyed }

    /// Learns from what is done to a key what its reads show.
    mutating func note(_ event: TextValue) {
        switch event["f"]?.text {
        case "add": collections[tuple(event).0] = .set
        case "increment": collections[tuple(event).0] = .counter
        default: break
        }
    }

    mutating func read(_ event: TextValue, _ line: Int, _ offset: Int) throws(TextFault) {
        func fault(_ text: String) -> TextFault { TextFault(offset: offset, text: text) }
        guard case .map = event else { throw fault("an event must be a map") }
        guard let process = event["process"]?.int64 else { return }
        guard let type = event["type"]?.text else { throw fault("an event without :type") }
        events += 1
        let time = event["time"]?.int64 ?? Int64(events)
        if type == "invoke" {
            guard open[process] == nil else { throw fault("process \(process) begins twice") }
            open[process] = drafts.count
            drafts.append(try draft(event, process, line, time, fault))
            return
        }
        guard let index = open.removeValue(forKey: process) else {
            throw fault("process \(process) ends what it has not begun")
        }
        // Out of the array and back: its element cannot be lent while `self` is read.
        var record = drafts[index].record
        try complete(&record, event, type, fault)
        drafts[index].record = record
        drafts[index].end = (events, time)
    }

    private func draft(
        _ event: TextValue, _ process: Int64, _ line: Int, _ time: Int64, _ fault: (String) -> TextFault
    ) throws(TextFault) -> RecordDraft {
        let (key, value) = tuple(event)
        let action: Action
        switch event["f"]?.text {
        case "read", "get": action = .get
        case "write" where value != nil, "put": action = .put(ValueID(try number(value, fault)))
        case "write", "delete": action = .delete
        case "add": action = .add(try number(value, fault))
        case "increment":
            guard let amount = value?.int64 else { throw fault(":increment needs a whole number") }
            action = .increment(amount)
        case "remove": action = .remove(try number(value, fault))
        case "update": action = .update
        default:
            throw fault(":f must be :read, :get, :write, :put, :delete, :add, :remove, :increment or :update")
        }
        let session = event["session"]?.int64 ?? process
        guard let number = UInt32(exactly: session) else { throw fault("process \(session) is out of range") }
        let isWrite = action.isWrite
        let asked = Asked(
            quorum: quorum(event, isWrite ? "w" : "r"), primary: quorum(event, isWrite ? "pw" : "pr"),
            durable: quorum(event, "dw"))
        let context = try context(event, fault)
        let record = Record(
            id: RecordID(0), process: ProcessNumber(number), key: key, action: action, context: context,
            replacesFound: action == .delete && context == nil, asked: asked, called: Moment(order: 0, nanoseconds: 0))
        return RecordDraft(line: line, id: nil, call: (events, time), end: nil, record: record)
    }

    private func complete(
        _ record: inout Record, _ event: TextValue, _ type: String, _ fault: (String) -> TextFault
    ) throws(TextFault) {
        switch type {
        case "ok": record.outcome = event["nothing-to-delete"]?.bool == true ? .nothingToDelete : .ok
        case "fail": record.outcome = .notApplied
        case "info": record.outcome = .unknown
        default: throw fault(":type must be :invoke, :ok, :fail or :info, not \(type)")
        }
        guard record.outcome == .ok || record.outcome == .nothingToDelete else { return }
        var reply = Reply(context: try context(event, fault))
        let (_, value) = tuple(event)
        if !record.action.isWrite { try readResult(value, event, &reply, fault) }
        record.reply = reply
    }

    /// A register's value or a vector of siblings, with their dots where the event has them. Sets and counters are told
    /// from registers by what else is done to the key.
    private func readResult(
        _ value: TextValue?, _ event: TextValue, _ reply: inout Reply, _ fault: (String) -> TextFault
    ) throws(TextFault) {
        let (key, _) = tuple(event)
        switch collections[key] {
        case .set:
            reply.elements = []
            for element in value?.elements ?? [] { reply.elements?.append(try number(element, fault)) }
            return
        case .counter:
            reply.count = value?.int64
            return
        case nil: break
        }
        let values = value.map { $0.elements ?? [$0] } ?? []
        let dots = event["dots"]?.elements
        guard dots.map({ $0.count == values.count }) ?? true else { throw fault(":dots and values are not as many") }
        reply.siblings = []
        for (index, value) in values.enumerated() {
            let id = value == .null ? nil : ValueID(try number(value, fault))
            var dot = Self.placeholder(index)
            if let word = dots?[index].text {
                guard let parsed = Dot(word: word) else { throw fault("'\(word)' is no dot, like m1:a7.2#5") }
                dot = parsed
            }
            reply.siblings?.append(SeenValue(dot: dot, value: id))
        }
    }

    /// What stands for the dot of a value that came without one; nothing is judged by it, for there is no context.
    private static func placeholder(_ index: Int) -> Dot {
        Dot(ReplicaID(member: MemberNumber(0), incarnation: Incarnation(nonce: 0)), UInt64(index + 1))
    }

    private func tuple(_ event: TextValue) -> (ObjectKey, TextValue?) {
        guard let value = event["value"], value != .null else { return (Self.key("x"), nil) }
        guard isKeyed else { return (Self.key("x"), value) }
        guard case .list(let pair) = value, pair.count == 2, let name = pair[0].text ?? pair[0].int64.map(String.init)
        else { return (Self.key("x"), value) }
        return (ObjectKey(word: name) ?? Self.key(name), pair[1] == .null ? nil : pair[1])
    }

    private static func key(_ name: String) -> ObjectKey {
        ObjectKey(type: BucketType.defaultName, bucket: "jepsen", key: name)
    }

    private func number(_ value: TextValue?, _ fault: (String) -> TextFault) throws(TextFault) -> UInt64 {
        guard let number = value?.uint64 else { throw fault("values must be whole numbers from 0") }
        return number
    }

    private func quorum(_ event: TextValue, _ name: String) -> Quorum? {
        guard let value = event[name] else { return nil }
        return Quorum(parsing: value.text ?? value.int64.map(String.init) ?? "")
    }

    private func context(_ event: TextValue, _ fault: (String) -> TextFault) throws(TextFault) -> VersionVector? {
        guard let text = event["context"]?.text else { return nil }
        do throws(ContextError) {
            return try CausalContext(text: text).vector
        } catch {
            throw fault(":context: \(error)")
        }
    }
}
