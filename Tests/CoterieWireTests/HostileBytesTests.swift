// Whatever a body holds: a message or an error, never a trap, never memory out of proportion.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore
import Testing

struct HostileBytesTests {
    @Test func aBodyCutAtAnyOffsetIsAMessageOrAnError() throws {
        for (name, message) in Samples.all {
            var whole = ByteBuffer()
            message.encode(into: &whole)
            whole.moveReaderIndex(forwardBy: Frame.headerBytes)
            for length in 0 ..< whole.readableBytes {
                let cut = try #require(whole.getSlice(at: whole.readerIndex, length: length))
                let decoded = try? Message.decode(kind: message.kind, body: cut)
                #expect(decoded != message || cut == whole, "\(name) cut to \(length)")
            }
        }
    }

    @Test func flippedBitsInABodyNeverTrap() {
        for (_, message) in Samples.all {
            var body = ByteBuffer()
            message.encode(into: &body)
            body.moveReaderIndex(forwardBy: Frame.headerBytes)
            body = body.slice()
            for bit in 0 ..< body.readableBytes * 8 {
                var flipped = body
                let byte = flipped.getInteger(at: bit / 8, as: UInt8.self) ?? 0
                flipped.setInteger(byte ^ (1 << UInt8(bit % 8)), at: bit / 8)
                if let decoded = try? Message.decode(kind: message.kind, body: flipped) {
                    var again = ByteBuffer()
                    decoded.encode(into: &again)
                }
            }
        }
    }

    @Test(arguments: MessageKind.allCases)
    func randomBytesNeverTrap(_ kind: MessageKind) {
        var generator = SeededGenerator(seed: UInt64(kind.rawValue))
        for _ in 0 ..< 2_000 {
            var body = ByteBuffer()
            // Tags of known fields and short lengths reach deeper than plain noise.
            for _ in 0 ..< generator.below(24) {
                switch generator.below(4) {
                case 0: body.writeInteger(UInt8(generator.below(16) << 3 | generator.below(3)))
                case 1: body.writeInteger(UInt8(generator.below(20)))
                default: body.writeInteger(UInt8(truncatingIfNeeded: generator.next()))
                }
            }
            if let decoded = try? Message.decode(kind: kind, body: body) {
                var again = ByteBuffer()
                decoded.encode(into: &again)
            }
        }
    }

    @Test func valuesOfANewerNodeAreReadOnTheSafeSide() throws {
        var reply = ByteBuffer()
        reply.writePresent(1, varint: 9)
        reply.writePresent(4, varint: 60_001)
        let refused = Message.storeReply(StoreReply(exchange: 9, epoch: Epoch(0), status: .refused(.internalError)))
        #expect(try Message.decode(kind: .storeReply, body: reply) == refused)

        var refusal = ByteBuffer()
        refusal.writePresent(1, varint: 77)
        refusal.writePresent(2, string: "the moon is full")
        #expect(try Message.decode(kind: .refused, body: refusal) == .refused(Refusal(.other, "the moon is full")))

        var response = ByteBuffer()
        response.writeField(5) {
            $0.writePresent(1, varint: 9_999)
            $0.writePresent(3, varint: 3)
        }
        response.writeField(6) { _ in }
        guard case .response(let decoded) = try Message.decode(kind: .response, body: response),
            case .failed(let failure) = decoded.reply.result
        else {
            Issue.record("not a failure")
            return
        }
        #expect(failure.code == .internalError)
        #expect(failure.outcome == .unknown)
    }

    @Test func aConditionThatIsNotUnderstoodIsNoCondition() {
        let problem = WireError(kind: .request, problem: .missingField(1))
        for field in [8, 15] {
            var body = ByteBuffer()
            body.writeField(6, bytes: Samples.key.bytes)
            body.writeField(9) { $0.writeField(2) { $0.writePresent(field, bool: true) } }
            #expect(throws: problem) { try Message.decode(kind: .request, body: body) }
        }
    }

    @Test func impossibleValuesAreNamedByKindAndField() {
        func expect(_ kind: MessageKind, _ problem: ProtobufError, _ write: (inout ByteBuffer) -> Void) {
            var body = ByteBuffer()
            write(&body)
            #expect(throws: WireError(kind: kind, problem: problem)) { try Message.decode(kind: kind, body: body) }
        }
        expect(.fetch, .malformedValue(field: 5)) { $0.writeField(5, bytes: ByteBuffer(string: "no key")) }
        expect(.fetch, .valueOutOfRange(field: 3)) { $0.writePresent(3, varint: 65_536) }
        expect(.fetch, .wrongWireType(field: 1)) { $0.writePresent(1, fixed64: 1) }
        expect(.fetch, .missingField(4)) { $0.writeField(5, bytes: Samples.key.bytes) }
        expect(.store, .valueOutOfRange(field: 4)) { $0.writeField(8) { $0.writePresent(4, varint: 1 << 63) } }
        expect(.store, .valueOutOfRange(field: 5)) {
            $0.writeField(8) {
                $0.writePresent(4, varint: 7)
                $0.writePresent(5, varint: 7)
            }
        }
        expect(.hello, .missingField(3)) { $0.writeField(1, string: "c") }
        expect(.hello, .badUTF8(field: 1)) { $0.writeField(1, bytes: ByteBuffer(bytes: [0xff])) }
        expect(.introduce, .missingField(2)) { _ in }
        expect(.introduceReply, .missingField(2)) { _ in }
        expect(.introduceReply, .missingField(2)) {
            $0.writePresent(2, bool: true)
            $0.writeField(3) { $0.writePresent(1, varint: 7) }
        }
        expect(.response, .malformedValue(field: 3)) { $0.writeField(3, bytes: ByteBuffer(bytes: [9])) }
        expect(.heartbeat, .badTag(7)) { $0.writeInteger(UInt8(7)) }
        expect(.properties, .valueOutOfRange(field: 1)) {
            $0.writeField(2) { $0.writePresent(1, varint: 4_294_967_000) }
        }
    }

    @Test func listsOfNothingAreBounded() {
        var body = ByteBuffer()
        body.writeField(6, bytes: Samples.key.bytes)
        body.writeField(9) {
            $0.writeField(2) {
                $0.writeField(4) { for _ in 0 ... Limits.maxVtags { $0.writePresent(1, string: "") } }
            }
        }
        let tooMany = WireError(kind: .request, problem: .valueOutOfRange(field: 1))
        #expect(throws: tooMany) { try Message.decode(kind: .request, body: body) }

        var response = ByteBuffer()
        response.writeField(6) {
            for _ in 0 ... Limits.maxResponders {
                $0.writeField(11) {
                    $0.writePresent(2, varint: 1)
                    $0.writePresent(3, varint: 1)
                }
            }
        }
        let crowd = WireError(kind: .response, problem: .valueOutOfRange(field: 11))
        #expect(throws: crowd) { try Message.decode(kind: .response, body: response) }
    }
}
