// A type of a user's own, the worked example of `ReplicatedType`: written, registered and checked.

import CoterieCausality
import CoterieLaws
import CoteriePrimitives
import CoterieTypes
import NIOCore
import Testing

/// Votes of people for one of some choices: a person's last vote counts, of concurrent ones that for the lesser choice.
enum Ballot: ReplicatedType {
    struct Vote: Hashable, Sendable, Canonical {
        var person: UInt64
        var choice: UInt64

        init(_ person: UInt64, _ choice: UInt64) { (self.person, self.choice) = (person, choice) }

        func append(to out: inout ByteBuffer) {
            person.append(to: &out)
            choice.append(to: &out)
        }

        init(from reader: inout TypeReader) throws(TypeFault) {
            self.init(try UInt64(from: &reader), try UInt64(from: &reader))
        }
    }

    static let name = "ballot"

    static func apply(_ vote: Vote, to object: CausalObject, _ occasion: Occasion) throws(TypeFault) -> TypeChange {
        var change = TypeChange(payloads: [vote.canonicalBytes()])
        for sibling in object.siblings where occasion.acts(on: sibling.dot) {
            if try Vote(of: sibling).person == vote.person { change.drops.append(sibling.dot) }
        }
        return change
    }

    /// Each person's vote, ascending by person.
    static func value(of object: CausalObject) throws(TypeFault) -> [Vote] {
        var choices: [UInt64: UInt64] = [:]
        for sibling in object.siblings {
            let vote = try Vote(of: sibling)
            choices[vote.person] = min(choices[vote.person] ?? .max, vote.choice)
        }
        return choices.map { Vote($0, $1) }.sorted { $0.person < $1.person }
    }
}

extension Ballot.Vote {
    init(of sibling: Sibling) throws(TypeFault) {
        try self.init(decoding: sibling.payload, as: "a payload of the type ballot")
    }
}

extension Ballot: Lawful {
    static func randomOperation(using random: inout SeededGenerator, among replicas: [ReplicaID]) -> Vote {
        Vote(UInt64(random.below(2)), UInt64(random.below(3)))
    }

    /// Of a person's votes that no later one of the same person had observed, and no delete: the least choice.
    static func expected(after past: Past<Vote>) throws -> [Vote]? {
        var choices: [UInt64: UInt64] = [:]
        for (event, vote) in past.operations where !past.isDeleted(event) {
            let isReplaced = past.operations.contains {
                $0.operation.person == vote.person && $0.event.observed.contains(event.number)
            }
            if !isReplaced { choices[vote.person] = min(choices[vote.person] ?? .max, vote.choice) }
        }
        return choices.sorted { $0.key < $1.key }.map { Vote($0.key, $0.value) }
    }
}

/// Fields of the built-in types and ballots.
enum PollFields: FieldTypes {
    static let types = ReplicatedFields.types + [AnyReplicatedType(Ballot.self)]
    static let mapName = "poll"
}

@Suite struct BallotTests {
    @Test func ballotsAreLawful() throws { try ResolverLaws.check(Ballot.self, histories: 300) }

    @Test func ballotsAreFoundByName() throws {
        var registry = TypeRegistry.builtIn
        try registry.register(Ballot.self)
        try registry.register(MapOf<PollFields>.self)
        #expect(try registry["ballot"].name == "ballot" && registry["poll"].name == "poll")
    }

    @Test func ballotsMayBeFieldsOfAMapOfOnesOwn() throws {
        typealias Poll = MapOf<PollFields>
        let minter = ReplicaID(member: MemberNumber(1), incarnation: Incarnation(nonce: 1))
        var object = CausalObject()
        let operation = MapOperation.update("lunch", Poll.self, .update("soup", Ballot.self, Ballot.Vote(7, 1)))
        let occasion = Occasion(minter: minter, now: WallTime(milliseconds: 0))
        let event = try #require(try Poll.event(of: operation, on: object, first: Dot(minter, 1), occasion))
        Poll.apply(event, to: &object)
        let lunch = try #require(try Poll.value(of: object).value("lunch", Poll.self))
        #expect(try lunch.value("soup", Ballot.self) == [Ballot.Vote(7, 1)])
        #expect(throws: TypeFault.self, "the built-in map knows no ballots") { try ReplicatedMap.value(of: object) }
    }
}
