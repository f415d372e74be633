// One key's state in the model store: an implementation of its own, so that the laws are not tested against the code
// whose histories they will judge.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieTypes
import NIOCore

struct ModelObject: Hashable {
    struct Live: Hashable {
        let dot: Dot
        let value: ValueID
        let written: HybridTime
    }

    var context = VersionVector()
    var live: [Live] = []

    mutating func write(_ dot: Dot, _ value: ValueID?, at written: HybridTime, over sent: VersionVector, keepAll: Bool)
    {
        if !keepAll { live.removeAll { sent.covers($0.dot) } }
        context.merge(sent)
        context.observe(dot)
        if let value { live.append(Live(dot: dot, value: value, written: written)) }
        live.sort { $0.dot < $1.dot }
    }

    mutating func merge(_ other: ModelObject, isLastWriterWins: Bool, _ mutant: Mutant?) {
        if mutant == .clockBeatsCausality, isLastWriterWins {
            live = Array(Set(live + other.live))
        } else {
            let mine = live.filter { other.live.contains($0) || !other.context.covers($0.dot) }
            let theirs = other.live.filter { live.contains($0) || !context.covers($0.dot) }
            live = Array(Set(mine + theirs))
        }
        context.merge(other.context)
        live.sort { $0.dot < $1.dot }
        if isLastWriterWins { settle() }
        if mutant == .mergeDropsSibling, !isLastWriterWins { live = live.suffix(1) }
    }

    mutating func settle() {
        let last = live.max { $0.written != $1.written ? $0.written < $1.written : $0.dot < $1.dot }
        live = last.map { [$0] } ?? []
    }

    /// The context that a write is answered: without the live values that its client has not seen.
    func contextWithoutUnseen(but own: Dot?) -> VersionVector {
        var dots: [Dot] = []
        for last in context.lastDots {
            let unseen = live.filter { $0.dot != own && $0.dot.replica == last.replica }.map(\.dot.counter).min()
            let counter = min(last.counter, unseen.map { $0 - 1 } ?? last.counter)
            if counter > 0 { dots.append(Dot(last.replica, counter)) }
        }
        return VersionVector(dots)
    }

    var reply: Reply {
        Reply(context: context, siblings: live.map { SeenValue(dot: $0.dot, value: $0.value, written: $0.written) })
    }

    var bytes: ByteBuffer { ByteBuffer(string: "\(context) \(live.map { "\($0.dot) \($0.value)" })") }
}
