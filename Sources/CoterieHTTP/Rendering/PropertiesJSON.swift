// Bucket properties by Riak's names, as JSON and back.
//
// What concurrent writes become is one setting, fixed with the bucket type; `allow_mult` and `last_write_wins` answer
// it in Riak's words. Names that Riak's clients send back and that have no meaning here are taken with the one value
// that says nothing; any other value is refused rather than passed over.

import CoteriePrimitives
import CoterieRing
import NIOCore

/// A bucket's (or a type's) properties and where they hold.
struct PropertiesJSON: Sendable {
    let type: BucketType
    /// nil for the properties of the type itself.
    let bucket: ByteBuffer?

    // MARK: Out

    /// The effective properties; `isDurable` tells whether the node fsyncs before it acknowledges, which decides `dw`
    /// where nobody else does.
    func members(_ effective: BucketProperties, isDurable: Bool) -> [String: JSONValue] {
        let all = BucketProperties.standard.merging(overrides: effective)
        var members: [String: JSONValue] = [
            "n_val": .integer(type.n),
            "type": .string(type.kind.rawValue),
            "allow_mult": .bool(type.kind != .lww),
            "last_write_wins": .bool(type.kind == .lww),
            "rw": .string("quorum"),
            "dw": all.dw.map(Self.json) ?? (isDurable ? .string("quorum") : .integer(0)),
        ]
        if !type.kind.holdsContents { members["datatype"] = .string(type.kind.rawValue) }
        members["r"] = all.r.map(Self.json)
        members["w"] = all.w.map(Self.json)
        members["pr"] = all.pr.map(Self.json)
        members["pw"] = all.pw.map(Self.json)
        members["node_confirms"] = all.nodeConfirms.map(Self.json)
        members["basic_quorum"] = all.basicQuorum.map { .bool($0) }
        members["notfound_ok"] = all.notfoundOK.map { .bool($0) }
        members["sloppy_quorum"] = all.sloppy.map { .bool($0) }
        members["returnbody"] = all.returnBody.map { .bool($0) }
        members["timeout"] = all.timeout.map { .integer(Int($0.milliseconds)) }
        if let bucket { members["name"] = .string(String(buffer: bucket)) }
        return members
    }

    private static func json(_ quorum: Quorum) -> JSONValue {
        if case .count(let count) = quorum { return .integer(count) }
        return .string(quorum.description)
    }

    // MARK: In

    private static let settable =
        "r, w, pr, pw, dw, node_confirms, basic_quorum, notfound_ok, sloppy_quorum, returnbody, timeout"

    /// Sets what `members` says over `overrides`; `"default"` or null takes an override away.
    func apply(_ members: [String: JSONValue], to overrides: BucketProperties) throws(Problem) -> BucketProperties {
        var changed = overrides
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "r": changed.r = try quorum(name, value)
            case "w": changed.w = try quorum(name, value)
            case "pr": changed.pr = try quorum(name, value)
            case "pw": changed.pw = try quorum(name, value)
            case "dw": changed.dw = try quorum(name, value)
            case "node_confirms": changed.nodeConfirms = try quorum(name, value)
            case "basic_quorum": changed.basicQuorum = try boolean(name, value)
            case "notfound_ok": changed.notfoundOK = try boolean(name, value)
            case "sloppy_quorum": changed.sloppy = try boolean(name, value)
            case "returnbody": changed.returnBody = try boolean(name, value)
            case "timeout": changed.timeout = try timeout(name, value)
            default: try checkFixed(name, value)
            }
        }
        if let invalid = changed.firstInvalid(n: type.n) {
            throw .bad(
                "bucket property \(invalid.name) is \(invalid.allowed) in the bucket type \(type.name) with n_val "
                    + "\(type.n), not \(invalid.value)")
        }
        return changed
    }

    private func isDefault(_ value: JSONValue) -> Bool { value == .null || value == .string("default") }

    private func quorum(_ name: String, _ value: JSONValue) throws(Problem) -> Quorum? {
        if isDefault(value) { return nil }
        switch value {
        case .integer(let count) where (0 ... LayoutLimits.replicas.upperBound).contains(count): return .count(count)
        case .string(let text):
            if let quorum = Quorum(parsing: text) { return quorum }
        default: break
        }
        throw wrong(name, value, "an integer from 0 to \(type.n), or \"one\", \"quorum\", \"all\" or \"default\"")
    }

    private func boolean(_ name: String, _ value: JSONValue) throws(Problem) -> Bool? {
        if isDefault(value) { return nil }
        guard case .bool(let flag) = value else { throw wrong(name, value, "true, false or \"default\"") }
        return flag
    }

    private func timeout(_ name: String, _ value: JSONValue) throws(Problem) -> TimeSpan? {
        if isDefault(value) { return nil }
        let allowed = LayoutLimits.timeout
        guard case .integer(let count) = value, count >= 1, Int64(count) <= allowed.upperBound.milliseconds else {
            throw wrong(name, value, "milliseconds from 1 to \(allowed.upperBound.milliseconds), or \"default\"")
        }
        return .milliseconds(Int64(count))
    }

    /// What is fixed with the type, and what says nothing here.
    private func checkFixed(_ name: String, _ value: JSONValue) throws(Problem) {
        switch name {
        case "n_val": try mustBe(name, value, [.integer(type.n)])
        case "type": try mustBe(name, value, [.string(type.kind.rawValue)])
        case "allow_mult": try mustBe(name, value, [.bool(type.kind != .lww)])
        case "last_write_wins":
            try mustBe(name, value, type.kind == .lww ? [.bool(true), .bool(false)] : [.bool(false)])
        case "datatype":
            guard !type.kind.holdsContents else {
                throw fixed(name, value, "has no data type: it keeps \(type.kind.rawValue) values")
            }
            try mustBe(name, value, [.string(type.kind.rawValue)])
        case "name": try mustBe(name, value, [.string(bucket.map { String(buffer: $0) } ?? type.name)])
        case "rw": _ = try quorum(name, value)
        case "precommit", "postcommit": try mustSay(nothing: .array([]), name, value)
        case "search", "write_once", "consistent": try mustSay(nothing: .bool(false), name, value)
        case "dvv_enabled", "active": try mustSay(nothing: .bool(true), name, value)
        // When Riak prunes its clocks; nothing is pruned here.
        case "old_vclock", "young_vclock", "small_vclock", "big_vclock": break
        default:
            throw .bad("there is no bucket property \"\(printable(name))\"; those that can be set are \(Self.settable)")
        }
    }

    private func mustBe(_ name: String, _ value: JSONValue, _ allowed: [JSONValue]) throws(Problem) {
        guard !allowed.contains(value) else { return }
        throw fixed(name, value, "has \(name) \(allowed.map(\.shown).joined(separator: " or "))")
    }

    private func mustSay(nothing: JSONValue, _ name: String, _ value: JSONValue) throws(Problem) {
        guard value != nothing, value != .null else { return }
        throw .bad(
            "bucket property \(name) has no meaning here: it can be sent as \(nothing.shown), not \(value.shown)")
    }

    private func fixed(_ name: String, _ value: JSONValue, _ fact: String) -> Problem {
        .bad(
            "bucket property \(name) cannot be set to \(value.shown): the bucket type \(type.name) \(fact), and that "
                + "is fixed when the type is created; use a bucket type that is as you need it (GET /admin/layout)")
    }

    private func wrong(_ name: String, _ value: JSONValue, _ allowed: String) -> Problem {
        .bad("bucket property \(name) must be \(allowed), not \(value.shown)")
    }
}
