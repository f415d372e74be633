// The specifications of siblings, registers and flags, and what their operations are drawn from.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore

extension Past {
    /// The hybrid time of each event by its number: after all that was live at its minter.
    func times(isLive: (PastEvent<Operation>, Past) -> Bool) -> [Int: HybridTime] {
        var times: [Int: HybridTime] = [:]
        for (event, _) in whole.operations {
            let before = before(event)
            let live = before.operations.filter { isLive($0.event, before) }
            let latest = live.compactMap { times[$0.event.number] }.max()
            times[event.number] = .next(at: event.now, after: latest)
        }
        return times
    }

    /// Of the live operations the one with the latest time, of equal times that with the greater dot.
    fileprivate func latest(
        isLive: (PastEvent<Operation>, Past) -> Bool
    ) -> (operation: Operation, time: HybridTime?)? {
        let times = times(isLive: isLive)
        let latest = operations.filter { isLive($0.event, self) }.max {
            let (a, b) = (times[$0.event.number], times[$1.event.number])
            return a != b ? (a?.rawValue ?? 0) < (b?.rawValue ?? 0) : $0.event.dot < $1.event.dot
        }
        return latest.map { ($0.operation, times[$0.event.number]) }
    }
}

extension ReplicatedSiblings: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> Content { .random(using: &random) }

    /// The puts that no put or delete had observed. A put without a context has observed nothing.
    public static func expected(after past: Past<Content>) throws -> [Content]? {
        let times = past.times(isLive: isLive)
        return past.operations.filter { isLive($0.event, past) }.sorted { $0.event.dot < $1.event.dot }.map {
            var content = $0.operation
            content.written = times[$0.event.number]
            return content
        }
    }

    private static func isLive(_ event: PastEvent<Content>, _ past: Past<Content>) -> Bool {
        !past.isDeleted(event)
            && !past.operations.contains { $0.event.hasContext && $0.event.observed.contains(event.number) }
    }
}

extension LastWriterWins: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> Content { .random(using: &random) }

    /// Of the puts that no put's minter or client, and no delete, had observed: the latest.
    public static func expected(after past: Past<Content>) throws -> Content?? {
        guard let latest = past.latest(isLive: isLive) else { return .some(nil) }
        var content = latest.operation
        content.written = latest.time
        return content
    }

    private static func isLive(_ event: PastEvent<Content>, _ past: Past<Content>) -> Bool {
        !past.isDeleted(event)
            && !past.operations.contains {
                $0.event.seen.contains(event.number) || $0.event.observed.contains(event.number)
            }
    }
}

extension ReplicatedRegister: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> ByteBuffer { .random(using: &random) }

    /// Of the assignments that no other one's minter had seen, and no delete: the latest.
    public static func expected(after past: Past<ByteBuffer>) throws -> ByteBuffer?? {
        .some(past.latest(isLive: isLive)?.operation)
    }

    private static func isLive(_ event: PastEvent<ByteBuffer>, _ past: Past<ByteBuffer>) -> Bool {
        !past.isDeleted(event) && !past.operations.contains { $0.event.seen.contains(event.number) }
    }
}

extension ReplicatedFlag: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> Bool { random.chance(2, in: 3) }

    /// On where an enabling was observed by no disabling and no delete.
    public static func expected(after past: Past<Bool>) throws -> Bool? {
        past.operations.contains { enabling, isOn in
            isOn && !past.isDeleted(enabling)
                && !past.operations.contains { !$0.operation && $0.event.observed.contains(enabling.number) }
        }
    }
}

extension Content {
    fileprivate static func random(using random: inout SeededGenerator) -> Content {
        Content(
            .random(using: &random), contentType: random.chance(1, in: 4) ? "text/plain" : defaultContentType,
            metadata: random.chance(1, in: 8) ? [NamedValue("k", "v")] : [])
    }
}

extension ByteBuffer {
    /// One of few.
    static func random(using random: inout SeededGenerator) -> ByteBuffer {
        ByteBuffer(string: ["x", "y", "z", ""][random.below(4)])
    }
}
