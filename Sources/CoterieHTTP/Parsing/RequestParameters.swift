// The query parameters of a request on a key (Riak's names and texts) as the request's options.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import HTTPTypes

/// What a request on a key says in its query.
struct RequestParameters: Sendable {
    var options = RequestOptions()
    /// The one sibling that a read asks for.
    var vtag: String?
    /// Whether a store answers with the object; nil leaves it to the bucket.
    var returnBody: Bool?

    /// - Parameters:
    ///   - n: the bucket type's, by which `node_confirms` is resolved.
    ///   - isDelete: `rw` stands for r and w where they are not given.
    init(_ query: Query, n: Int, limits: Limits, isDelete: Bool) throws(Problem) {
        options.r = try Self.quorum(query, "r")
        options.w = try Self.quorum(query, "w")
        options.dw = try Self.quorum(query, "dw")
        options.pr = try Self.quorum(query, "pr")
        options.pw = try Self.quorum(query, "pw")
        let rw = try Self.quorum(query, "rw")
        if isDelete {
            options.r = options.r ?? rw
            options.w = options.w ?? rw
        }
        options.nodeConfirms = try Self.quorum(query, "node_confirms")?.resolved(n: n)
        options.basicQuorum = try Self.boolean(query, "basic_quorum")
        options.notfoundOK = try Self.boolean(query, "notfound_ok")
        options.sloppy = try Self.boolean(query, "sloppy_quorum")
        returnBody = try Self.boolean(query, "returnbody")
        options.returnBody = returnBody ?? false
        options.n = try Self.copies(query)
        options.timeout = try Self.timeout(query, limits: limits)
        // As an ETag has it, or bare.
        vtag = query["vtag"].map { EntityTags.unquoted($0) }
    }

    private static func quorum(_ query: Query, _ name: String) throws(Problem) -> Quorum? {
        guard let text = query[name], text != "default" else { return nil }
        guard let quorum = Quorum(parsing: text) else {
            throw Problem(
                .badRequest, ErrorCode.badQuorum.description,
                "\(name) query parameter must be an integer from 0 to \(LayoutLimits.replicas.upperBound) or "
                    + "one of the following words: 'one', 'quorum', 'all' or 'default', not \"\(shown(text))\"")
        }
        return quorum
    }

    static func boolean(_ query: Query, _ name: String) throws(Problem) -> Bool? {
        guard let text = query[name] else { return nil }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        case "default": return nil
        default: throw .bad("\(name) query parameter must be true or false or default, not \"\(shown(text))\"")
        }
    }

    private static func copies(_ query: Query) throws(Problem) -> Int? {
        guard let text = query["n_val"], text != "default" else { return nil }
        guard let n = integer(text), LayoutLimits.replicas.contains(n) else {
            throw .bad(
                "n_val query parameter must be an integer from \(LayoutLimits.replicas.lowerBound) to "
                    + "\(LayoutLimits.replicas.upperBound), and equal the bucket type's, not \"\(shown(text))\"")
        }
        return n
    }

    private static func timeout(_ query: Query, limits: Limits) throws(Problem) -> TimeSpan? {
        guard let text = query["timeout"], text != "default" else { return nil }
        guard let milliseconds = integer(text), milliseconds >= 1, Int64(milliseconds) <= limits.maxTimeout.milliseconds
        else {
            throw .bad(
                "Bad timeout value \"\(shown(text))\"; timeout query parameter must be milliseconds from 1 to "
                    + "\(limits.maxTimeout.milliseconds) (limits.maxTimeout)")
        }
        return .milliseconds(Int64(milliseconds))
    }

    /// Digits alone: no sign, no space.
    private static func integer(_ text: String) -> Int? {
        let isDigits = text.utf8.allSatisfy { (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains($0) }
        return isDigits ? Int(text) : nil
    }

    /// A value as an error shows it: short, and on one line.
    private static func shown(_ text: String) -> String { printable(text) }
}

/// Text from outside as an error shows it: its first 64 characters, control characters replaced.
func printable(_ text: some StringProtocol) -> String {
    let shown = String(text.prefix(64).unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "·" : Character($0) })
    return text.count > 64 ? shown + "…" : shown
}
