import CoteriePrimitives
import NIOCore
import Testing

@testable import CoterieMembership

@Suite struct CodecTests {
    private static let one = MemberNumber(1)
    private static let samples: [(MembershipMessage, String)] = [
        (.probe(sequence: 300, news: []), "0101ac02"),
        (.answer(sequence: 1, news: [.alive(MemberNumber(3), 2)]), "0102010c02"),
        (
            .probeFor(
                target: MemberNumber(40), sequence: 7, patience: .milliseconds(500), news: [.dead(MemberNumber(3), 0)]),
            "01030728f4030e00"
        ),
        (.noAnswer(sequence: .max), "0104ffffffff0f"),
        (.gossip(news: [.suspect(MemberNumber(3), 5, by: MemberNumber(9))]), "01050d0509"),
        (.exchange(table: [.alive(one, 0), .dead(MemberNumber(2), 1)], wantsReply: false), "010604000a01"),
        (.exchange(table: [], wantsReply: true), "0107"),
    ]

    private func bytes(_ message: MembershipMessage) -> ByteBuffer {
        var out = ByteBuffer()
        message.encode(into: &out)
        return out
    }

    private func hex(_ bytes: ByteBuffer) -> String {
        bytes.readableBytesView.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Vectors of version 1: they may be added to, and never change.
    @Test func everyKindHasItsBytesForEver() throws {
        for (message, expected) in Self.samples {
            #expect(hex(bytes(message)) == expected)
            #expect(try MembershipMessage(decoding: bytes(message)) == message)
        }
    }

    private func randomMessage(_ generator: inout SeededGenerator) -> MembershipMessage {
        let claims = (0 ..< generator.below(6)).map { _ -> Claim in
            let member = MemberNumber(UInt32(truncatingIfNeeded: generator.next() >> generator.next() % 64))
            let refutation = min(generator.next() >> (generator.next() % 64), Claim.maxRefutation)
            switch generator.below(3) {
            case 0: return .alive(member, refutation)
            case 1: return .dead(member, refutation)
            default: return .suspect(member, refutation, by: MemberNumber(UInt32(generator.below(1 << 20))))
            }
        }
        let sequence = UInt32(truncatingIfNeeded: generator.next())
        switch generator.below(6) {
        case 0: return .probe(sequence: sequence, news: claims)
        case 1: return .answer(sequence: sequence, news: claims)
        case 2:
            let patience = TimeSpan.milliseconds(Int64(generator.below(100_000)))
            return .probeFor(target: MemberNumber(sequence), sequence: sequence, patience: patience, news: claims)
        case 3: return .noAnswer(sequence: sequence)
        case 4: return .gossip(news: claims)
        default: return .exchange(table: claims, wantsReply: generator.chance(1, in: 2))
        }
    }

    @Test func whateverIsSentIsWhatComesAndTakesTheBytesThatWereCounted() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0 ..< 500 {
            let message = randomMessage(&generator)
            let encoded = bytes(message)
            #expect(try MembershipMessage(decoding: encoded) == message)
            let head = encoded.readableBytes - message.claims.reduce(0) { $0 + $1.encodedBytes }
            #expect(head <= MembershipMessage.maxHeadBytes)
        }
    }

    /// Cut anywhere, flipped anywhere: a message or an error, never a trap.
    @Test func hostileBytesNeverTrap() {
        var generator = SeededGenerator(seed: 2)
        var refused = 0
        for round in 0 ..< 300 {
            var encoded = bytes(round < Self.samples.count ? Self.samples[round].0 : randomMessage(&generator))
            for length in 0 ..< encoded.readableBytes {
                guard let cut = encoded.getSlice(at: encoded.readerIndex, length: length) else { continue }
                if (try? MembershipMessage(decoding: cut)) == nil { refused += 1 }
            }
            let at = generator.below(encoded.readableBytes)
            let byte = encoded.getInteger(at: at, as: UInt8.self)! ^ (1 << UInt8(generator.below(8)))
            encoded.setInteger(byte, at: at)
            if (try? MembershipMessage(decoding: encoded)) == nil { refused += 1 }
            let noise = ByteBuffer(
                bytes: [1, UInt8(1 + generator.below(7))] + (0 ..< 30).map { _ in UInt8(generator.below(256)) })
            if (try? MembershipMessage(decoding: noise)) == nil { refused += 1 }
        }
        #expect(refused > 1_000)
    }

    @Test(
        arguments: [
            ([], "cut off within what begins at byte 0"),
            ([2, 1, 0], "version 2 at byte 0; only version 1 is known"),
            ([1, 9], "kind 9 at byte 1; kinds are 1 to 7"),
            ([1, 4, 1, 0], "1 bytes behind the end"),
            ([1, 5, 0x0f, 0], "3 at byte 2 is no status"),
            ([1, 5, 0x0d, 5], "cut off within what begins at byte 4"),
            ([1, 5, 0x0c, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "no refutation number"),
            ([1, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0], "no member and status"),
            ([1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "no sequence number"),
            ([1, 3, 1, 1, 0xff, 0xff, 0xff, 0x7f], "no patience"),
        ] as [([UInt8], String)])
    func whatIsWrongIsNamedWithItsPlace(_ bytes: [UInt8], _ text: String) {
        do {
            _ = try MembershipMessage(decoding: ByteBuffer(bytes: bytes))
            Issue.record("\(bytes) was taken")
        } catch {
            #expect("\(error)".contains(text))
        }
    }

    @Test func aLongerMessageThanAllowedIsRefusedUnread() {
        let long = ByteBuffer(repeating: 1, count: MembershipMessage.maxBytes + 1)
        #expect(throws: MembershipCodecError.tooLong(bytes: 1 << 20 + 1, allowed: 1 << 20)) {
            try MembershipMessage(decoding: long)
        }
    }
}
