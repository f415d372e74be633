// Codecs of the first and the last message of a connection.

import CoteriePrimitives
import NIOCore

extension Hello {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, string: clusterName)
        switch speaker {
        case .client(let name):
            out.writeField(2) { $0.writeField(1, string: name) }
        case .member(let number, let name, let nonce):
            out.writeField(3) {
                $0.writeField(1, varint: UInt64(number.rawValue))
                $0.writeField(2, string: name)
                $0.writeField(3, fixed64: nonce)
            }
        }
        out.writeField(4, varint: UInt64(minVersion))
        out.writeField(5, varint: UInt64(maxVersion))
        out.writeField(6, varint: epoch.rawValue)
        out.writeField(7, fixed64: layoutDigest)
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var speaker: Speaker?
        self.init(
            clusterName: "", speaker: .client(name: ""), minVersion: 0, maxVersion: 0, epoch: Epoch(0), layoutDigest: 0)
        while try reader.next() {
            switch reader.field {
            case 1: clusterName = try reader.string()
            case 2: speaker = try Speaker(client: reader.message())
            case 3: speaker = try Speaker(member: reader.message())
            case 4: minVersion = try reader.integer()
            case 5: maxVersion = try reader.integer()
            case 6: epoch = try reader.epoch()
            case 7: layoutDigest = try reader.fixed64()
            default: try reader.skip()
            }
        }
        guard let speaker else { throw .missingField(3) }
        self.speaker = speaker
    }
}

extension Hello.Speaker {
    fileprivate init(client reader: consuming ProtobufReader) throws(ProtobufError) {
        var name = ""
        while try reader.next() {
            switch reader.field {
            case 1: name = try reader.string()
            default: try reader.skip()
            }
        }
        self = .client(name: name)
    }

    fileprivate init(member reader: consuming ProtobufReader) throws(ProtobufError) {
        var number = MemberNumber(0)
        var name = ""
        var nonce: UInt64 = 0
        while try reader.next() {
            switch reader.field {
            case 1: number = try reader.member()
            case 2: name = try reader.string()
            case 3: nonce = try reader.fixed64()
            default: try reader.skip()
            }
        }
        self = .member(number: number, name: name, nonce: nonce)
    }
}

extension Refusal {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: UInt64(reason.rawValue))
        out.writeField(2, string: text)
    }

    /// A reason that this build does not know becomes `other`: the text still says it.
    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        self.init(.other, "")
        while try reader.next() {
            switch reader.field {
            case 1: reason = UInt8(exactly: try reader.varint()).flatMap(Reason.init(rawValue:)) ?? .other
            case 2: text = try reader.string()
            default: try reader.skip()
            }
        }
    }
}
