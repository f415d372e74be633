// Reading a history back from JSON lines, its own or another program's.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

extension History {
    /// Reads JSON lines; `rules` hold where the first line names none. Empty lines are skipped. O(bytes × log lines).
    public init(jsonLines bytes: ByteBuffer, rules: [String: BucketRule] = [:]) throws(HistoryFormatError) {
        var rules = rules
        var drafts: [RecordDraft] = []
        var number = 0
        for line in bytes.readableBytesView.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            let value: TextValue
            do throws(TextFault) {
                value = try JSONText.parse(Array(line))
            } catch {
                throw HistoryFormatError(line: number, "byte \(error.offset): \(error.text)")
            }
            let fields = Fields(value: value, line: number)
            if value["format"] != nil {
                rules.merge(try fields.rules()) { $1 }
            } else {
                drafts.append(try fields.draft())
            }
        }
        self.init(rules: rules, imported: try RecordDraft.ordered(drafts))
    }
}

/// A record whose moments may not be known yet.
struct RecordDraft {
    var line: Int
    var id: UInt64?
    var call: (order: Int?, time: Int64)
    /// Nil where it never returned.
    var end: (order: Int?, time: Int64)?
    /// With a placeholder for the moments.
    var record: Record

    /// The drafts as records in the order of their calls: by their own orders where all have one, else by time, and
    /// calls before returns at the same time, so that operations overlap rather than follow each other.
    static func ordered(_ drafts: [RecordDraft]) throws(HistoryFormatError) -> [Record] {
        let haveOrders = drafts.allSatisfy { $0.call.order != nil && ($0.end == nil || $0.end?.order != nil) }
        var moments: [(first: Int64, second: Int, draft: Int, isCall: Bool)] = []
        for (index, draft) in drafts.enumerated() {
            let call = haveOrders ? Int64(draft.call.order ?? 0) : draft.call.time
            moments.append((call, haveOrders ? 0 : index, index, true))
            guard let end = draft.end else { continue }
            moments.append(
                (haveOrders ? Int64(end.order ?? 0) : end.time, haveOrders ? 0 : drafts.count + index, index, false))
        }
        moments.sort { $0.first != $1.first ? $0.first < $1.first : $0.second < $1.second }
        var calls = Array(repeating: 0, count: drafts.count)
        var returns = calls
        for (index, moment) in moments.enumerated() {
            let order = haveOrders ? Int(moment.first) : index + 1
            if moment.isCall { calls[moment.draft] = order } else { returns[moment.draft] = order }
        }
        var records: [Record] = []
        let byCall = drafts.indices.sorted { calls[$0] != calls[$1] ? calls[$0] < calls[$1] : $0 < $1 }
        let haveNumbers = zip(byCall, byCall.dropFirst()).allSatisfy { (drafts[$0].id ?? 0) < (drafts[$1].id ?? 0) }
        for (position, index) in byCall.enumerated() {
            let draft = drafts[index]
            let returned = draft.end.map { Moment(order: returns[index], nanoseconds: $0.time) }
            if let returned, returned.order <= calls[index] {
                throw HistoryFormatError(line: draft.line, "the operation returns before it is called")
            }
            let position = UInt64(position + 1)
            records.append(
                draft.record.moved(
                    to: RecordID(haveNumbers ? draft.id ?? position : position),
                    called: Moment(order: calls[index], nanoseconds: draft.call.time), returned: returned))
        }
        return records
    }
}

extension Record {
    /// The same operation under other moments.
    func moved(to id: RecordID, called: Moment, returned: Moment?) -> Record {
        Record(
            id: id, process: process, key: key, action: action, context: context, replacesFound: replacesFound,
            isConditional: isConditional, floor: floor, asked: asked, called: called, returned: returned,
            outcome: outcome, code: code, reply: reply, receipt: receipt)
    }
}

/// One object of a line, and what its fields must be.
private struct Fields {
    let value: TextValue
    let line: Int

    func fail(_ text: String) -> HistoryFormatError { HistoryFormatError(line: line, text) }

    func text(_ name: String) -> String? { value[name]?.text }

    func number<N: FixedWidthInteger>(_ name: String, _: N.Type = N.self) throws(HistoryFormatError) -> N? {
        guard let field = value[name], field != .null else { return nil }
        let exact = field.int64.flatMap { N(exactly: $0) } ?? field.uint64.flatMap { N(exactly: $0) }
        guard let exact else { throw fail("\"\(name)\" must be a whole number of \(N.min) to \(N.max)") }
        return exact
    }

    func required<N: FixedWidthInteger>(_ name: String, _: N.Type = N.self) throws(HistoryFormatError) -> N {
        guard let number: N = try number(name) else { throw fail("\"\(name)\" is missing") }
        return number
    }

    func quorum(_ name: String) throws(HistoryFormatError) -> Quorum? {
        guard let field = value[name], field != .null else { return nil }
        let word = field.text ?? field.int64.map(String.init) ?? ""
        guard let quorum = Quorum(parsing: word) else {
            throw fail("\"\(name)\" must be one, quorum, all or a number, not '\(word)'")
        }
        return quorum
    }

    func context(_ name: String) throws(HistoryFormatError) -> VersionVector? {
        guard let text = text(name) else { return nil }
        do throws(ContextError) {
            return try CausalContext(text: text).vector
        } catch {
            throw fail("\"\(name)\": \(error)")
        }
    }

    func word<Case>(_ name: String, _ allowed: [String: Case]) throws(HistoryFormatError) -> Case {
        guard let word = text(name), let found = allowed[word] else {
            let words = allowed.keys.sorted().joined(separator: ", ")
            throw fail("\"\(name)\" must be one of \(words), not '\(text(name) ?? "")'")
        }
        return found
    }

    /// The name of a replicated type.
    func kind(_ name: String) throws(HistoryFormatError) -> TypeKind {
        let kind = TypeKind(rawValue: text(name) ?? "")
        guard kind.isWellFormed else {
            throw fail("\"\(name)\" must be the name of a type, such as siblings or counter, not '\(kind)'")
        }
        return kind
    }

    func inner(_ name: String) -> Fields? { value[name].map { Fields(value: $0, line: line) } }

    func inners(_ name: String) -> [Fields]? {
        value[name]?.elements.map { $0.map { Fields(value: $0, line: line) } }
    }
}

extension Fields {
    func rules() throws(HistoryFormatError) -> [String: BucketRule] {
        guard text("format") == History.formatName, let version: Int = try number("version") else {
            throw fail("\"format\" must be \(History.formatName), with a \"version\"")
        }
        guard version == History.formatVersion else {
            throw fail("format version \(version), this build reads \(History.formatVersion)")
        }
        var rules: [String: BucketRule] = [:]
        for rule in inners("rules") ?? [] {
            guard let name = rule.text("name") else { throw fail("a rule without \"name\"") }
            let n = try rule.number("n", Int.self) ?? 3
            guard LayoutLimits.replicas.contains(n) else {
                throw fail("\"n\" must be in \(LayoutLimits.replicas), not \(n)")
            }
            rules[name] = BucketRule(
                n: n, kind: try rule.kind("type"),
                r: try rule.quorum("r") ?? .quorum, w: try rule.quorum("w") ?? .quorum, dw: try rule.quorum("dw"),
                sloppy: rule.value["sloppy"]?.bool ?? false)
        }
        return rules
    }

    func draft() throws(HistoryFormatError) -> RecordDraft {
        guard let word = text("key"), let key = ObjectKey(word: word) else {
            throw fail("\"key\" must be type/bucket/key, each percent-encoded, not '\(text("key") ?? "")'")
        }
        let action = try action()
        let outcome = try self.word(
            "outcome", Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0.rawValue, $0) }))
        let time: Int64? = try number("return")
        var end: (order: Int?, time: Int64)?
        if outcome != .open {
            guard let time else { throw fail("an operation that is not open has a \"return\"") }
            end = (try number("return_order"), time)
        }
        let isWrite = action.isWrite
        let asked = Asked(
            quorum: try quorum(isWrite ? "w" : "r"), primary: try quorum(isWrite ? "pw" : "pr"),
            durable: try quorum("dw"), sloppy: value["sloppy"]?.bool, notfoundOK: value["notfound_ok"]?.bool)
        let codes = Dictionary(uniqueKeysWithValues: ErrorCode.allCases.map { ($0.description, $0) })
        let record = Record(
            id: RecordID(0), process: ProcessNumber(try required("process")), key: key, action: action,
            context: try context("context"), replacesFound: value["replaces_found"]?.bool ?? false,
            isConditional: value["conditional"]?.bool ?? false, floor: try context("floor"), asked: asked,
            called: Moment(order: 0, nanoseconds: 0), outcome: outcome,
            code: text("code") == nil ? nil : try self.word("code", codes), reply: try inner("reply")?.reply(),
            receipt: try inner("receipt")?.receipt())
        return RecordDraft(
            line: line, id: try number("id"), call: (try number("call_order"), try required("call")), end: end,
            record: record)
    }

    private func action() throws(HistoryFormatError) -> Action {
        switch text("kind") {
        case "get": return .get
        case "delete": return .delete
        case "put": return .put(ValueID(try required("value")))
        case "add": return .add(try required("value"))
        case "remove": return .remove(try required("value"))
        case "increment": return .increment(try required("value"))
        case "update": return .update
        default:
            throw fail(
                "\"kind\" must be get, put, delete, add, remove, increment or update, not '\(text("kind") ?? "")'")
        }
    }

    private func reply() throws(HistoryFormatError) -> Reply {
        var reply = Reply(context: try context("context"), count: try number("count"))
        if let siblings = inners("siblings") {
            var seen: [SeenValue] = []
            for sibling in siblings { seen.append(try sibling.seenValue()) }
            reply.siblings = seen
        }
        if let elements = value["elements"]?.elements {
            let numbers = elements.compactMap(\.uint64)
            guard numbers.count == elements.count else { throw fail("\"elements\" must be whole numbers from 0") }
            reply.elements = numbers
        }
        return reply
    }

    private func dot(_ name: String) throws(HistoryFormatError) -> Dot? {
        guard let field = value[name], field != .null else { return nil }
        guard let word = field.text, let dot = Dot(word: word) else {
            throw fail("\"\(name)\" must be like m1:a7.2#5, not '\(field.text ?? "")'")
        }
        return dot
    }

    private func seenValue() throws(HistoryFormatError) -> SeenValue {
        guard let dot = try dot("dot") else { throw fail("\"dot\" is missing") }
        var written: HybridTime?
        if let word = text("written") {
            let parts = word.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let milliseconds = Int64(parts[0]), let logical = UInt16(parts[1]),
                (0 ..< 1 << 48).contains(milliseconds)
            else { throw fail("\"written\" must be milliseconds.logical, not '\(word)'") }
            written = HybridTime(milliseconds: milliseconds, logical: logical)
        }
        return SeenValue(dot: dot, value: try number("value").map { ValueID(rawValue: $0) }, written: written)
    }

    private func receipt() throws(HistoryFormatError) -> Receipt {
        var receipt = Receipt(
            coordinator: MemberNumber(try required("coordinator")), epoch: Epoch(try required("epoch")),
            met: try required("met"), metPrimary: try number("met_primary") ?? 0,
            metDurable: try number("met_durable") ?? 0,
            duration: TimeSpan(nanoseconds: try number("duration") ?? 0), written: try dot("written"))
        if let asked = inner("asked") {
            receipt.asked = AskedQuorum(
                n: try asked.number("n") ?? 0, quorum: try asked.number("quorum") ?? 0,
                primary: try asked.number("primary") ?? 0, durable: try asked.number("durable") ?? 0,
                nodeConfirms: try asked.number("node_confirms") ?? 0)
        }
        for responder in inners("responders") ?? [] {
            receipt.responders.append(
                Responder(
                    member: MemberNumber(try responder.required("member")),
                    role: try responder.word("role", Responder.Role.words),
                    answer: try responder.word("answer", Responder.Answer.words)))
        }
        return receipt
    }
}
