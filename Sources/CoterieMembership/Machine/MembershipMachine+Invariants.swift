// What holds between any two inputs.

import CoteriePrimitives

extension MembershipMachine {
    /// Traps where the machine's parts disagree. O(members); for tests and simulations.
    public func checkInvariants() {
        let numbers = table.members.map(\.member)
        precondition(numbers == numbers.sorted() && Set(numbers).count == numbers.count, "the table is out of order")
        precondition(standing(of: me)?.status == .alive, "\(me) holds itself \(String(describing: standing(of: me)))")
        precondition(
            order.others.sorted() == numbers.filter { $0 != me }, "the order of probes is not one of the others")
        precondition(health.isInRange, "a health score of \(health.score)")
        checkSuspicions()
        checkNews()
        checkProbes()
        if phase == .running { precondition(timer != nil, "running without a timer") }
    }

    private func checkSuspicions() {
        let suspects = table.members.filter { $0.status == .suspect }
        precondition(suspects.map(\.member) == suspicions.map(\.member), "suspects and suspicions differ")
        for (suspect, suspicion) in zip(suspects, suspicions) {
            precondition(suspect.refutation == suspicion.refutation, "\(suspicion) is not of \(suspect)")
            precondition(Set(suspicion.accusers).count == suspicion.accusers.count, "an accuser counts twice")
        }
    }

    /// News is never behind the table.
    private func checkNews() {
        let limit = settings.retransmits(members: table.count)
        precondition(Set(news.items.map(\.claim.member)).count == news.count, "two pieces of news of one member")
        for item in news.items {
            precondition(item.sent < limit, "\(item.claim) was sent \(item.sent) times of \(limit)")
            guard let known = standing(of: item.claim.member) else {
                preconditionFailure("news of \(item.claim.member), whom the layout does not have")
            }
            precondition(
                (known.status, known.refutation) == (item.claim.status, item.claim.refutation),
                "\(item.claim) is not what is held: \(known)")
        }
        for (earlier, later) in zip(news.items, news.items.dropFirst()) {
            precondition(GossipQueue.Item.before(earlier, later), "news is out of order")
        }
    }

    private func checkProbes() {
        let sequences = probes.map(\.sequence) + relays.map(\.sequence)
        precondition(Set(sequences).count == sequences.count, "two probes with one number")
        precondition(Set(probes.map(\.target)).count == probes.count, "two probes of one member")
        precondition(probes.count(where: \.isHinted) <= settings.maxHintedProbes + 1, "more hinted probes than allowed")
        precondition(relays.count <= settings.maxRelays, "more relays than allowed")
        for probe in probes {
            precondition(probe.relays.isEmpty || probe.directUntil == nil, "relays were asked too early: \(probe)")
        }
    }
}
