// Which resource a path names, and which methods it has.

import CoterieRing
import HTTPTypes
import NIOCore

/// How a path was written: answers link in the same form.
enum PathForm: Hashable, Sendable {
    /// `/types/T/buckets/B/keys/K`
    case typed
    /// `/buckets/B/keys/K`
    case plain
    /// `/riak/B/K`
    case oldest
}

/// A bucket and how its path was written.
struct BucketPath: Hashable, Sendable {
    let type: ByteBuffer
    let bucket: ByteBuffer
    let form: PathForm

    /// The path of a key in this bucket, in the same form. `kind`: `keys` or `datatypes`.
    func path(key: some Sequence<UInt8>, kind: String = "keys") -> String {
        let bucket = PercentCoding.encode(bucket.readableBytesView)
        let key = PercentCoding.encode(key)
        return switch form {
        case .typed: "/types/\(PercentCoding.encode(type.readableBytesView))/buckets/\(bucket)/\(kind)/\(key)"
        case .plain: "/buckets/\(bucket)/\(kind)/\(key)"
        case .oldest: "/riak/\(bucket)/\(key)"
        }
    }
}

/// What a path names.
enum Resource: Hashable, Sendable {
    case root, ping, stats
    /// The page of `CartPage`.
    case cart
    case object(BucketPath, key: ByteBuffer)
    /// `…/keys`: store under a generated key.
    case keys(BucketPath)
    /// A key of a replicated type.
    case datatype(BucketPath, key: ByteBuffer)
    /// `…/datatypes`: update under a generated key.
    case datatypes(BucketPath)
    /// `/buckets/B/counters/K`: a counter as Riak had it before there were data types.
    case oldCounter(BucketPath, key: ByteBuffer)
    case bucketProperties(BucketPath)
    /// `/riak/B`: both of the above.
    case oldestBucket(BucketPath)
    case typeProperties(ByteBuffer)
    case adminStatus, adminRing, adminLayout, adminExplain
    /// Only where faults are allowed.
    case adminFaults

    /// The paths that there are, for an error.
    static let known =
        "/types/T/buckets/B/keys/K, /buckets/B/keys/K, /riak/B/K, /types/T/buckets/B/keys, "
        + "/types/T/buckets/B/datatypes/K, /types/T/buckets/B/datatypes, /buckets/B/counters/K, "
        + "/types/T/buckets/B/props, /types/T/props, /ping, /stats, /cart, /admin/status, /admin/ring, /admin/layout, "
        + "/admin/explain"

    init(_ segments: [[UInt8]]) throws(Problem) {
        let words = segments.map { String(decoding: $0, as: UTF8.self) }
        func name(_ index: Int, _ what: String) throws(Problem) -> ByteBuffer {
            guard !segments[index].isEmpty else { throw .bad("the \(what) in the path is empty") }
            return ByteBuffer(bytes: segments[index])
        }
        let none = ByteBuffer(string: BucketType.defaultName)
        switch words.first {
        case nil: self = .root
        case "ping" where words.count == 1: self = .ping
        case "stats" where words.count == 1: self = .stats
        case "cart" where words.count == 1: self = .cart
        case "admin" where words == ["admin", "status"]: self = .adminStatus
        case "admin" where words == ["admin", "ring"]: self = .adminRing
        case "admin" where words == ["admin", "layout"]: self = .adminLayout
        case "admin" where words == ["admin", "explain"]: self = .adminExplain
        case "admin" where words == ["admin", "faults"]: self = .adminFaults
        case "riak" where words.count == 2:
            self = .oldestBucket(BucketPath(type: none, bucket: try name(1, "bucket"), form: .oldest))
        case "riak" where words.count == 3:
            self = .object(
                BucketPath(type: none, bucket: try name(1, "bucket"), form: .oldest), key: try name(2, "key"))
        case "types" where words.count == 3 && words[2] == "props":
            self = .typeProperties(try name(1, "bucket type"))
        case "types" where words.count > 3 && words[2] == "buckets":
            let bucket = BucketPath(type: try name(1, "bucket type"), bucket: try name(3, "bucket"), form: .typed)
            self = try Self.within(bucket, words, at: 4) { index throws(Problem) in try name(index, "key") }
        case "buckets" where words.count > 1:
            if words.count == 4, words[2] == "counters" {
                let counters = BucketPath(
                    type: ByteBuffer(string: Self.typeOfOldCounters), bucket: try name(1, "bucket"), form: .plain)
                self = .oldCounter(counters, key: try name(3, "key"))
                return
            }
            let bucket = BucketPath(type: none, bucket: try name(1, "bucket"), form: .plain)
            self = try Self.within(bucket, words, at: 2) { index throws(Problem) in try name(index, "key") }
        default: throw Self.unknown
        }
    }

    /// Where the counters live whose paths name no type: Riak kept them among other values, which no type here does.
    static let typeOfOldCounters = "counters"

    /// What follows a bucket: `keys`, `keys/K`, `datatypes`, `datatypes/K` or `props`.
    private static func within(
        _ bucket: BucketPath, _ words: [String], at index: Int, key: (Int) throws(Problem) -> ByteBuffer
    ) throws(Problem) -> Resource {
        if words.count == index + 1, words[index] == "props" { return .bucketProperties(bucket) }
        if words.count == index + 1, words[index] == "keys" { return .keys(bucket) }
        if words.count == index + 2, words[index] == "keys" { return .object(bucket, key: try key(index + 1)) }
        if words.count == index + 1, words[index] == "datatypes" { return .datatypes(bucket) }
        if words.count == index + 2, words[index] == "datatypes" { return .datatype(bucket, key: try key(index + 1)) }
        throw unknown
    }

    static var unknown: Problem {
        Problem(
            .notFound, "unknown_path",
            "there is nothing at this path; a slash within a bucket or a key is %2F. Paths are \(known)")
    }

    /// Its methods, as an `Allow` header lists them.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .root, .ping, .stats, .cart, .adminStatus, .adminRing, .adminLayout, .adminExplain: [.get, .head]
        case .adminFaults: [.get, .head, .put, .delete]
        case .object: [.get, .head, .put, .post, .delete]
        case .keys, .datatypes: [.post]
        case .datatype: [.get, .head, .post, .delete]
        case .oldCounter: [.get, .head, .post]
        case .bucketProperties: [.get, .head, .put, .delete]
        case .oldestBucket: [.get, .head, .put, .post]
        case .typeProperties: [.get, .head, .put]
        }
    }
}
