// What a judge found: which law was broken, by which operations, and how to tell it in few lines.

import CoterieCausality
import CoteriePrimitives
import CoterieWire

/// The laws that a history is held to; each has a file of its own in `Checkers`.
public enum Checker: String, Hashable, Sendable, CaseIterable {
    case lostWrites = "lost-writes"
    case resurrection
    case causality
    case dots
    case sessions
    case regularity
    case sets
    case counters
    case linearizability
    case convergence
    case siblings
    case receipts
}

/// A law that was broken.
public struct Violation: Hashable, Sendable, CustomStringConvertible {
    public let checker: Checker
    public let key: ObjectKey?
    /// The operations that show it, the one that was answered wrongly first. Empty where only states are at fault.
    public let records: [RecordID]
    public let text: String

    public init(_ checker: Checker, key: ObjectKey?, records: [RecordID], _ text: String) {
        self.checker = checker
        self.key = key
        self.records = records
        self.text = text
    }

    public var description: String {
        "\(checker.rawValue): " + (key.map { "\($0): " } ?? "") + text
    }
}

extension Violation {
    /// The violation and the operations that show it, one a line in the order of their calls: the shortest history that
    /// a person needs to follow it. O(records).
    public func excerpt(of history: History) -> String {
        var lines = [description]
        for id in Set(records).sorted() {
            guard let record = history[id] else { continue }
            lines.append("  " + record.line)
        }
        return lines.joined(separator: "\n")
    }
}

extension Record {
    /// The operation on one line: number, process, interval, what was asked, what was answered, by whom.
    public var line: String {
        var words = ["\(id)", "\(process)", "[\(called.order), \(returned.map { String($0.order) } ?? "open")]", verb]
        if let context, !context.isEmpty { words.append("over \(context)") }
        if replacesFound { words.append("over what is found") }
        if let floor { words.append("floor \(floor)") }
        words.append("->")
        words.append(outcome.rawValue)
        if let code { words.append("(\(code))") }
        if let siblings = reply?.siblings { words.append(Self.list(siblings)) }
        if let elements = reply?.elements { words.append("\(elements)") }
        if let count = reply?.count { words.append("\(count)") }
        if let context = reply?.context { words.append("context \(context)") }
        if let receipt {
            let answers = receipt.responders.map { "\($0.member)\($0.role == .fallback ? "~" : ""):\($0.answer)" }
            words.append("met \(receipt.met)/\(receipt.asked.quorum) of \(receipt.asked.n), \(receipt.epoch)")
            words.append("by \(receipt.coordinator) [\(answers.joined(separator: " "))]")
            if let written = receipt.written { words.append("as \(written)") }
        }
        return words.joined(separator: " ")
    }

    private var verb: String {
        switch action {
        case .get: "get"
        case .put(let value): "put \(value)"
        case .delete: "delete"
        case .add(let element): "add \(element)"
        case .remove(let element): "remove \(element)"
        case .increment(let amount): "increment \(amount)"
        case .update: "update"
        }
    }

    private static func list(_ siblings: [SeenValue]) -> String {
        if siblings.isEmpty { return "nothing" }
        return siblings.map { "\($0.value.map(\.description) ?? "?")@\($0.dot)" }.joined(separator: ", ")
    }
}
