// What a record of the log says beside its value: the events that its replica has handled with it. Clock and index are
// rebuilt from these notes behind the last checkpoint (design, section 4).
//
//     note := kind (1 byte), rest
//     kind 1: handled, of the record's own key; rest: dots
//     kind 2: handled, of another key: the record is there only for its note; rest: key length varint, key, dots
//     kind 3: the record's own key is gone, with this context; rest: version vector
//     kind 4: handled, of a key that is gone: nothing is left that could be offered; rest: dots

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// What a record tells of events.
struct KnowledgeNote: Equatable {
    enum Kind: Equatable {
        /// Events were handled. `key`: nil for the record's own.
        case handled([Dot], key: ByteBuffer? = nil)
        /// The record removes its key: of its events up to here nothing is left.
        case gone(VersionVector)
        /// Events of a key that is gone were handled.
        case handledAbsent([Dot])
    }

    let kind: Kind

    /// So many bytes of dots fit: a note's limit, less a key. What does not fit is not handled yet; anti-entropy brings it
    /// again.
    static let maxDots = 1_000

    /// The key of records that are there only for their notes: no `ObjectKey` begins so.
    static let bareKey = ByteBuffer(bytes: [0xff])

    init(_ kind: Kind) { self.kind = kind }

    func encoded() -> ByteBuffer {
        var out = ByteBuffer()
        switch kind {
        case .handled(let dots, nil):
            out.writeInteger(UInt8(1))
            for dot in dots { out.writeDot(dot) }
        case .handled(let dots, let key?):
            out.writeInteger(UInt8(2))
            out.writeVarint(UInt64(key.readableBytes))
            out.writeImmutableBuffer(key)
            for dot in dots { out.writeDot(dot) }
        case .gone(let context):
            out.writeInteger(UInt8(3))
            out.writeVersionVector(context)
        case .handledAbsent(let dots):
            out.writeInteger(UInt8(4))
            for dot in dots { out.writeDot(dot) }
        }
        return out
    }

    /// Nil where the bytes are no note: the record's checksum was right, so another version wrote it.
    init?(decoding bytes: ByteBuffer) {
        var bytes = bytes
        guard let number: UInt8 = bytes.readInteger() else { return nil }
        switch number {
        case 1:
            guard let dots = Self.dots(&bytes) else { return nil }
            kind = .handled(dots)
        case 2:
            guard let length = bytes.readVarint(), let key = bytes.readSlice(length: Int(clamping: length)),
                let dots = Self.dots(&bytes)
            else { return nil }
            kind = .handled(dots, key: key)
        case 3:
            guard let context = bytes.readVersionVector(), bytes.readableBytes == 0 else { return nil }
            kind = .gone(context)
        case 4:
            guard let dots = Self.dots(&bytes) else { return nil }
            kind = .handledAbsent(dots)
        default: return nil
        }
    }

    private static func dots(_ bytes: inout ByteBuffer) -> [Dot]? {
        var dots: [Dot] = []
        while bytes.readableBytes > 0 {
            guard let dot = bytes.readDot() else { return nil }
            dots.append(dot)
        }
        return dots
    }
}
