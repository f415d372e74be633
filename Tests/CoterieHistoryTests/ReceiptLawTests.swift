// Receipts, each with one lie.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieWire
import Testing

@Suite struct ReceiptLawTests {
    let owners = [MemberNumber(1), MemberNumber(2), MemberNumber(3)]

    func found(isWrite: Bool = true, asked: Asked = Asked(), _ change: (inout Receipt) -> Void) -> [Violation] {
        var history = History()
        let key = ObjectKey(type: "default", bucket: "b", key: "k")
        let id = history.call(
            isWrite ? .put(ValueID(1)) : .get, key: key, by: ProcessNumber(1), asked: asked, at: Instant(nanoseconds: 1)
        )
        var receipt = Situation.receipt(a, [1, 2], isWrite: isWrite)
        change(&receipt)
        let reply = isWrite ? Reply(context: vector(Dot(a, 1))) : shows([(Dot(a, 1), 1)], vector(Dot(a, 1)))
        history.complete(id, .ok, reply: reply, receipt: receipt, at: Instant(nanoseconds: 2))
        var judge = Judge(checkers: [.receipts])
        judge.cluster = KnownCluster(epochs: [Epoch(1)]) { [owners] _, _ in owners }
        return judge.judge(history)
    }

    @Test func theTruthIsAccepted() {
        #expect(found { _ in }.isEmpty)
        #expect(found(isWrite: false) { _ in }.isEmpty)
    }

    @Test func eachLieIsFound() {
        #expect(found { $0.met = 3 }.count == 1)
        #expect(found { $0.metPrimary = 1 }.count == 1)
        #expect(found { $0.metDurable = 1 }.count >= 1)
        #expect(found { $0.asked.quorum = 3 }.count == 1)
        #expect(found { $0.asked.nodeConfirms = 3 }.count == 1)
        #expect(found { $0.epoch = Epoch(2) }.count == 1)
        #expect(found { $0.responders[1].member = MemberNumber(1) }.count == 1)
        #expect(found { $0.responders[1].member = MemberNumber(9) }.count == 1)
        #expect(found { $0.responders[1].role = .fallback }.count >= 1)
        #expect(found { $0.responders[1].answer = .stored }.count >= 1)
        #expect(found(asked: Asked(quorum: .all)) { _ in }.count == 1)
        #expect(
            found(isWrite: false) { receipt in
                for index in receipt.responders.indices { receipt.responders[index].answer = .notFound }
            }.count == 1)
    }
}
