// Registers are linearizable, where that is promised: each read, write and delete takes effect at one moment between
// its call and its return.
//
// Strict quorums alone do not promise it: a read may see a write that is under way and the next one may not. The search
// is in `WingGongLowe`; its steps are bounded per key, and a key that needs more is not judged.

import CoteriePrimitives
import NIOCore

enum LinearizabilityLaw {
    static func check(_ history: KeyHistory) -> [Violation] {
        guard history.promise.linearizable.contains(String(buffer: history.key.type)) else { return [] }
        var found = Findings(.linearizability, history)
        var operations: [TimedOperation<RegisterModel.Operation>] = []
        var records: [RecordID?] = []
        let read = valuesRead(history)
        for record in history.records.lazy.map(\.value) {
            if let siblings = record.reply?.siblings, siblings.count > 1, !record.action.isWrite {
                found.add([record.id], "\(record.id) shows \(siblings.count) values of a register")
                return found.violations
            }
            guard let operation = operation(of: record, read) else { continue }
            let isOver = record.outcome == .ok || record.outcome == .nothingToDelete
            operations.append(
                TimedOperation(operation, called: record.called.order, returned: isOver ? record.returned?.order : nil))
            records.append(record.id)
        }
        if history.hasEnd, let siblings = history.answers.last?.siblings, siblings.count <= 1 {
            operations.append(TimedOperation(.read(siblings.first?.value), called: .max - 1, returned: .max))
            records.append(nil)
        }
        let steps = history.promise.linearizabilitySteps
        guard case .violated(let longest, let stuck) = linearize(operations, RegisterModel(), maximumSteps: steps)
        else {
            return found.violations
        }
        let before = longest.suffix(4).compactMap { records[$0] }
        let name = records[stuck].map { "\($0)" } ?? "the final state"
        found.add(
            (records[stuck].map { [$0] } ?? []) + before,
            "no order of the operations explains \(name); the longest that does not hold it ends with "
                + before.map(\.description).joined(separator: ", "))
        return found.violations
    }

    /// Which values any read shows: a write without an answer whose value nobody read need not have happened.
    private static func valuesRead(_ history: KeyHistory) -> Set<ValueID> {
        var read: Set<ValueID> = []
        for siblings in history.records.map(\.value.reply?.siblings) + history.answers.map(\.siblings) {
            for sibling in siblings ?? [] {
                if let value = sibling.value { read.insert(value) }
            }
        }
        return read
    }

    private static func operation(of record: Record, _ read: Set<ValueID>) -> RegisterModel.Operation? {
        switch (record.action, record.outcome) {
        case (.get, .ok):
            guard let siblings = record.reply?.siblings else { return nil }
            return .read(siblings.first?.value)
        case (.put(let value), .ok): return .write(value)
        case (.put(let value), .unknown), (.put(let value), .open): return read.contains(value) ? .write(value) : nil
        case (.delete, .ok), (.delete, .unknown), (.delete, .open): return .write(nil)
        case (.delete, .nothingToDelete): return .read(nil)
        default: return nil
        }
    }
}
