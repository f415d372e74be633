// Objects against causal histories: after every step of random and of all short histories, what is live and what is
// covered is exactly what the definition says (INV 1, 2, 6, 7).

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct HistoryTests {
    /// Runs a history; what was wrong first, if anything was.
    func run(seed: UInt64, rule: CausalHistory.IdentityRule, steps: Int) -> String? {
        var history = CausalHistory(seed: seed, rule: rule, replicas: 2 + Int(seed % 4))
        for _ in 0 ..< steps {
            if let changed = history.step(), let fault = history.fault(at: changed) { return fault }
        }
        history.heal()
        for index in history.replicas.indices {
            history.replicas[index].state.object.checkInvariants()
            if let fault = history.fault(at: index) { return fault }
            if history.replicas[index].state.object.encoded() != history.replicas[0].state.object.encoded() {
                return "replicas 0 and \(index) have heard of the same and differ in bytes"
            }
        }
        return nil
    }

    @Test(arguments: 0 ..< 150 as Range<UInt64>) func whatIsLiveAndCoveredIsWhatTheHistorySays(seed: UInt64) {
        let fault = run(seed: seed, rule: .newIncarnation, steps: 120)
        #expect(fault == nil, "seed \(seed)")
    }

    /// The oracle must be able to see the fault that the rule prevents.
    @Test func theMutantThatKeepsItsIdentityIsCaught() {
        let caught = (0 ..< 150 as Range<UInt64>).filter { run(seed: $0, rule: .reuse, steps: 120) != nil }
        #expect(caught.count > 100, "caught in \(caught.count) of 150 histories")
    }

    /// Every history of five steps over two replicas: writes and deletes by clients that saw nothing, this replica or
    /// the other one, and merges of what the other holds now or held when it last spoke.
    @Test func allShortHistoriesOfTwoReplicas() {
        var visited = 0
        var faults: [String] = []
        var pair = ExhaustivePair()
        pair.explore(depth: 5) { pair in
            visited += 1
            if let fault = pair.fault(), faults.count < 5 { faults.append(fault) }
        }
        #expect(visited > 100_000, "\(visited)")
        #expect(faults.isEmpty)
    }
}

/// Two replicas, every short history.
struct ExhaustivePair {
    struct Side {
        var object = CausalObject()
        var seen: UInt32 = 0
        var counter: UInt64 = 0
    }

    var sides = [Side(), Side()]
    /// A message of each side that is still on its way.
    var late = [Side(), Side()]
    var replaces: [UInt32] = []
    var dots: [Dot] = []
    var deletes: UInt32 = 0
    var path: [Int] = []

    mutating func explore(depth: Int, _ visit: (ExhaustivePair) -> Void) {
        // The two sides are alike: the first step is the first side's.
        for action in 0 ..< (path.isEmpty ? 7 : 14) {
            var next = self
            guard next.act(action) else { continue }
            next.path.append(action)
            visit(next)
            if depth > 1 { next.explore(depth: depth - 1, visit) }
        }
    }

    /// False where the action would change nothing.
    private mutating func act(_ action: Int) -> Bool {
        let me = action / 7
        let other = 1 - me
        switch action % 7 {
        case 0: write(at: me, having: Side(), isDelete: false)
        case 1: write(at: me, having: sides[me], isDelete: false)
        case 2: write(at: me, having: sides[other], isDelete: false)
        case 3: write(at: me, having: sides[me], isDelete: true)
        case 4: write(at: me, having: sides[other], isDelete: true)
        case 5:
            if sides[other].seen == 0 { return false }
            receive(sides[other], at: me)
            late[other] = sides[other]
        default:
            if late[other].seen == 0 { return false }
            receive(late[other], at: me)
        }
        return true
    }

    private mutating func write(at me: Int, having client: Side, isDelete: Bool) {
        sides[me].counter += 1
        let dot = (me == 0 ? a : b)(sides[me].counter)
        let bit: UInt32 = 1 << UInt32(dots.count)
        sides[me].object.write(
            dot: dot, payload: isDelete ? nil : payload(of: dot), observed: client.object.context)
        sides[me].seen |= client.seen | bit
        dots.append(dot)
        replaces.append(client.seen)
        if isDelete { deletes |= bit }
        if late[me].seen == 0 { late[me] = sides[me] }
    }

    private mutating func receive(_ side: Side, at me: Int) {
        sides[me].object.merge(side.object)
        sides[me].seen |= side.seen
    }

    func fault() -> String? {
        for (index, side) in sides.enumerated() {
            var live = side.seen & ~deletes
            for number in dots.indices where side.seen >> UInt32(number) & 1 == 1 { live &= ~replaces[number] }
            var found: UInt32 = 0
            for sibling in side.object.siblings {
                guard let number = dots.firstIndex(of: sibling.dot) else { return "\(path): \(sibling.dot)?" }
                found |= 1 << UInt32(number)
            }
            if found != live { return "\(path): side \(index) holds \(side.object)" }
            for (number, dot) in dots.enumerated()
            where side.object.context.covers(dot) != (side.seen >> UInt32(number) & 1 == 1) {
                return "\(path): side \(index), \(dot), \(side.object)"
            }
        }
        return nil
    }
}
