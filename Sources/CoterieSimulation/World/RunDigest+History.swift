// What clients were told, mixed into a run's digest: numbers straight from the records, since writing a history out as
// text only to hash it took as long as judging it.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieWire

extension RunDigest {
    mutating func mix(_ history: History) {
        for record in history.records { mix(record) }
    }

    private mutating func mix(_ record: Record) {
        mix(UInt64(record.process.rawValue) << 32 ^ UInt64(truncatingIfNeeded: record.called.order))
        mix(UInt64(bitPattern: record.called.nanoseconds))
        mix(UInt64(truncatingIfNeeded: record.returned?.order ?? -1))
        mix(UInt64(bitPattern: record.returned?.nanoseconds ?? -1))
        mix(UInt64(place(of: record.outcome)) << 8 ^ UInt64(record.code?.rawValue ?? 0))
        if case .put(let value) = record.action { mix(value.rawValue) }
        if let context = record.reply?.context { mix(context) }
        for sibling in record.reply?.siblings ?? [] {
            mix(sibling.dot)
            mix(sibling.value?.rawValue ?? 0)
        }
        guard let receipt = record.receipt else { return }
        mix(UInt64(receipt.coordinator.rawValue) << 32 ^ UInt64(receipt.met) << 16 ^ UInt64(receipt.metDurable))
        for responder in receipt.responders { mix(UInt64(responder.member.rawValue)) }
        if let written = receipt.written { mix(written) }
    }

    private func place(of outcome: Outcome) -> UInt8 {
        switch outcome {
        case .ok: 1
        case .nothingToDelete: 2
        case .notApplied: 3
        case .unknown: 4
        case .open: 5
        }
    }

    private mutating func mix(_ context: VersionVector) {
        for (replica, counter) in context.entries { mix(Dot(replica, counter)) }
    }

    private mutating func mix(_ dot: Dot) {
        mix(dot.replica.incarnation.nonce ^ UInt64(dot.replica.member.rawValue) << 40)
        mix(dot.counter ^ UInt64(dot.replica.incarnation.sub) << 40)
    }
}
