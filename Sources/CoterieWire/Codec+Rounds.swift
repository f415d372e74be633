// Codec of rounds' one message.

import CoteriePrimitives
import NIOCore

extension RoundReport {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: epoch.rawValue)
        out.writeField(2, varint: round)
        out.writeField(3, varint: heard)
        out.writeField(4, varint: wanted)
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        self.init(epoch: Epoch(0), round: 0, heard: 0, wanted: 0)
        while try reader.next() {
            switch reader.field {
            case 1: epoch = try reader.epoch()
            case 2: round = try reader.varint()
            case 3: heard = try reader.varint()
            case 4: wanted = try reader.varint()
            default: try reader.skip()
            }
        }
    }
}
