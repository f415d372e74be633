// What one member says of another, and which of two claims is the newer: the whole of SWIM's knowledge is a table of
// these, and merging tables is taking the newer claim of each member.
//
// Das, Gupta and Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol" (2002),
// section 4.2. Two things differ. A death is not final there; here a member that was declared dead comes back by
// refuting, because the layout decides who is a member and SWIM only who is alive. And so the order is a total one:
// by refutation number, then alive < suspect < dead; whatever order claims arrive in, all end with the same one.

import CoteriePrimitives

/// How a member is seen.
public enum MemberStatus: UInt8, Hashable, Comparable, Sendable, CaseIterable {
    case alive = 0
    /// A probe of it failed, and it has not refuted that yet.
    case suspect = 1
    /// It was suspect for too long.
    case dead = 2

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

extension MemberStatus: CustomStringConvertible {
    public var description: String {
        switch self {
        case .alive: "alive"
        case .suspect: "suspect"
        case .dead: "dead"
        }
    }
}

/// One statement about one member.
public struct Claim: Hashable, Sendable {
    public let member: MemberNumber
    public let status: MemberStatus
    /// The member's own counter (SWIM's "incarnation"): it alone raises it, to refute a claim that it is not alive.
    /// At most `maxRefutation`.
    public let refutation: UInt64
    /// Whose probe failed; only of a suspicion. Different accusers are independent confirmations.
    public let accuser: MemberNumber?

    /// No member gets there by honest refuting; a greater number is refused where it is decoded.
    public static let maxRefutation: UInt64 = 1 << 48

    private init(_ member: MemberNumber, _ status: MemberStatus, _ refutation: UInt64, _ accuser: MemberNumber?) {
        self.member = member
        self.status = status
        self.refutation = min(refutation, Self.maxRefutation)
        self.accuser = accuser
    }

    public static func alive(_ member: MemberNumber, _ refutation: UInt64) -> Claim {
        Claim(member, .alive, refutation, nil)
    }

    public static func suspect(_ member: MemberNumber, _ refutation: UInt64, by accuser: MemberNumber) -> Claim {
        Claim(member, .suspect, refutation, accuser)
    }

    public static func dead(_ member: MemberNumber, _ refutation: UInt64) -> Claim {
        Claim(member, .dead, refutation, nil)
    }

    /// Whether it replaces a claim with that status and number of the same member.
    @inlinable public func supersedes(_ status: MemberStatus, _ refutation: UInt64) -> Bool {
        self.refutation != refutation ? self.refutation > refutation : self.status > status
    }
}

extension Claim: CustomStringConvertible {
    public var description: String {
        "\(member) \(status)@\(refutation)" + (accuser.map { " by \($0)" } ?? "")
    }
}
