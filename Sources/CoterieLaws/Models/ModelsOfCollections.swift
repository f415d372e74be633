// The specifications of sets and of what summarises, and what their operations are drawn from.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore

extension ReplicatedSet: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> SetOperation {
        func some(_ random: inout SeededGenerator) -> [ByteBuffer] {
            (0 ..< 1 + random.below(2)).map { _ in .random(using: &random) }
        }
        return switch random.below(8) {
        case 0 ..< 4: SetOperation(adds: some(&random))
        case 4 ..< 7: SetOperation(removes: some(&random))
        default: SetOperation(adds: some(&random), removes: some(&random))
        }
    }

    /// An element is there where an addition of it was observed by no remove of it and no delete. (What one operation
    /// both removes and adds is there.)
    public static func expected(after past: Past<SetOperation>) throws -> [ByteBuffer]? {
        var elements: Set<ByteBuffer> = []
        for (addition, operation) in past.operations where !past.isDeleted(addition) {
            for element in operation.adds {
                let isRemoved = past.operations.contains {
                    $0.operation.removes.contains(element) && $0.event.observed.contains(addition.number)
                }
                if !isRemoved { elements.insert(element) }
            }
        }
        return elements.sorted { $0.precedes($1) }
    }
}

extension GrowOnlySet: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> ElementList { ElementList((0 ..< random.below(3)).map { _ in .random(using: &random) }) }

    /// All that was added and not deleted.
    public static func expected(after past: Past<ElementList>) throws -> [ByteBuffer]? {
        let added = past.operations.filter { !past.isDeleted($0.event) }.flatMap(\.operation.elements)
        return Set(added).sorted { $0.precedes($1) }
    }
}

extension Past {
    /// What is left of operations that restate all their minters had: the sum of each live event's own part and of what
    /// was live at its minter, over the events that no other one's minter had seen and no delete had observed.
    func restated<Part>(
        from nothing: Part, _ part: (Operation) -> Part, _ join: (Part, Part) -> Part
    ) -> Part {
        var parts: [Int: Part] = [:]
        func live(_ past: Past) -> Part {
            past.operations.filter { event, _ in
                !past.isDeleted(event) && !past.operations.contains { $0.event.seen.contains(event.number) }
            }.reduce(nothing) { join($0, parts[$1.event.number] ?? nothing) }
        }
        for (event, operation) in whole.operations { parts[event.number] = join(part(operation), live(before(event))) }
        return live(self)
    }
}

extension ReplicatedMaximum: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> Int64 { Int64(random.below(9)) - 4 }

    public static func expected(after past: Past<Int64>) throws -> Int64?? {
        .some(past.restated(from: [], { [$0] }, { $0 + $1 }).max())
    }
}

extension ReplicatedMinimum: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> Int64 { Int64(random.below(9)) - 4 }

    public static func expected(after past: Past<Int64>) throws -> Int64?? {
        .some(past.restated(from: [], { [$0] }, { $0 + $1 }).min())
    }
}

extension DistinctCount: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> ElementList {
        ElementList((0 ..< random.below(4)).map { _ in ByteBuffer(string: "e\(random.below(12))") })
    }

    /// The sketch of all elements that are left. (That a sketch counts well is another test's matter.)
    public static func expected(after past: Past<ElementList>) throws -> UInt64? {
        let elements = past.restated(from: Set(), { Set($0.elements) }, { $0.union($1) })
        var sketch = DistinctSketch()
        for element in elements.sorted(by: { $0.precedes($1) }) { sketch.insert(element) }
        return sketch.estimate
    }
}
