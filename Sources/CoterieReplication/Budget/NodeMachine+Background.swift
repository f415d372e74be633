// Where the machine keeps to its budget for background work: hints and repairs ask before each object, and wait for their
// next tick, or are left to later reads; what other members ask for waits here until there is room.
//
// Each object is counted once, where it is read and sent.

import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// How often what waits is looked at.
    private static let backgroundTick = TimeSpan.milliseconds(5)

    /// Whether something of this kind may begin; what may not waits, or is left out.
    mutating func mayBegin(_ kind: BackgroundKind, _ now: Now) -> Bool {
        let may = background.admits(kind, at: now.monotonic)
        if !may { counters.backgroundWaits += 1 }
        return may
    }

    /// The end of a tick: whether requests suffer is looked at.
    mutating func lookAtForeground(_ now: Now) {
        guard !settings.omitted.contains(.yielding) else { return }
        if background.look(at: now.monotonic) { counters.backgroundCuts += 1 }
    }

    /// Whether the answer to a question may be read now; if not, it waits its turn.
    mutating func mayAnswer(
        _ question: BackgroundQuestion, of member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) -> Bool {
        if backgroundQueue.count(question.kind) == 0, mayBegin(question.kind, now) { return true }
        backgroundQueue.add(question, from: member, at: now.monotonic)
        scheduleBackground(now, &effects)
        return false
    }

    private mutating func scheduleBackground(_ now: Now, _ effects: inout Effects) {
        guard !isBackgroundSet else { return }
        isBackgroundSet = true
        effects.append(.setTimer(.background, at: now.monotonic + Self.backgroundTick))
    }

    /// The timer: what waits goes on, one of each kind in turn, as far as there is room.
    mutating func resumeBackground(_ now: Now, _ effects: inout Effects) {
        isBackgroundSet = false
        var isGettingOn = true
        while isGettingOn {
            isGettingOn = false
            for kind in BackgroundKind.allCases
            where backgroundQueue.count(kind) > 0 && background.admits(kind, at: now.monotonic) {
                guard let entry = backgroundQueue.next(kind) else { continue }
                isGettingOn = true
                answer(entry.question, of: entry.member, now, &effects)
            }
        }
        if !backgroundQueue.isEmpty { scheduleBackground(now, &effects) }
    }

    /// Looked at anew: the layout and this node's service may have changed while it waited.
    private mutating func answer(
        _ question: BackgroundQuestion, of member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        switch question {
        case .pull(let pull): receive(pull, from: member, hasWaited: true, now, &effects)
        case .scan(let scan): receive(scan, from: member, hasWaited: true, now, &effects)
        case .compare(let compare): receive(compare, from: member, hasWaited: true, now, &effects)
        }
    }
}

extension ReadResult {
    /// Bytes that were read.
    var size: Int {
        if case .found(let bytes) = self { return bytes.readableBytes }
        return 0
    }
}
