// All that happened to one key, in the forms that checkers need: its writes with what is known of their dots and of
// what they replace, its answers in the order in which they came, and its dots per replica.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire

/// A record that many hold: handing it on copies nothing.
final class SharedRecord: Sendable {
    let value: Record

    init(_ value: Record) { self.value = value }
}

/// One write or delete of a key that may have been applied.
struct WriteEvent {
    let shared: SharedRecord
    /// What it wrote; nil for a delete.
    let value: ValueID?
    /// Where it is known: from an answer that shows the value, or from the write's own receipt.
    var dot: Dot?
    /// What it replaces for certain; nil where the store chose.
    let replaces: VersionVector?
    /// What it may have replaced; nil where that may be everything.
    var mayReplace: VersionVector?
    /// See `Record.strength`.
    let strength: Int

    var record: Record { shared.value }
}

/// One object that a client was shown, or the end of the run.
struct Answer {
    /// Nil for the end of the run.
    let shared: SharedRecord?
    let called: Int
    let returned: Int
    let context: VersionVector
    /// Nil where only the context was shown.
    let siblings: [SeenValue]?
    /// How many owners a read stands on; 0 for what is no read.
    let strength: Int

    var record: Record? { shared?.value }
    var ids: [RecordID] { record.map { [$0.id] } ?? [] }
    var name: String { record.map { "\($0.id)" } ?? "the final state" }
}

/// One key's part of a history.
struct KeyHistory {
    let key: ObjectKey
    let rule: BucketRule
    let promise: Promise
    /// In the order of the calls.
    let records: [SharedRecord]
    /// In the order of the calls.
    private(set) var writes: [WriteEvent] = []
    /// In the order in which they returned; the end of the run last.
    private(set) var answers: [Answer] = []
    /// Whether the last answer is the end of the run.
    let hasEnd: Bool
    /// By value.
    private(set) var writers: [ValueID: Int] = [:]
    private(set) var lanes = Lanes()
    private(set) var dotless = Dotless()

    /// O(records × log records), times the entries of a context.
    init(key: ObjectKey, rule: BucketRule, promise: Promise, records: [SharedRecord], end: Reply?) {
        self.key = key
        self.rule = rule
        self.promise = promise
        self.records = records
        hasEnd = end?.context != nil
        collectAnswers(end)
        collectWrites()
        learnDotsFromValues()
        learnDotsFromReceipts()
        lanes = Lanes(writes, isLastWriterWins: rule.kind == .lww, times: seenTimes())
        dotless = Dotless(writes)
    }

    private mutating func collectAnswers(_ end: Reply?) {
        answers.reserveCapacity(records.count + 1)
        for shared in records {
            guard let returned = shared.value.returned, let reply = shared.value.reply, let context = reply.context
            else {
                continue
            }
            let record = shared.value
            let isRead = !record.action.isWrite || record.outcome == .nothingToDelete
            answers.append(
                Answer(
                    shared: shared, called: record.called.order, returned: returned.order, context: context,
                    siblings: reply.siblings, strength: isRead ? record.strength(promise, rule) : 0))
        }
        answers.sort { $0.returned < $1.returned }
        if let end, let context = end.context {
            answers.append(
                Answer(
                    shared: nil, called: .max, returned: .max, context: context, siblings: end.siblings ?? [],
                    strength: rule.n))
        }
    }

    private mutating func collectWrites() {
        for shared in records where shared.value.outcome.mayHaveApplied {
            let record = shared.value
            let value: ValueID?
            switch record.action {
            case .put(let written): value = written
            case .delete: value = nil
            case .get, .add, .remove, .increment, .update: continue
            }
            let sent = record.replacesFound ? nil : record.context ?? VersionVector()
            // What a store chose to replace lies under the context that it answered.
            let upper = sent ?? (record.outcome == .ok ? record.reply?.context : nil)
            if let value { writers[value] = writes.count }
            writes.append(
                WriteEvent(
                    shared: shared, value: value, replaces: sent, mayReplace: upper,
                    strength: record.strength(promise, rule)))
        }
    }

    private mutating func learnDotsFromValues() {
        for answer in answers {
            for sibling in answer.siblings ?? [] {
                guard let value = sibling.value, let writer = writers[value], writes[writer].dot == nil else {
                    continue
                }
                writes[writer].dot = sibling.dot
            }
        }
    }

    private mutating func learnDotsFromReceipts() {
        for index in writes.indices {
            if writes[index].dot == nil { writes[index].dot = writes[index].record.receipt?.written }
            narrowWhatItMayReplace(index)
        }
    }

    /// A write does not replace itself.
    private mutating func narrowWhatItMayReplace(_ index: Int) {
        let write = writes[index]
        guard write.replaces == nil, write.value != nil, let upper = write.mayReplace, let dot = write.dot else {
            return
        }
        let others = upper.lastDots.compactMap { last -> Dot? in
            guard last.replica == dot.replica else { return last }
            let counter = min(last.counter, dot.counter - 1)
            return counter == 0 ? nil : Dot(last.replica, counter)
        }
        writes[index].mayReplace = VersionVector(others)
    }

    /// The hybrid times that answers show, by dot.
    private func seenTimes() -> [Dot: HybridTime] {
        guard rule.kind == .lww else { return [:] }
        var times: [Dot: HybridTime] = [:]
        for answer in answers {
            for sibling in answer.siblings ?? [] {
                if let written = sibling.written { times[sibling.dot] = written }
            }
        }
        return times
    }
}
