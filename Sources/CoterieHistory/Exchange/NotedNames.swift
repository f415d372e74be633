// Keys, dots, times of writing and quorums as one word each, for texts that people and other programs read.
//
//     key := type "/" bucket "/" key      each byte outside of A-Z a-z 0-9 - _ . ~ as %XX
//     dot := "m" member ":" nonce in base 36 [ "." sub ] "#" counter

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore

extension ObjectKey {
    /// The key as one word. O(length).
    var word: String { [type, bucket, key].map(Self.escape).joined(separator: "/") }

    /// Nil where it is not three parts with whole escapes.
    init?(word: String) {
        let parts = word.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 3, let type = Self.unescape(parts[0]), let bucket = Self.unescape(parts[1]),
            let key = Self.unescape(parts[2])
        else { return nil }
        self.init(type: type, bucket: bucket, key: key)
    }

    private static func escape(_ bytes: ByteBuffer) -> String {
        var out = ""
        for byte in bytes.readableBytesView {
            switch byte {
            case UInt8(ascii: "A") ... UInt8(ascii: "Z"), UInt8(ascii: "a") ... UInt8(ascii: "z"),
                UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                out += byte < 16 ? "%0" : "%"
                out += String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }

    private static func unescape(_ part: Substring.UTF8View) -> ByteBuffer? {
        var out = ByteBuffer()
        var rest = part[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                out.writeInteger(byte)
                continue
            }
            guard rest.count >= 2, let digits = String(rest.prefix(2)), let value = UInt8(digits, radix: 16) else {
                return nil
            }
            rest = rest.dropFirst(2)
            out.writeInteger(value)
        }
        return out
    }
}

extension Dot {
    /// The dot as one word: its description.
    var word: String { description }

    init?(word: String) {
        let halves = word.split(separator: "#", omittingEmptySubsequences: false)
        guard halves.count == 2, let counter = UInt64(halves[1]), (1 ... Dot.maximumCounter).contains(counter) else {
            return nil
        }
        let names = halves[0].split(separator: ":", omittingEmptySubsequences: false)
        guard names.count == 2, names[0].hasPrefix("m"), let member = UInt32(names[0].dropFirst()) else { return nil }
        let life = names[1].split(separator: ".", omittingEmptySubsequences: false)
        guard life.count <= 2, let nonce = UInt64(life[0], radix: 36) else { return nil }
        var sub: UInt32 = 0
        if life.count == 2 {
            guard let number = UInt32(life[1]), number > 0 else { return nil }
            sub = number
        }
        let incarnation = Incarnation(nonce: nonce, sub: sub)
        self.init(ReplicaID(member: MemberNumber(member), incarnation: incarnation), counter)
    }
}
