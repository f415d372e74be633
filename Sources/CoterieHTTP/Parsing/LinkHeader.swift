// Link headers as Riak's clients write them: `</buckets/B/keys/K>; riaktag="T"`, in the oldest form `</riak/B/K>`, many
// to a line or on lines of their own; and `</buckets/B>; rel="up"`, which names the parent bucket and stores nothing.

import CoterieTypes
import NIOCore

/// Reading and writing of links.
enum LinkHeader {
    private static let forms = "</buckets/BUCKET/keys/KEY>; riaktag=\"TAG\" or </riak/BUCKET/KEY>; riaktag=\"TAG\""
    /// Lines of a Link header are kept below this, so that any client can read them.
    private static let lineBytes = 4096

    /// Reads the links of all Link lines of a store to `bucket`.
    static func parse(_ lines: [String], bucket: ByteBuffer) throws(Problem) -> [Link] {
        var links: [Link] = []
        for line in lines {
            for item in split(line) {
                if let link = try link(item, bucket: bucket) { links.append(link) }
            }
        }
        return links
    }

    /// The lines that answer with `links`, behind the link to the bucket; percent-encoded.
    static func lines(_ links: [Link], in path: BucketPath) -> [String] {
        let bucket = PercentCoding.encode(path.bucket.readableBytesView)
        var lines = [path.form == .oldest ? "</riak/\(bucket)>; rel=\"up\"" : "</buckets/\(bucket)>; rel=\"up\""]
        for link in links {
            let bucket = PercentCoding.encode(link.bucket.utf8)
            let key = PercentCoding.encode(link.key.utf8)
            let place = path.form == .oldest ? "/riak/\(bucket)/\(key)" : "/buckets/\(bucket)/keys/\(key)"
            let item = "<\(place)>; riaktag=\"\(PercentCoding.encode(link.tag.utf8))\""
            if lines[lines.count - 1].utf8.count + item.utf8.count + 2 <= lineBytes {
                lines[lines.count - 1] += ", " + item
            } else {
                lines.append(item)
            }
        }
        return lines
    }

    /// Splits at commas that stand neither within `<…>` nor within quotes.
    private static func split(_ line: String) -> [String] {
        var items: [String] = []
        var current: [UInt8] = []
        var isQuoted = false
        var isBracketed = false
        for byte in line.utf8 {
            switch byte {
            case UInt8(ascii: "\"") where !isBracketed: isQuoted.toggle()
            case UInt8(ascii: "<") where !isQuoted: isBracketed = true
            case UInt8(ascii: ">") where !isQuoted: isBracketed = false
            default: break
            }
            if byte == UInt8(ascii: ","), !isQuoted, !isBracketed {
                items.append(String(decoding: current, as: UTF8.self))
                current.removeAll(keepingCapacity: true)
            } else {
                current.append(byte)
            }
        }
        items.append(String(decoding: current, as: UTF8.self))
        return items.map { $0.trimmed() }.filter { !$0.isEmpty }
    }

    /// One link; nil for the link to the parent bucket.
    private static func link(_ item: String, bucket: ByteBuffer) throws(Problem) -> Link? {
        guard item.hasPrefix("<"), let close = item.firstIndex(of: ">") else { throw malformed(item) }
        let target = item[item.index(after: item.startIndex) ..< close]
        let parameters = item[item.index(after: close)...].split(separator: ";").map { $0.trimmed() }
        let place = try segments(target, item)
        if let relation = parameters.compactMap({ $0.parameter("rel") }).first {
            guard relation == "up", place.count == 2, ByteBuffer(bytes: place[1]) == bucket else {
                throw malformed(item)
            }
            return nil
        }
        guard let tag = parameters.compactMap({ $0.parameter("riaktag") }).first else { throw malformed(item) }
        let isPlain = place.count == 4 && place[0].elementsEqual("buckets".utf8) && place[2].elementsEqual("keys".utf8)
        let isOldest = place.count == 3 && place[0].elementsEqual("riak".utf8)
        guard isPlain || isOldest, let bucket = text(place[1]), let key = text(place[place.count - 1]),
            case .success(let tagBytes) = PercentCoding.decode(Array(tag.utf8)[...]), let tag = text(tagBytes)
        else { throw malformed(item) }
        return Link(bucket: bucket, key: key, tag: tag)
    }

    private static func segments(_ target: Substring, _ item: String) throws(Problem) -> [[UInt8]] {
        guard target.hasPrefix("/") else { throw malformed(item) }
        var segments: [[UInt8]] = []
        for part in Array(target.utf8.dropFirst()).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            guard case .success(let decoded) = PercentCoding.decode(part), !decoded.isEmpty else {
                throw malformed(item)
            }
            segments.append(decoded)
        }
        return segments
    }

    private static func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

    private static func malformed(_ item: String) -> Problem {
        .bad("Invalid Link header. Links must be of the form\n\(forms)\nnot \(item.prefix(200))")
    }
}
