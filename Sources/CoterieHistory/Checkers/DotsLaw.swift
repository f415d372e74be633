// One client write is one dot (INV 5), and a dot is one write (INV 1).
//
// A write that is applied twice leaves two siblings of one value; a dot that is minted twice makes one write vanish
// under the other. Both are seen from outside. O(siblings shown) per key.

import CoterieCausality
import CoteriePrimitives
import CoterieWire
import CoterieTypes

struct DotsLaw {
    private struct Claim {
        let value: ValueID
        let written: HybridTime?
        let record: RecordID?
    }

    private let history: KeyHistory
    private var byDot: [Dot: Claim] = [:]
    private var byValue: [ValueID: (dot: Dot, record: RecordID?)] = [:]
    private var found: Findings

    static func check(_ history: KeyHistory) -> [Violation] {
        var law = DotsLaw(history: history, found: Findings(.dots, history))
        for answer in history.answers {
            law.judgeShown(answer)
            if law.found.isFull { break }
        }
        for write in history.writes { law.judgeOwn(write) }
        return law.found.violations
    }

    private init(history: KeyHistory, found: Findings) {
        self.history = history
        self.found = found
    }

    private mutating func judgeShown(_ answer: Answer) {
        var previous: Dot?
        for sibling in answer.siblings ?? [] {
            if let previous, !(previous < sibling.dot) {
                found.add(answer.ids, "\(answer.name) shows \(previous) and \(sibling.dot) out of order or twice")
            }
            previous = sibling.dot
            guard let value = sibling.value, value != .unreadable else { continue }
            if let claim = byDot[sibling.dot] {
                if claim.value != value || claim.written != sibling.written {
                    found.add(
                        answer.ids + [claim.record].compactMap(\.self) + writer(value) + writer(claim.value),
                        "\(sibling.dot) is \(value) written at \(time(sibling.written)) in \(answer.name), and "
                            + "\(claim.value) written at \(time(claim.written)) in \(name(claim.record)): a dot was "
                            + "minted twice")
                }
            } else {
                byDot[sibling.dot] = Claim(value: value, written: sibling.written, record: answer.record?.id)
            }
            if let other = byValue[value], other.dot != sibling.dot {
                found.add(
                    answer.ids + [other.record].compactMap(\.self) + writer(value),
                    "\(value) is \(sibling.dot) in \(answer.name) and \(other.dot) in \(name(other.record)): one write "
                        + "was applied twice")
            } else {
                byValue[value] = (sibling.dot, answer.record?.id)
            }
        }
    }

    /// The write's own receipt names its dot, and its context did not cover it.
    private mutating func judgeOwn(_ write: WriteEvent) {
        guard let dot = write.dot else { return }
        let id = write.record.id
        if let sent = write.record.context, sent.covers(dot) {
            found.add([id], "\(id) sent a context that covers its own dot \(dot): the dot had been minted before")
        }
        if write.record.outcome == .ok, let written = write.record.receipt?.written, written != dot {
            found.add([id], "\(id) was answered \(written), and its value is live as \(dot): it was applied twice")
        }
        if let claim = byDot[dot], claim.value != write.value {
            found.add(
                [id] + writer(claim.value),
                "\(id) minted \(dot), which is \(claim.value) in \(name(claim.record)): a dot was minted twice")
        }
    }

    private func writer(_ value: ValueID) -> [RecordID] {
        history.writers[value].map { [history.writes[$0].record.id] } ?? []
    }

    private func name(_ id: RecordID?) -> String { id.map { "\($0)" } ?? "the final state" }
    private func time(_ time: HybridTime?) -> String { time.map { "\($0)" } ?? "no time" }
}
