// Words for tests of what becomes of deletes.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import NIOCore

extension ReplicationSettings {
    /// Rounds follow each other as fast as all members can.
    static func fastRounds(without omitted: OmittedRules = []) -> ReplicationSettings {
        var settings = ReplicationSettings()
        settings.roundInterval = .zero
        // Each rule stands for itself.
        settings.scrubInterval = .zero
        settings.omitted = omitted
        return settings
    }
}

extension TestCluster {
    func reclaim(_ number: Int) -> ReclaimStatus { self[number].machine.status(at: now.monotonic).reclaim }

    /// How many nodes hold a record of the key.
    func copies(_ name: String) -> Int { owners(name).count { held($0, name) != nil } }

    /// An object as a repair brings it.
    func repair(_ name: String, _ object: CausalObject, round: UInt64) -> Message {
        .store(
            Store(
                exchange: 0, epoch: layout.epoch, round: round, group: layout.group(for: key(name), n: 3),
                key: key(name), object: object.encoded(), event: nil, durable: false))
    }

    func deliver(_ message: Message, from: Int, to: Int) {
        feed(.peer(message, from: MemberNumber(UInt32(from))), to: MemberNumber(UInt32(to)))
        settle()
    }

    func swallow(_ condition: @escaping (Message, Int, Int) -> Bool) {
        onSend = { message, from, to in !condition(message, Int(from.rawValue), Int(to.rawValue)) }
    }
}

extension Message {
    var isRoundReport: Bool { if case .roundReport = self { true } else { false } }
    var isStore: Bool { if case .store = self { true } else { false } }
    var isPull: Bool { if case .pull = self { true } else { false } }
    var isScanReply: Bool { if case .scanReply = self { true } else { false } }
}
