// A suspicion runs out after a time that shrinks with each member that confirms it from its own probes.
//
// Dadgar, Phillips and Currey, "Lifeguard: Local Health Awareness for More Accurate Failure Detection" (2018), section
// IV-B: timeout = max − (max − min) · log(c + 1) / log(k + 1) for c of the k confirmations that are needed. A member
// that is slow itself hears no confirmations, and so waits longest.

import CoteriePrimitives

/// What is known of one member that is suspect here.
struct Suspicion: Hashable, Sendable {
    let member: MemberNumber
    /// The claim's refutation number.
    let refutation: UInt64
    /// Who accused, the first one first; no more than count.
    private(set) var accusers: [MemberNumber]
    /// When it becomes a death.
    private(set) var deadline: Instant

    private var start: Instant
    private let least: TimeSpan
    private let most: TimeSpan
    private let needed: Int

    init(
        _ member: MemberNumber, _ refutation: UInt64, by accuser: MemberNumber, at now: Instant,
        members: Int, settings: MembershipSettings
    ) {
        self.member = member
        self.refutation = refutation
        accusers = [accuser]
        start = now
        needed = settings.neededConfirmations(members: members)
        least = settings.confirmedSuspicion(members: members)
        most = needed == 0 ? least : least * Int64(settings.unconfirmedMultiplier)
        deadline = now + most
    }

    /// How many have confirmed what the first accuser said.
    var confirmations: Int { accusers.count - 1 }

    /// Takes another accuser. False where it is known, or where there are enough.
    mutating func confirm(by accuser: MemberNumber) -> Bool {
        guard confirmations < needed, !accusers.contains(accuser) else { return false }
        accusers.append(accuser)
        deadline = start + timeout
        return true
    }

    /// This member was absent for so long: what it would have heard meanwhile is waited for.
    mutating func extend(by span: TimeSpan) {
        start = start + span
        deadline = deadline + span
    }

    private var timeout: TimeSpan {
        guard needed > 0 else { return least }
        let ratio = log2Scaled(UInt64(confirmations + 1)) * 65_536 / log2Scaled(UInt64(needed + 1))
        let shrunk = TimeSpan.microseconds((most - least).microseconds * ratio / 65_536)
        return max(least, most - shrunk)
    }
}
