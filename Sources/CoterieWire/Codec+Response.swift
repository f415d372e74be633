// Codec of the answer to a client request, with its receipt.

import CoterieCausality
import CoteriePrimitives
import NIOCore

extension Response {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, fixed64: id.origin)
        out.writeField(2, varint: id.sequence)
        switch reply.result {
        case .object(let object):
            out.writeField(3, object: object)
        case .stored(let context, let object):
            out.writeField(4) {
                $0.writeField(1, vector: context)
                if let object { $0.writeField(2, object: object) }
            }
        case .failed(let failure):
            out.writeField(5) { failure.encode(into: &$0) }
        }
        out.writeField(6) { reply.receipt.encode(into: &$0) }
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var id = RequestID(origin: 0, sequence: 0)
        var result: ClientResult?
        var receipt: Receipt?
        while try reader.next() {
            switch reader.field {
            case 1: id.origin = try reader.fixed64()
            case 2: id.sequence = try reader.varint()
            case 3: result = .object(try reader.object())
            case 4: result = try ClientResult(stored: reader.message())
            case 5: result = .failed(try Failure(decoding: reader.message()))
            case 6: receipt = try Receipt(decoding: reader.message())
            default: try reader.skip()
            }
        }
        guard let result else { throw .missingField(3) }
        guard let receipt else { throw .missingField(6) }
        self.init(id: id, reply: ClientReply(result: result, receipt: receipt))
    }
}

extension ClientResult {
    fileprivate init(stored reader: consuming ProtobufReader) throws(ProtobufError) {
        var context = VersionVector()
        var object: CausalObject?
        while try reader.next() {
            switch reader.field {
            case 1: context = try reader.vector()
            case 2: object = try reader.object()
            default: try reader.skip()
            }
        }
        self = .stored(context: context, object: object)
    }
}

extension Failure {
    fileprivate func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: UInt64(code.rawValue))
        out.writeField(2, string: message)
        out.writeField(3, varint: UInt64(outcome.rawValue))
    }

    /// An outcome that is absent or not known is *unknown*: nothing may be called unapplied without saying so.
    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        self.init(.internalError, "", outcome: .unknown)
        while try reader.next() {
            switch reader.field {
            case 1: code = try reader.errorCode()
            case 2: message = try reader.string()
            case 3: outcome = UInt8(exactly: try reader.varint()).flatMap(Outcome.init(rawValue:)) ?? .unknown
            default: try reader.skip()
            }
        }
    }
}

extension Receipt {
    fileprivate func encode(into out: inout ByteBuffer) {
        out.writeFields(atMost: 200) {
            $0.field(1, varint: UInt64(coordinator.rawValue))
            $0.field(2, varint: epoch.rawValue)
            $0.field(3, count: asked.n)
            $0.field(4, count: asked.quorum)
            $0.field(5, count: asked.primary)
            $0.field(6, count: asked.durable)
            $0.field(7, count: asked.nodeConfirms)
            $0.field(8, count: met)
            $0.field(9, count: metPrimary)
            $0.field(10, count: metDurable)
        }
        for responder in responders {
            out.writeFields(atMost: 80) {
                $0.prefix(11, length: responder.encodedSize)
                responder.encode(into: &$0)
            }
        }
        out.writeField(12, zigzag: duration.nanoseconds)
        if let written {
            var dot = ByteBuffer()
            dot.writeDot(written)
            out.writeField(13, bytes: dot)
        }
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        self.init(coordinator: MemberNumber(0), epoch: Epoch(0))
        while try reader.next() {
            switch reader.field {
            case 1: coordinator = try reader.member()
            case 2: epoch = try reader.epoch()
            case 3: asked.n = try reader.count()
            case 4: asked.quorum = try reader.count()
            case 5: asked.primary = try reader.count()
            case 6: asked.durable = try reader.count()
            case 7: asked.nodeConfirms = try reader.count()
            case 8: met = try reader.count()
            case 9: metPrimary = try reader.count()
            case 10: metDurable = try reader.count()
            case 11:
                guard responders.count < Limits.maxResponders else { throw .valueOutOfRange(field: 11) }
                responders.append(try Responder(decoding: reader.message()))
            case 12: duration = try reader.span()
            case 13:
                var dot = try reader.slice()
                guard let event = dot.readDot(), dot.readableBytes == 0 else { throw .valueOutOfRange(field: 13) }
                written = event
            default: try reader.skip()
            }
        }
    }
}

extension Responder {
    fileprivate var encodedSize: Int { (member.rawValue == 0 ? 0 : 1 + varintSize(UInt64(member.rawValue))) + 4 }

    fileprivate func encode(into out: inout ProtobufFieldWriter) {
        out.field(1, varint: UInt64(member.rawValue))
        out.field(2, varint: UInt64(role.rawValue))
        out.field(3, varint: UInt64(answer.rawValue))
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var member = MemberNumber(0)
        var role: Role?
        var answer: Answer?
        while try reader.next() {
            switch reader.field {
            case 1: member = try reader.member()
            case 2: role = try reader.choice()
            case 3: answer = try reader.choice()
            default: try reader.skip()
            }
        }
        guard let role else { throw .missingField(2) }
        guard let answer else { throw .missingField(3) }
        self.init(member: member, role: role, answer: answer)
    }
}
