// What other members ask for and the budget has no room for yet: it waits here, in order, and is taken up by a timer.
// Bounded: a member's newer question about a group takes the place of its older one, whose answer nobody waits for; of
// comparisons it makes one at a time.

import CoteriePrimitives
import CoterieRing
import CoterieWire

/// A question whose answer takes reading.
enum BackgroundQuestion {
    case pull(Pull)
    case scan(Scan)
    case compare(Compare)

    var kind: BackgroundKind {
        switch self {
        case .pull: .exchange
        case .scan: .refill
        case .compare: .scrub
        }
    }

    var group: Group {
        switch self {
        case .pull(let pull): pull.group
        case .scan(let scan): scan.group
        case .compare(let compare): compare.group
        }
    }
}

/// Questions that wait, by kind.
struct BackgroundQueue {
    struct Entry {
        var question: BackgroundQuestion
        let member: MemberNumber
        let since: Instant
    }

    private var entries = [[Entry]](repeating: [], count: BackgroundKind.allCases.count)

    var isEmpty: Bool { entries.allSatisfy(\.isEmpty) }

    func count(_ kind: BackgroundKind) -> Int { entries[kind.rawValue].count }

    /// Since when the first of this kind waits.
    func since(_ kind: BackgroundKind) -> Instant? { entries[kind.rawValue].first?.since }

    /// At the end, or in the place of an older question. O(what waits).
    mutating func add(_ question: BackgroundQuestion, from member: MemberNumber, at now: Instant) {
        let kind = question.kind.rawValue
        let place = entries[kind].firstIndex { entry in
            entry.member == member && (question.kind == .scrub || entry.question.group == question.group)
        }
        if let place {
            entries[kind][place].question = question
        } else {
            entries[kind].append(Entry(question: question, member: member, since: now))
        }
    }

    mutating func next(_ kind: BackgroundKind) -> Entry? {
        entries[kind.rawValue].isEmpty ? nil : entries[kind.rawValue].removeFirst()
    }

    /// The member is gone: nobody waits for its answers.
    mutating func forget(_ member: MemberNumber) {
        for kind in entries.indices { entries[kind].removeAll { $0.member == member } }
    }
}
