// Each law accepts the correct model store and rejects the broken ones: the table of mutant, checker and seeds needed.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieWire
import Foundation
import Testing

@Suite struct MutationTests {
    /// What the judge says of one run.
    static func violations(seed: UInt64, _ mutant: Mutant?, model: String?, steps: Int = 400) -> [Violation] {
        if let model {
            var collection = ModelCollection(kind: model, seed: seed, mutant: mutant)
            collection.run(steps: steps / 2)
            var judge = Judge(promise: collection.promise)
            judge.checkers = [.sets, .counters, .linearizability]
            return judge.judge(collection.history, final: collection.final)
        }
        var store = ModelStore(seed: seed, mutant: mutant)
        store.run(steps: steps)
        var promise = Promise()
        promise.maximumSiblings = 30
        if mutant == .contextIgnored { promise.maximumSiblings = 12 }
        let cluster = KnownCluster(epochs: [Epoch(1)]) { _, _ in [MemberNumber(1), MemberNumber(2), MemberNumber(3)] }
        let judge = Judge(promise: promise, cluster: cluster)
        let members = store.replicas.map(\.identity.member)
        return judge.judge(store.history, final: store.final) + Convergence.check(store.states) { _ in members }
    }

    @Test(arguments: [nil, "set", "counter", "register"] as [String?])
    func theCorrectStoreIsAccepted(model: String?) {
        for seed in 0 ..< 150 as Range<UInt64> {
            let found = Self.violations(seed: seed, nil, model: model)
            #expect(found.isEmpty, "seed \(seed): \(found.map(\.description))")
            if !found.isEmpty { return }
        }
    }

    /// The line of one mutant: the first seed at which its checker finds it, and who else found it until then.
    static func line(of mutant: Mutant) -> String? {
        var others: Set<Checker> = []
        for seed in 0 ..< 200 as Range<UInt64> {
            let found = Set(violations(seed: seed, mutant, model: mutant.model).map(\.checker))
            others.formUnion(found)
            if found.contains(mutant.checker) {
                others.remove(mutant.checker)
                let also = others.map(\.rawValue).sorted().joined(separator: ", ")
                return
                    "\(mutant.rawValue) | \(mutant.story) | \(mutant.checker.rawValue) | \(seed + 1) | \(also.isEmpty ? "-" : also)"
            }
        }
        return nil
    }

    @Test func eachMutantIsFoundByItsChecker() {
        var lines: [String] = []
        for mutant in Mutant.allCases {
            guard let line = Self.line(of: mutant) else {
                Issue.record("\(mutant) is not found by \(mutant.checker) in 200 seeds")
                continue
            }
            lines.append(line)
        }
        let table = lines.joined(separator: "\n")
        #expect(table == MutantTable.text, "the table is now:\n\(table)")
    }

    /// The page that shows the table to people shows this one.
    @Test func theDocumentationShowsTheTable() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = root.appendingPathComponent("Sources/CoterieServer/Documentation.docc/Simulation.md")
        let rows = MutantTable.text.split(separator: "\n").map { "| \($0) |" }.joined(separator: "\n")
        let text = try String(contentsOf: page, encoding: .utf8)
        #expect(text.contains(rows + "\n\n"), "Simulation.md shall have exactly these rows:\n\(rows)")
    }
}
