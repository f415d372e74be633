// Receipts tell the truth: the counts are those of the responders, an answer that is ok has met what it was asked,
// members are distinct and of the layout, the epoch is one that was decided.
//
// Source: design, sections 1 and 5; INV 16 (success counts acknowledgements of the right class), INV 24 (owners are
// told from fallbacks). O(responders) per receipt. That the named replicas really have the write is what
// `LostWritesLaw` and `RegularityLaw` show, which believe what receipts claim.

import CoteriePrimitives
import CoterieRing
import CoterieWire

/// What a judge knows of the cluster; what is nil is not judged.
public struct KnownCluster: Sendable {
    /// The layouts that were decided.
    public var epochs: Set<Epoch>?
    /// The owners of a key in an epoch; nil where they are not known.
    public var owners: (@Sendable (ObjectKey, Epoch) -> [MemberNumber]?)?

    public init(epochs: Set<Epoch>? = nil, owners: (@Sendable (ObjectKey, Epoch) -> [MemberNumber]?)? = nil) {
        self.epochs = epochs
        self.owners = owners
    }
}

struct ReceiptLaw {
    private let history: KeyHistory
    private let cluster: KnownCluster
    private var found: Findings
    /// The owners of the key in the epoch of the last receipt.
    private var known: (epoch: Epoch, members: [MemberNumber]?)?

    static func check(_ history: KeyHistory, _ cluster: KnownCluster) -> [Violation] {
        var law = ReceiptLaw(history: history, cluster: cluster, found: Findings(.receipts, history))
        for record in history.records.lazy.map(\.value) {
            guard let receipt = record.receipt else { continue }
            law.judgeMembers(receipt, record)
            law.judgeCounts(receipt, record)
            law.judgeAsked(receipt, record)
            law.judgeReply(receipt, record)
            if law.found.isFull { break }
        }
        return law.found.violations
    }

    private mutating func judgeMembers(_ receipt: Receipt, _ record: Record) {
        if receipt.responders.indices.contains(where: { place in
            receipt.responders[..<place].contains { $0.member == receipt.responders[place].member }
        }) {
            add(record, "names a member twice: \(list(receipt))")
        }
        let owners = receipt.responders.count { $0.role == .primary }
        if receipt.asked.n > 0, owners > receipt.asked.n {
            add(record, "names more owners than the \(receipt.asked.n) that the key has: \(list(receipt))")
        }
        if let epochs = cluster.epochs, !epochs.contains(receipt.epoch) {
            add(record, "names \(receipt.epoch), which was never decided")
            return
        }
        if known?.epoch != receipt.epoch {
            known = (receipt.epoch, cluster.owners?(history.key, receipt.epoch))
        }
        guard let known = known?.members else { return }
        for responder in receipt.responders where (responder.role == .primary) != known.contains(responder.member) {
            add(
                record,
                "names \(responder.member) as \(responder.role), and the owners in \(receipt.epoch) are "
                    + known.map(\.description).joined(separator: ", "))
        }
    }

    /// The counts are what the list says.
    private mutating func judgeCounts(_ receipt: Receipt, _ record: Record) {
        let isRead = self.isRead(record)
        let countsNotFound = isInner(record) || record.asked.notfoundOK != false
        func counts(_ answer: Responder.Answer) -> Bool {
            switch answer {
            case .value: isRead
            case .notFound: isRead && countsNotFound
            case .stored, .durable: !isRead
            case .failed: false
            }
        }
        // Whether not-found counts is only known where the request says.
        if isRead, record.asked.notfoundOK == nil, receipt.responders.contains(where: { $0.answer == .notFound }) {
            let most = receipt.responders.count(where: { counts($0.answer) })
            if receipt.met > most { add(record, "says \(receipt.met) met, the list has \(most): \(list(receipt))") }
            return
        }
        let met = receipt.responders.count { counts($0.answer) }
        let primary = receipt.responders.count { counts($0.answer) && $0.role == .primary }
        let durable = isRead ? 0 : receipt.responders.count { $0.answer == .durable }
        if receipt.met != met || receipt.metPrimary != primary || receipt.metDurable != durable {
            add(
                record,
                "says met \(receipt.met), \(receipt.metPrimary) of owners, \(receipt.metDurable) durable; the list has "
                    + "\(met), \(primary), \(durable): \(list(receipt))")
        }
    }

    /// What is answered ok has met what was asked, and what was asked is what the client asked.
    private mutating func judgeAsked(_ receipt: Receipt, _ record: Record) {
        let asked = receipt.asked
        if !isInner(record) {
            let wanted: [(String, Quorum?, Int)] = [
                (isRead(record) ? "r" : "w", record.asked.quorum, asked.quorum),
                (isRead(record) ? "pr" : "pw", record.asked.primary, asked.primary),
                ("dw", isRead(record) ? nil : record.asked.durable, asked.durable),
            ]
            for (name, quorum, resolved) in wanted {
                guard let quorum, asked.n > 0, record.outcome == .ok, quorum.resolved(n: asked.n) != resolved else {
                    continue
                }
                add(record, "says that \(name)=\(resolved) was asked, the client asked \(quorum) of \(asked.n)")
            }
        }
        guard record.outcome == .ok || record.outcome == .nothingToDelete, !isFoundByOtherNumbers(record) else {
            return
        }
        let short =
            receipt.met < asked.quorum || receipt.metPrimary < asked.primary || receipt.metDurable < asked.durable
            || receipt.met < asked.nodeConfirms
        if short {
            add(
                record,
                "is of an answer that is ok and met \(receipt.met) of \(asked.quorum), \(receipt.metPrimary) of "
                    + "\(asked.primary) owners, \(receipt.metDurable) of \(asked.durable) durable, "
                    + "\(asked.nodeConfirms) members: \(list(receipt))")
        }
    }

    /// A value was answered by somebody who had it.
    private mutating func judgeReply(_ receipt: Receipt, _ record: Record) {
        guard record.outcome == .ok, !record.action.isWrite, let siblings = record.reply?.siblings, !siblings.isEmpty,
            !receipt.responders.contains(where: { $0.answer == .value })
        else { return }
        add(record, "shows a value that no responder had: \(list(receipt))")
    }

    /// Whether the receipt counts as a read's does: of a get, or of the read inside of a write.
    private func isRead(_ record: Record) -> Bool { !record.action.isWrite || isInner(record) }

    /// A read that came before a write ended it: there was nothing to delete, a condition did not hold.
    private func isInner(_ record: Record) -> Bool {
        guard record.action.isWrite else { return false }
        if record.outcome == .nothingToDelete || record.code == .preconditionFailed { return true }
        return (record.receipt?.responders ?? []).contains { $0.answer == .value || $0.answer == .notFound }
    }

    /// Without `notfound_ok`, a not-found is believed by a majority or by all, not by r.
    private func isFoundByOtherNumbers(_ record: Record) -> Bool {
        !record.action.isWrite && record.asked.notfoundOK != true && record.reply?.siblings?.isEmpty ?? true
    }

    private func list(_ receipt: Receipt) -> String {
        "[" + receipt.responders.map { "\($0.member) \($0.role) \($0.answer)" }.joined(separator: ", ") + "]"
    }

    private mutating func add(_ record: Record, _ text: String) {
        found.add([record.id], "the receipt of \(record.id) \(text)")
    }
}
