// What a record of the log says beside its value: the events that its replica has handled with it. Clock and index are
// rebuilt from these notes behind the last checkpoint (design, section 4).
//
//     note := kind (1 byte), rest
//     kind 1: the record's own key; rest: dots
//     kind 2: another key, of a record that is there only for its note; rest: key length varint, key, dots

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// Events of one key.
struct KnowledgeNote: Equatable {
    /// Nil: the record's own.
    var key: ByteBuffer?
    var dots: [Dot]

    /// So many bytes of dots fit: a note's limit, less a key. What does not fit is not handled yet; anti-entropy brings it
    /// again.
    static let maxDots = 1_000

    /// The key of records that are there only for their notes: no `ObjectKey` begins so.
    static let bareKey = ByteBuffer(bytes: [0xff])

    func encoded() -> ByteBuffer {
        var out = ByteBuffer()
        if let key {
            out.writeInteger(UInt8(2))
            out.writeVarint(UInt64(key.readableBytes))
            out.writeImmutableBuffer(key)
        } else {
            out.writeInteger(UInt8(1))
        }
        for dot in dots { out.writeDot(dot) }
        return out
    }

    /// Nil where the bytes are no note: the record's checksum was right, so another version wrote it.
    init?(decoding bytes: ByteBuffer) {
        var bytes = bytes
        guard let kind: UInt8 = bytes.readInteger() else { return nil }
        switch kind {
        case 1: key = nil
        case 2:
            guard let length = bytes.readVarint(), let key = bytes.readSlice(length: Int(clamping: length)) else {
                return nil
            }
            self.key = key
        default: return nil
        }
        dots = []
        while bytes.readableBytes > 0 {
            guard let dot = bytes.readDot() else { return nil }
            dots.append(dot)
        }
    }

    init(key: ByteBuffer? = nil, dots: [Dot]) {
        self.key = key
        self.dots = dots
    }
}
