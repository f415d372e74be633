// The receipt of every answer as a header: what was asked of the replicas, what was met, who answered.
//
//     coordinator=n1; epoch=1; n=3; r=2; met=2; primaries=2; durable=0; answers=n1:value,n2:value; us=412
//
// `name=value` pairs with `; ` between them, in this order. `r` stands in the receipt of a read, `w` in that of a
// write; `pr`, `pw`, `dw` and `node_confirms` follow it where they were asked for. `met` answers counted, `primaries`
// of them came from owners and `durable` of them had fsynced. `answers` lists who answered until the request was
// decided, in that order: `value`, `notfound`, `stored`, `durable` or `failed`, with `:fallback` behind it where it was
// no owner. `us` are microseconds at the coordinator. A request that was refused before any replica was asked has
// `coordinator`, `epoch` and `us`; an answer that needed no coordinator (a listing, a malformed request) `coordinator`
// and `epoch` alone.

import CoteriePrimitives
import CoterieRing
import CoterieWire

/// The text of a receipt.
struct ReceiptText {
    let layout: Layout

    func text(_ receipt: Receipt, kind: RequestKind) -> String {
        let asked = receipt.asked
        let isRead = kind == .read
        var pairs = [local(receipt.coordinator, epoch: receipt.epoch)]
        // Refused before any replica was asked.
        guard asked.n > 0 else { return pairs[0] + "; us=\(receipt.duration.microseconds)" }
        pairs += ["n=\(asked.n)", "\(isRead ? "r" : "w")=\(asked.quorum)"]
        if asked.primary > 0 { pairs.append("\(isRead ? "pr" : "pw")=\(asked.primary)") }
        if asked.durable > 0 { pairs.append("dw=\(asked.durable)") }
        if asked.nodeConfirms > 0 { pairs.append("node_confirms=\(asked.nodeConfirms)") }
        pairs += ["met=\(receipt.met)", "primaries=\(receipt.metPrimary)", "durable=\(receipt.metDurable)"]
        if !receipt.responders.isEmpty {
            let answers = receipt.responders.map { responder in
                "\(name(responder.member)):\(responder.answer.text)"
                    + (responder.role == .fallback ? ":fallback" : "")
            }
            pairs.append("answers=" + answers.joined(separator: ","))
        }
        pairs.append("us=\(receipt.duration.microseconds)")
        return pairs.joined(separator: "; ")
    }

    /// Of an answer that this node gave alone.
    func local(_ member: MemberNumber) -> String { local(member, epoch: layout.epoch) }

    private func local(_ member: MemberNumber, epoch: Epoch) -> String {
        "coordinator=\(name(member)); epoch=\(epoch.rawValue)"
    }

    func name(_ number: MemberNumber) -> String { layout.member(number)?.name ?? number.description }
}

extension Responder.Answer {
    /// As the receipt shows it.
    var text: String {
        switch self {
        case .value: "value"
        case .notFound: "notfound"
        case .stored: "stored"
        case .durable: "durable"
        case .failed: "failed"
        }
    }
}
