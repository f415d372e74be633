// Conditional headers (RFC 9110, section 13) and Riak's `X-Riak-If-Not-Modified`.
//
// A read evaluates them on its answer. A store or a delete passes one on as a `Condition`, so that it means the same at
// every door. HTTP dates have whole seconds and writes have milliseconds: a date stands for the whole of its second.

import CoterieCausality
import CoteriePrimitives
import CoterieWire
import HTTPTypes

/// A list of entity tags, or `*`.
enum EntityTags: Hashable, Sendable {
    case any
    /// Without their quotes. Weak ones are left out of a strong comparison.
    case tags([String])

    /// Reads `*` or `"a", W/"b"`; tags without quotes are taken as they are, as Riak takes them.
    init(_ header: String, isStrong: Bool) {
        if header.trimmed() == "*" {
            self = .any
            return
        }
        self = .tags(
            header.split(separator: ",").compactMap { item in
                var text = item.trimmed()
                if text.hasPrefix("W/") {
                    if isStrong { return nil }
                    text.removeFirst(2)
                }
                text = Self.unquoted(text)
                return text.isEmpty ? nil : text
            })
    }

    static func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }

    func matches(_ tag: String) -> Bool {
        switch self {
        case .any: true
        case .tags(let tags): tags.contains(tag)
        }
    }
}

/// The conditional headers of one request.
struct Conditions: Sendable {
    private let ifMatch: EntityTags?
    private let ifNoneMatch: EntityTags?
    private let ifModifiedSince: WallTime?
    private let ifUnmodifiedSince: WallTime?
    private let ifNotModified: VersionVector?

    init(_ headers: HTTPFields, limits: Limits) throws(Problem) {
        ifMatch = headers[.ifMatch].map { EntityTags($0, isStrong: true) }
        ifNoneMatch = headers[.ifNoneMatch].map { EntityTags($0, isStrong: false) }
        ifModifiedSince = try Self.date(headers, .ifModifiedSince)
        ifUnmodifiedSince = try Self.date(headers, .ifUnmodifiedSince)
        ifNotModified = try headers.context(.ifNotModified, limits: limits)
    }

    private static func date(_ headers: HTTPFields, _ name: HTTPField.Name) throws(Problem) -> WallTime? {
        guard let text = headers[name] else { return nil }
        guard let time = HTTPDate.parse(text.trimmed()) else {
            throw .bad(
                "\(name.rawName) must be a date such as Sun, 06 Nov 1994 08:49:37 GMT, not \"\(printable(text))\"")
        }
        return time
    }

    /// What a read with these headers answers.
    enum Verdict: Hashable, Sendable {
        case proceed
        /// 304
        case notModified
        /// 412, and the header that failed.
        case failed(String)
    }

    /// Evaluates a read's answer, in the order of RFC 9110, section 13.2.2; `tag` is nil where there is nothing.
    func verdict(tag: String?, modified: WallTime?) -> Verdict {
        if let ifMatch {
            guard let tag, ifMatch.matches(tag) else { return .failed("If-Match") }
        } else if let since = ifUnmodifiedSince, tag != nil, let modified, Self.isAfter(modified, since) {
            return .failed("If-Unmodified-Since")
        }
        guard let tag else { return .proceed }
        if let ifNoneMatch { return ifNoneMatch.matches(tag) ? .notModified : .proceed }
        if let since = ifModifiedSince, let modified, !Self.isAfter(modified, since) { return .notModified }
        return .proceed
    }

    private static func isAfter(_ time: WallTime, _ date: WallTime) -> Bool { time > date.endOfSecond }

    /// The one condition of a store or a delete. An entity tag supersedes the date of the same direction, as RFC 9110
    /// says; any other two are refused, because a store takes one.
    func ofWrite() throws(Problem) -> Condition? {
        var found: [(header: String, condition: Condition)] = []
        if let ifNotModified { found.append(("X-Riak-If-Not-Modified", .unmodified(ifNotModified))) }
        switch ifMatch {
        case .any: found.append(("If-Match", .present))
        case .tags(let tags): found.append(("If-Match", .anyVtag(tags)))
        case nil:
            if let since = ifUnmodifiedSince {
                found.append(("If-Unmodified-Since", .unmodifiedSince(since.endOfSecond)))
            }
        }
        switch ifNoneMatch {
        case .any: found.append(("If-None-Match", .absent))
        case .tags(let tags): found.append(("If-None-Match", .noVtag(tags)))
        case nil:
            if let since = ifModifiedSince { found.append(("If-Modified-Since", .modifiedSince(since.endOfSecond))) }
        }
        guard found.count <= 1 else {
            throw .bad(
                "a store or a delete takes one condition; this one has "
                    + found.map(\.header).joined(separator: " and "))
        }
        return found.first?.condition
    }
}

extension WallTime {
    /// The last millisecond of the second that begins here.
    fileprivate var endOfSecond: WallTime { WallTime(milliseconds: milliseconds + 999) }
}

extension HTTPFields {
    /// The causal context in a header; nil where the header is absent or empty.
    func context(_ name: HTTPField.Name, limits: Limits) throws(Problem) -> VersionVector? {
        guard let text = self[name]?.trimmed(), !text.isEmpty else { return nil }
        return try VersionVector(context: text, from: name.rawName, limits: limits)
    }
}

extension VersionVector {
    /// The causal context that a client sent; `source` is where, for errors.
    init(context text: String, from source: String, limits: Limits) throws(Problem) {
        let entries = Swift.max(limits.maxContextEntries, 1)
        do {
            let allowed = CausalContext.Limits(maximumEntries: entries, maximumBytes: entries * 32 + 64)
            self = try CausalContext(text: text, limits: allowed).vector
        } catch {
            let code: ErrorCode =
                switch error {
                case .tooLarge, .tooManyEntries: .contextTooLarge
                default: .badRequest
                }
            throw Problem(.badRequest, code.description, "\(source): \(error)")
        }
    }
}
