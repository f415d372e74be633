// Sets: an element is known once its add was acknowledged or it was first read; then it is stable (every later read has
// it), stale (some later read has not) or lost (no read has it any more).
//
// Source: the set-full checker of Kyle Kingsbury's Jepsen; `Strength` says which reads must have an acknowledged
// element. An element that somebody may have removed is not owed to anybody; one that was removed on a context that has
// seen its only addition is shown to nobody any more who must know of the remove (INV 8). Each element is added by one
// operation. O(elements read + (adds + removes) × reads) per key.

import CoterieCausality
import CoteriePrimitives
import CoterieWire

/// What became of the elements of one set.
public struct SetSummary: Hashable, Sendable {
    /// In every read that began after it was known.
    public var stable = 0
    /// Missing in some read that began after it was known, and back later.
    public var stale = 0
    /// Missing in the last read that began after it was known, and in all since it was last seen.
    public var lost = 0
    /// Not known, or never read after it was.
    public var neverRead = 0

    public init(stable: Int = 0, stale: Int = 0, lost: Int = 0, neverRead: Int = 0) {
        self.stable = stable
        self.stale = stale
        self.lost = lost
        self.neverRead = neverRead
    }
}

struct SetsLaw {
    private struct Element {
        let add: Record
        let strength: Int
        /// Somebody may have removed it.
        var isRemoved = false
        /// Acknowledged, or returned by a read: the order of that.
        var known: Int?
        var present = 0
        var presentOwed = 0
        var lastPresent: Int?
    }

    private struct Read {
        let record: Record?
        let called: Int
        let returned: Int
        let strength: Int
        let elements: [UInt64]
    }

    private let history: KeyHistory
    private var elements: [UInt64: Element] = [:]
    /// What may have removed an element.
    private var removes: [UInt64: [Record]] = [:]
    private var reads: [Read] = []
    private var found: Findings

    static func check(_ history: KeyHistory, end: Reply?) -> (violations: [Violation], summary: SetSummary) {
        var law = SetsLaw(history, end)
        guard !law.reads.isEmpty else { return ([], SetSummary()) }
        law.judgeReads()
        law.judgeRemoves()
        law.countPresence()
        let summary = law.judgeElements()
        return (law.found.violations, summary)
    }

    private init(_ history: KeyHistory, _ end: Reply?) {
        self.history = history
        found = Findings(.sets, history)
        for record in history.records.lazy.map(\.value) {
            if case .add(let element) = record.action {
                elements[element] = Element(
                    add: record, strength: record.strength(history.promise, history.rule),
                    known: record.outcome == .ok ? record.returned?.order : nil)
            } else if case .remove(let element) = record.action {
                if record.outcome.mayHaveApplied { removes[element, default: []].append(record) }
            } else if let seen = record.reply?.elements, let returned = record.returned {
                let strength = record.strength(history.promise, history.rule)
                reads.append(
                    Read(
                        record: record, called: record.called.order, returned: returned.order, strength: strength,
                        elements: seen))
            }
        }
        for value in removes.keys { elements[value]?.isRemoved = true }
        if let seen = end?.elements {
            reads.append(
                Read(record: nil, called: .max, returned: .max, strength: history.rule.n, elements: seen))
        }
    }

    /// What is read was added, once.
    private mutating func judgeReads() {
        for read in reads.sorted(by: { $0.returned < $1.returned }) {
            var seen: Set<UInt64> = []
            for element in read.elements {
                let ids = read.record.map { [$0.id] } ?? []
                let name = read.record.map { "\($0.id)" } ?? "the final state"
                guard let known = elements[element] else {
                    found.add(ids, "\(name) has \(element), which nobody has added")
                    continue
                }
                if !seen.insert(element).inserted {
                    found.add(ids + [known.add.id], "\(name) has \(element) twice")
                }
                if !known.add.outcome.mayHaveApplied {
                    found.add(
                        ids + [known.add.id], "\(name) has \(element) of \(known.add.id), which was not applied")
                } else if known.add.called.order >= read.returned {
                    found.add(ids + [known.add.id], "\(name) has \(element) of \(known.add.id), which had not begun")
                }
                if read.returned < known.known ?? .max { elements[element]?.known = read.returned }
            }
        }
    }

    /// What was removed with all that was ever added of it stays away.
    private mutating func judgeRemoves() {
        for (value, records) in removes.sorted(by: { $0.key < $1.key }) {
            guard let add = elements[value]?.add, let dot = add.receipt?.written else { continue }
            for remove in records where remove.outcome == .ok && remove.context?.covers(dot) == true {
                let strength = remove.strength(history.promise, history.rule)
                for read in reads where read.called > remove.returnOrder && read.elements.contains(value) {
                    guard strength > 0, strength + read.strength > history.rule.n else { continue }
                    let name = read.record.map { "\($0.id)" } ?? "the final state"
                    found.add(
                        (read.record.map { [$0.id] } ?? []) + [add.id, remove.id],
                        "\(name) has \(value), added by \(add.id) as \(dot) and removed by \(remove.id), which had seen it"
                    )
                    break
                }
            }
        }
    }

    private mutating func countPresence() {
        for read in reads {
            for element in Set(read.elements) {
                guard let entry = elements[element], let known = entry.known, read.called > known else { continue }
                elements[element]?.present += 1
                elements[element]?.lastPresent = max(entry.lastPresent ?? 0, read.called)
                if isOwed(entry, read) { elements[element]?.presentOwed += 1 }
            }
        }
    }

    private func isOwed(_ element: Element, _ read: Read) -> Bool {
        element.strength > 0 && element.strength + read.strength > history.rule.n
            && !element.isRemoved
            && read.called > element.add.returnOrder
    }

    private mutating func judgeElements() -> SetSummary {
        var summary = SetSummary()
        let calls = reads.map(\.called).sorted()
        let byStrength = (0 ... history.rule.n).map { least in
            reads.filter { $0.strength >= least }.map(\.called).sorted()
        }
        for (value, element) in elements.sorted(by: { $0.value.add.id < $1.value.add.id }) {
            guard let known = element.known else {
                summary.neverRead += 1
                continue
            }
            let later = Self.count(in: calls, after: known)
            let last = calls.last ?? 0
            if later == 0 {
                summary.neverRead += 1
            } else if element.present == later {
                summary.stable += 1
            } else if element.lastPresent ?? 0 < last {
                summary.lost += 1
            } else {
                summary.stale += 1
            }
            let least = history.rule.n - element.strength + 1
            guard element.strength > 0, least <= history.rule.n, !element.isRemoved,
                element.presentOwed < Self.count(in: byStrength[least], after: element.add.returnOrder)
            else { continue }
            judgeAbsence(value, element)
        }
        return summary
    }

    private mutating func judgeAbsence(_ value: UInt64, _ element: Element) {
        let owed = reads.filter { isOwed(element, $0) }
        guard let missing = owed.first(where: { !$0.elements.contains(value) }),
            let last = owed.max(by: { $0.called < $1.called })
        else { return }
        let fate = last.elements.contains(value) ? "stale" : "lost"
        let name = missing.record.map { "\($0.id)" } ?? "the final state"
        found.add(
            (missing.record.map { [$0.id] } ?? []) + [element.add.id],
            "\(value), added by \(element.add.id) and acknowledged by \(element.strength) of \(history.rule.n) owners, is "
                + "\(fate): \(name) stands on \(missing.strength) and has it not")
    }

    /// How many of the ascending numbers lie above `bound`.
    private static func count(in ascending: [Int], after bound: Int) -> Int {
        var low = 0
        var high = ascending.count
        while low < high {
            let middle = (low + high) / 2
            if ascending[middle] <= bound { low = middle + 1 } else { high = middle }
        }
        return ascending.count - low
    }
}

/// The sets of a history.
public enum Sets {
    /// What became of the elements of one key, as reads show it. Only gets that answered elements count.
    public static func summary(of key: ObjectKey, in history: History, end: Reply? = nil) -> SetSummary {
        let records = history.records.filter { $0.key == key }.map(SharedRecord.init)
        let part = KeyHistory(
            key: key, rule: history.rule(of: key), promise: Promise(), records: records, end: nil)
        return SetsLaw.check(part, end: end).summary
    }
}
