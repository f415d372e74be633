// What replicas hold after everything has come to rest: the same bytes at all owners of a key, equal clocks, empty
// queues.
//
// Given as data, by whoever can look into the replicas. O(objects × owners).

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// What one replica holds.
public struct ReplicaState: Sendable {
    public let member: MemberNumber
    /// By key, as encoded; a key that is not there is absent.
    public var objects: [ObjectKey: ByteBuffer]
    /// By group, as encoded.
    public var clocks: [Group: ByteBuffer]
    /// What still waits: hints, handovers, repairs, by a name that a person understands.
    public var queued: [String: Int]

    public init(
        member: MemberNumber, objects: [ObjectKey: ByteBuffer] = [:], clocks: [Group: ByteBuffer] = [:],
        queued: [String: Int] = [:]
    ) {
        self.member = member
        self.objects = objects
        self.clocks = clocks
        self.queued = queued
    }
}

public enum Convergence {
    /// What differs between owners, at most `limit` violations.
    ///
    /// - Parameters:
    ///   - owners: the members that hold a key.
    ///   - holders: the members whose clocks of a group must be equal; none, and clocks are not compared.
    public static func check(
        _ states: [ReplicaState], owners: (ObjectKey) -> [MemberNumber],
        holders: (Group) -> [MemberNumber] = { _ in [] },
        limit: Int = 20
    ) -> [Violation] {
        var found: [Violation] = []
        let states = states.sorted { $0.member < $1.member }
        for state in states {
            for (name, count) in state.queued.sorted(by: { $0.key < $1.key }) where count > 0 {
                found.append(
                    Violation(.convergence, key: nil, records: [], "\(state.member) still has \(count) of \(name)"))
            }
        }
        for key in Set(states.flatMap(\.objects.keys)).sorted() {
            let members = owners(key)
            let held = states.filter { members.contains($0.member) }.map { ($0.member, $0.objects[key]) }
            if Set(held.map(\.1)).count > 1 {
                found.append(Violation(.convergence, key: key, records: [], "the owners differ: \(describe(held))"))
            }
            if found.count >= limit { return found }
        }
        for group in Set(states.flatMap(\.clocks.keys)).sorted() {
            let members = holders(group)
            let clocks = states.filter { members.contains($0.member) }.map { ($0.member, $0.clocks[group]) }
            if Set(clocks.map(\.1)).count > 1 {
                let who = clocks.map { "\($0.0) \($0.1.map { String($0.crc32(), radix: 16) } ?? "none")" }
                found.append(
                    Violation(
                        .convergence, key: nil, records: [],
                        "the clocks of \(group) differ: \(who.joined(separator: ", "))"))
            }
            if found.count >= limit { return found }
        }
        return found
    }

    private static func describe(_ held: [(MemberNumber, ByteBuffer?)]) -> String {
        held.map { member, bytes in
            guard let bytes else { return "\(member) has none" }
            do throws(ObjectCodecError) {
                return "\(member) has \(try CausalObject(decoding: bytes))"
            } catch {
                return "\(member) has \(bytes.readableBytes) bytes that are no object (\(error))"
            }
        }.joined(separator: "; ")
    }
}
