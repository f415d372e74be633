// A frame: twelve bytes of header, then one message in protocol buffers' wire format. All integers are big-endian.
//
//     offset  size  what
//          0     4  length of the body: 0 ... maxFrameBytes - 12
//          4     4  CRC-32 (zlib) of everything behind it: bytes 8 to the end of the body
//          8     1  wire version: 1
//          9     1  kind of the message (`MessageKind`)
//         10     2  reserved: 0
//         12     n  body
//
// The length stands outside the checksum: a wrong one makes the checksum of other bytes wrong. A kind that the version
// does not have is an error, not skipped: new kinds come with a new version, which the hello negotiates, while new
// fields of a known kind are skipped by those who do not know them. All errors of framing end the connection, since
// behind one the beginning of the next frame is unknown.

import CoteriePrimitives
import NIOCore

/// A message that arrived whole and unharmed, its body not looked at yet.
public struct Frame: Hashable, Sendable {
    /// Bytes of a frame's header.
    public static let headerBytes = 12
    /// The version of the framing that this build writes, and the only one that it reads.
    public static let version: UInt8 = 1

    public let kind: MessageKind
    /// Shares the storage of the inbound bytes: whoever keeps a part of it for long copies that part.
    public let body: ByteBuffer

    public init(kind: MessageKind, body: ByteBuffer) {
        self.kind = kind
        self.body = body
    }
}

/// Bytes that are not a frame.
public enum FrameError: Error, Hashable, Sendable {
    /// Longer than the limit; known, and refused, as soon as the header is there. Both count the header.
    case tooLong(bytes: Int, limit: Int)
    case badChecksum(stated: UInt32, computed: UInt32)
    case unknownVersion(UInt8)
    case unknownKind(UInt8)
    case reservedBitsSet(UInt16)
}

extension FrameError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLong(let bytes, let limit): "a frame of \(bytes) bytes; maxFrameBytes is \(limit)"
        case .badChecksum(let stated, let computed):
            "a frame states the checksum \(String(stated, radix: 16)), its bytes have \(String(computed, radix: 16))"
        case .unknownVersion(let version): "wire version \(version); this build speaks \(Frame.version)"
        case .unknownKind(let kind): "a message of the unknown kind \(kind)"
        case .reservedBitsSet(let bits): "a frame has reserved bits set: \(String(bits, radix: 16))"
        }
    }
}

/// What the first twelve bytes say.
struct FrameHeader {
    let bodyLength: Int
    let checksum: UInt32
    let kind: MessageKind

    var frameLength: Int { Frame.headerBytes + bodyLength }

    /// Reads the first twelve of `bytes`, which must be there, and refuses all that can be refused without the body.
    init(_ bytes: UnsafeRawBufferPointer, maxFrameBytes: Int) throws(FrameError) {
        bodyLength = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
        checksum = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard bytes[8] == Frame.version else { throw .unknownVersion(bytes[8]) }
        guard let kind = MessageKind(rawValue: bytes[9]) else { throw .unknownKind(bytes[9]) }
        let reserved = UInt16(bytes[10]) << 8 | UInt16(bytes[11])
        guard reserved == 0 else { throw .reservedBitsSet(reserved) }
        self.kind = kind
        guard frameLength <= maxFrameBytes else { throw .tooLong(bytes: frameLength, limit: maxFrameBytes) }
    }
}

extension ByteBuffer {
    /// Appends a frame around the body that `write` appends; returns the frame's bytes.
    @inline(__always)
    mutating func writeFrame(_ kind: MessageKind, _ write: (inout ByteBuffer) -> Void) -> Int {
        let start = writerIndex
        writeInteger(UInt64(0))
        writeInteger(UInt32(Frame.version) << 24 | UInt32(kind.rawValue) << 16)
        write(&self)
        let length = writerIndex - start
        let offset = start - readerIndex
        withUnsafeMutableReadableBytes { bytes in
            let covered = UnsafeRawBufferPointer(rebasing: bytes[(offset + 8)...])
            let bodyLength = UInt32(length - Frame.headerBytes)
            bytes.storeBytes(of: bodyLength.bigEndian, toByteOffset: offset, as: UInt32.self)
            bytes.storeBytes(of: CoteriePrimitives.crc32(covered).bigEndian, toByteOffset: offset + 4, as: UInt32.self)
        }
        return length
    }
}
