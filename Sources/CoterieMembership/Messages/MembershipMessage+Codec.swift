// The bytes of a membership message: version, kind, the kind's numbers as varints, then claims up to the end.
//
//     message  = version(1) kind(1) fields claim*
//     fields   = probe, answer, noAnswer: sequence
//                probeFor: sequence target patience-in-milliseconds
//                gossip, exchange, exchange that wants a reply: none
//     claim    = varint(member × 4 + status) varint(refutation) [ varint(accuser), of a suspicion ]
//
// A claim of a member below 32 takes 2 or 3 bytes, so that a datagram's worth holds the news of hundreds. Whatever
// the bytes are, decoding ends with a message or with an error that names what is wrong.

import CoteriePrimitives
import NIOCore

/// Bytes that are not a membership message.
public enum MembershipCodecError: Error, Hashable, Sendable {
    case tooLong(bytes: Int, allowed: Int)
    case truncated(at: Int)
    case unknownVersion(UInt8)
    case unknownKind(UInt8)
    /// A number that its field does not allow, and where it stands.
    case badNumber(UInt64, field: String, at: Int)
    case trailingBytes(Int)
}

extension MembershipCodecError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLong(let bytes, let allowed): "\(bytes) bytes; at most \(allowed) are allowed"
        case .truncated(let offset): "cut off within what begins at byte \(offset)"
        case .unknownVersion(let version): "version \(version) at byte 0; only version 1 is known"
        case .unknownKind(let kind): "kind \(kind) at byte 1; kinds are 1 to 7"
        case .badNumber(let number, let field, let offset): "\(number) at byte \(offset) is no \(field)"
        case .trailingBytes(let count): "\(count) bytes behind the end"
        }
    }
}

extension Claim {
    /// How many bytes it takes in a message.
    var encodedBytes: Int {
        varintSize(head) + varintSize(refutation) + (accuser.map { varintSize(UInt64($0.rawValue)) } ?? 0)
    }

    fileprivate var head: UInt64 { UInt64(member.rawValue) << 2 | UInt64(status.rawValue) }

    fileprivate func encode(into out: inout ByteBuffer) {
        out.writeVarint(head)
        out.writeVarint(refutation)
        if let accuser { out.writeVarint(UInt64(accuser.rawValue)) }
    }
}

extension MembershipMessage {
    static let version: UInt8 = 1
    /// No message with news has more bytes before its claims: version, kind, and three numbers.
    static let maxHeadBytes = 2 + 5 + 5 + 5
    /// The bytes of the longest message that is decoded. A table of 65,536 members fits.
    public static let maxBytes = 1 << 20
    /// The longest time that a relay may be asked to wait.
    static let maxPatience = TimeSpan.seconds(3_600)

    private enum Kind: UInt8 {
        case probe = 1, answer, probeFor, noAnswer, gossip, exchange, exchangeAsking
    }

    /// Appends the message.
    public func encode(into out: inout ByteBuffer) {
        out.writeInteger(Self.version)
        switch self {
        case .probe(let sequence, _): Self.write(.probe, sequence, into: &out)
        case .answer(let sequence, _): Self.write(.answer, sequence, into: &out)
        case .noAnswer(let sequence): Self.write(.noAnswer, sequence, into: &out)
        case .probeFor(let target, let sequence, let patience, _):
            Self.write(.probeFor, sequence, into: &out)
            out.writeVarint(UInt64(target.rawValue))
            out.writeVarint(UInt64(min(max(.zero, patience), Self.maxPatience).milliseconds))
        case .gossip: out.writeInteger(Kind.gossip.rawValue)
        case .exchange(_, let wantsReply):
            out.writeInteger((wantsReply ? Kind.exchangeAsking : Kind.exchange).rawValue)
        }
        for claim in claims { claim.encode(into: &out) }
    }

    private static func write(_ kind: Kind, _ sequence: UInt32, into out: inout ByteBuffer) {
        out.writeInteger(kind.rawValue)
        out.writeVarint(UInt64(sequence))
    }

    /// The message that all of `bytes` are.
    public init(decoding bytes: ByteBuffer) throws(MembershipCodecError) {
        guard bytes.readableBytes <= Self.maxBytes else {
            throw .tooLong(bytes: bytes.readableBytes, allowed: Self.maxBytes)
        }
        var reader = ClaimReader(bytes: bytes, start: bytes.readerIndex)
        let version = try reader.byte()
        guard version == Self.version else { throw .unknownVersion(version) }
        let number = try reader.byte()
        guard let kind = Kind(rawValue: number) else { throw .unknownKind(number) }
        switch kind {
        case .probe: self = .probe(sequence: try reader.sequence(), news: try reader.claims())
        case .answer: self = .answer(sequence: try reader.sequence(), news: try reader.claims())
        case .noAnswer:
            self = .noAnswer(sequence: try reader.sequence())
            guard reader.bytes.readableBytes == 0 else { throw .trailingBytes(reader.bytes.readableBytes) }
        case .probeFor:
            let sequence = try reader.sequence()
            let target = try reader.member("member")
            let most = UInt64(Self.maxPatience.milliseconds)
            let patience = TimeSpan.milliseconds(Int64(try reader.number("patience", atMost: most)))
            self = .probeFor(target: target, sequence: sequence, patience: patience, news: try reader.claims())
        case .gossip: self = .gossip(news: try reader.claims())
        case .exchange: self = .exchange(table: try reader.claims(), wantsReply: false)
        case .exchangeAsking: self = .exchange(table: try reader.claims(), wantsReply: true)
        }
    }
}

/// Takes numbers and claims off bytes that may be anything.
private struct ClaimReader {
    var bytes: ByteBuffer
    let start: Int

    private var offset: Int { bytes.readerIndex - start }

    mutating func byte() throws(MembershipCodecError) -> UInt8 {
        let at = offset
        guard let byte = bytes.readInteger(as: UInt8.self) else { throw .truncated(at: at) }
        return byte
    }

    mutating func number(_ field: String, atMost most: UInt64) throws(MembershipCodecError) -> UInt64 {
        let at = offset
        guard let number = bytes.readVarint() else { throw .truncated(at: at) }
        guard number <= most else { throw .badNumber(number, field: field, at: at) }
        return number
    }

    mutating func sequence() throws(MembershipCodecError) -> UInt32 {
        UInt32(truncatingIfNeeded: try number("sequence number", atMost: UInt64(UInt32.max)))
    }

    mutating func member(_ field: String) throws(MembershipCodecError) -> MemberNumber {
        MemberNumber(UInt32(truncatingIfNeeded: try number(field, atMost: UInt64(UInt32.max))))
    }

    mutating func claims() throws(MembershipCodecError) -> [Claim] {
        var claims: [Claim] = []
        while bytes.readableBytes > 0 { claims.append(try claim()) }
        return claims
    }

    private mutating func claim() throws(MembershipCodecError) -> Claim {
        let at = offset
        let head = try number("member and status", atMost: UInt64(UInt32.max) << 2 | 3)
        guard let status = MemberStatus(rawValue: UInt8(head & 3)) else {
            throw .badNumber(head & 3, field: "status", at: at)
        }
        let member = MemberNumber(UInt32(truncatingIfNeeded: head >> 2))
        let refutation = try number("refutation number", atMost: Claim.maxRefutation)
        switch status {
        case .alive: return .alive(member, refutation)
        case .suspect: return .suspect(member, refutation, by: try self.member("accuser"))
        case .dead: return .dead(member, refutation)
        }
    }
}
