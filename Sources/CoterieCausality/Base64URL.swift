// Base64 with the URL-safe alphabet and without padding (RFC 4648, section 5): what a context looks like in a header, in
// a query or on a terminal. Strict: no padding, no line breaks, no bits left over, so that equal bytes have equal text.

import NIOCore

enum Base64URL {
    /// Why text is not base64url.
    enum Fault: Error, Hashable {
        /// A byte outside of `A-Z a-z 0-9 - _`, at this offset.
        case badCharacter(UInt8, offset: Int)
        /// One character more than a multiple of four: no encoding has this length.
        case impossibleLength(Int)
        /// The last character has bits that belong to no byte.
        case leftoverBits
    }

    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    static func encode(_ buffer: ByteBuffer) -> String {
        buffer.withUnsafeReadableBytes { bytes in
            let symbols = alphabet.utf8Start
            return String(unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { out in
                var written = 0
                var held: UInt32 = 0
                var bits: UInt32 = 0
                for byte in bytes {
                    held = held << 8 | UInt32(byte)
                    bits += 8
                    while bits >= 6 {
                        bits -= 6
                        out[written] = symbols[Int(held >> bits & 63)]
                        written += 1
                    }
                }
                if bits > 0 {
                    out[written] = symbols[Int(held << (6 - bits) & 63)]
                    written += 1
                }
                return written
            }
        }
    }

    static func decode(_ text: String) throws(Fault) -> ByteBuffer {
        var text = text
        let decoded: Result<ByteBuffer, Fault> = text.withUTF8 { characters in
            var fault: Fault?
            var out = ByteBuffer()
            out.writeWithUnsafeMutableBytes(minimumWritableBytes: characters.count * 3 / 4) { bytes in
                var written = 0
                var held: UInt32 = 0
                var bits: UInt32 = 0
                for (offset, character) in characters.enumerated() {
                    guard let value = value(of: character) else {
                        fault = .badCharacter(character, offset: offset)
                        return written
                    }
                    held = held << 6 | UInt32(value)
                    bits += 6
                    if bits >= 8 {
                        bits -= 8
                        bytes[written] = UInt8(truncatingIfNeeded: held >> bits)
                        written += 1
                    }
                }
                if characters.count % 4 == 1 {
                    fault = .impossibleLength(characters.count)
                } else if held & (1 << bits - 1) != 0 {
                    fault = .leftoverBits
                }
                return written
            }
            if let fault { return .failure(fault) }
            return .success(out)
        }
        return try decoded.get()
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A") ... UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a") ... UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0") ... UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
