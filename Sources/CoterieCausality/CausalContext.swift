// What a client holds: the context of an object that it read, sent back with its next write (to say what that write
// replaces) and with reads (as a floor). Opaque to clients, printable, versioned, checksummed.
//
//     bytes := version (1), vector, crc32 of all before it (4 bytes, big-endian)
//     text  := base64url of the bytes, without padding
//
// Contexts come from outside: nothing in here traps or reserves memory by what they claim.

import CoteriePrimitives
import NIOCore

/// The opaque form of a version vector that clients hold.
public struct CausalContext: Hashable, Sendable {
    /// How large a context from outside may be.
    public struct Limits: Hashable, Sendable {
        /// One entry for each life of a replica that wrote the key.
        public var maximumEntries: Int
        /// Of the binary form; the text is a third longer.
        public var maximumBytes: Int

        public init(maximumEntries: Int = 4096, maximumBytes: Int = 131_072) {
            precondition(maximumEntries >= 1, "a context needs room for an entry, not \(maximumEntries)")
            precondition(maximumBytes >= 64, "a context of one entry takes up to 33 bytes, \(maximumBytes) is too few")
            self.maximumEntries = maximumEntries
            self.maximumBytes = maximumBytes
        }

        /// 4096 entries, 128 KiB: any 4096 entries fit.
        public static let standard = Limits()
    }

    /// The newest version of the format, and the one that is written.
    public static let formatVersion: UInt8 = 1

    public var vector: VersionVector

    public init(_ vector: VersionVector = VersionVector()) { self.vector = vector }

    /// Nothing seen: what a client has that never read the key.
    public var isEmpty: Bool { vector.isEmpty }

    /// The binary form. Equal contexts have equal bytes.
    public func encoded() -> ByteBuffer {
        let size = 1 + ByteWriter.size(vector)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(size + 4)
        buffer.append(size) {
            $0.byte(Self.formatVersion)
            $0.vector(vector)
        }
        buffer.writeInteger(buffer.crc32())
        return buffer
    }

    /// The printable form: base64url without padding.
    public var text: String { Base64URL.encode(encoded()) }

    /// Takes the binary form.
    public init(decoding bytes: ByteBuffer, limits: Limits = .standard) throws(ContextError) {
        let size = bytes.readableBytes
        guard size <= limits.maximumBytes else { throw .tooLarge(bytes: size, limit: limits.maximumBytes) }
        guard size > 0 else { throw .truncated(bytes: 0) }
        let version = bytes.readableBytesView[bytes.readerIndex]
        guard version == Self.formatVersion else { throw .unknownVersion(version, newest: Self.formatVersion) }
        guard size >= 6 else { throw .truncated(bytes: size) }
        var body = bytes
        let checksum = bytes.getInteger(at: bytes.writerIndex - 4, as: UInt32.self) ?? 0
        body.moveWriterIndex(to: bytes.writerIndex - 4)
        guard body.crc32() == checksum else {
            throw Self.isCutOff(bytes) ? .truncated(bytes: size) : .badChecksum
        }
        do {
            vector = try body.parse { (cursor) throws(EncodingFault) in
                _ = try cursor.version(newest: Self.formatVersion)
                return try cursor.vector()
            }
        } catch {
            throw ContextError(error)
        }
        guard vector.count <= limits.maximumEntries else {
            throw .tooManyEntries(vector.count, limit: limits.maximumEntries)
        }
    }

    /// Takes the printable form.
    public init(text: String, limits: Limits = .standard) throws(ContextError) {
        let size = text.utf8.count
        let estimate = size / 4 * 3
        guard estimate <= limits.maximumBytes else { throw .tooLarge(bytes: estimate, limit: limits.maximumBytes) }
        let bytes: ByteBuffer
        do {
            bytes = try Base64URL.decode(text)
        } catch {
            switch error {
            case .badCharacter(let byte, let offset): throw .badAlphabet(byte: byte, offset: offset)
            case .impossibleLength, .leftoverBits: throw .truncated(bytes: size * 3 / 4)
            }
        }
        try self.init(decoding: bytes, limits: limits)
    }

    /// Whether bytes with a wrong checksum are the front of a longer context: a better answer than "wrong checksum".
    private static func isCutOff(_ bytes: ByteBuffer) -> Bool {
        do {
            _ = try bytes.parse { (cursor) throws(EncodingFault) in
                _ = try cursor.version(newest: formatVersion)
                let vector = try cursor.vector()
                if cursor.remaining < 4 { throw .truncated(.payload, offset: cursor.position) }
                return vector
            }
            return false
        } catch {
            switch error {
            case .truncated, .countTooLarge: return true
            default: return false
            }
        }
    }
}

extension CausalContext: CustomStringConvertible {
    public var description: String { vector.description }
}

/// Why a context from outside was refused.
public enum ContextError: Error, Hashable, Sendable {
    /// A byte of the text outside of `A-Z a-z 0-9 - _`.
    case badAlphabet(byte: UInt8, offset: Int)
    case badChecksum
    case unknownVersion(UInt8, newest: UInt8)
    /// Not a whole context; so many bytes came.
    case truncated(bytes: Int)
    /// The checksum is right and the entries are out of order or there twice.
    case unordered(offset: Int)
    case tooLarge(bytes: Int, limit: Int)
    case tooManyEntries(Int, limit: Int)
    /// The checksum is right and the bytes are no context.
    case malformed(EncodingFault)

    init(_ fault: EncodingFault) {
        self =
            switch fault {
            case .unknownVersion(let version, let newest): .unknownVersion(version, newest: newest)
            case .unordered(_, let offset): .unordered(offset: offset)
            default: .malformed(fault)
            }
    }
}

extension ContextError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badAlphabet(let byte, let offset):
            "causal context: byte 0x\(String(byte, radix: 16)) at offset \(offset) is not base64url "
                + "(A-Z a-z 0-9 - _, no padding)"
        case .badChecksum: "causal context: the checksum does not match; send the context unchanged as it was given"
        case .unknownVersion(let version, let newest):
            "causal context: format version \(version), this node reads 1 to \(newest)"
        case .truncated(let bytes): "causal context: cut off, \(bytes) bytes are not a whole context"
        case .unordered(let offset): "causal context: the entry at byte \(offset) is out of order or there twice"
        case .tooLarge(let bytes, let limit): "causal context: \(bytes) bytes, the limit is \(limit)"
        case .tooManyEntries(let count, let limit): "causal context: \(count) entries, the limit is \(limit)"
        case .malformed(let fault): "causal context: \(fault)"
        }
    }
}
