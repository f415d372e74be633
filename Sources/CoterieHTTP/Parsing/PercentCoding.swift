// Percent encoding of path segments and query values (RFC 3986), and `+` for a space as Riak's clients and server have
// it.

/// Decodes and encodes arbitrary bytes: buckets and keys need not be UTF-8.
enum PercentCoding {
    /// Decodes `%XX` and `+` (a space). nil, with the offset, where a `%` is not followed by two hexadecimal digits.
    static func decode(_ raw: ArraySlice<UInt8>) -> Result<[UInt8], BadEscape> {
        var out: [UInt8] = []
        out.reserveCapacity(raw.count)
        var index = raw.startIndex
        while index < raw.endIndex {
            switch raw[index] {
            case UInt8(ascii: "+"): out.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard index + 2 < raw.endIndex, let high = digit(raw[index + 1]), let low = digit(raw[index + 2])
                else { return .failure(BadEscape(offset: index - raw.startIndex)) }
                out.append(high << 4 | low)
                index += 2
            default: out.append(raw[index])
            }
            index += 1
        }
        return .success(out)
    }

    /// Encodes everything but letters, digits and `- . _ ~`: a space is `%20`, a plus `%2B`, a slash `%2F`.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) {
                out.append(byte)
            } else {
                out.append(UInt8(ascii: "%"))
                out.append(hexadecimal(byte >> 4))
                out.append(hexadecimal(byte & 15))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// A `%` that is not followed by two hexadecimal digits.
    struct BadEscape: Error, Hashable {
        let offset: Int
    }

    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0") ... UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a") ... UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A") ... UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    static func hexadecimal(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "a") ... UInt8(ascii: "z"),
            UInt8(ascii: "A") ... UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
