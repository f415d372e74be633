// A request's choices, its bucket's properties and the defaults, resolved to numbers and checked.

import CoteriePrimitives
import CoterieRing
import CoterieWire

/// What one request asks, in numbers.
struct ResolvedOptions: Equatable {
    var asked: AskedQuorum
    var notfoundOK: Bool
    var basicQuorum: Bool
    /// Whether fallbacks may stand in for owners that cannot be reached.
    var sloppy: Bool
    /// Whether dw was asked for, by the request or its bucket: then only owners count towards it.
    var durableOwnersOnly = false
    var returnBody: Bool
    var head: Bool
    var timeout: TimeSpan

    /// Throws a failure that names the parameter, what was given and what is allowed.
    static func resolve(
        _ request: ClientRequest, type: BucketType, properties: BucketProperties, durability: Durability,
        limits: Limits
    ) throws(Failure) -> ResolvedOptions {
        let options = request.options
        let n = type.n
        if let given = options.n, given != n {
            throw Failure(.nMismatch, "n_val=\(given) was asked, but bucket type '\(type.name)' has n_val=\(n)")
        }
        let isWrite = request.operation.isWrite
        let quorum = try number(
            isWrite ? "w" : "r", (isWrite ? options.w ?? properties.w : options.r ?? properties.r) ?? .quorum, 1, n)
        let primary = try number(
            isWrite ? "pw" : "pr", (isWrite ? options.pw ?? properties.pw : options.pr ?? properties.pr) ?? .count(0),
            0, n)
        let durable =
            isWrite
            ? try number("dw", options.dw ?? properties.dw ?? .count(durability == .fsync ? quorum : 0), 0, n) : 0
        let confirms = try number(
            "node_confirms", options.nodeConfirms.map { .count($0) } ?? properties.nodeConfirms ?? .count(0), 0, n)
        let timeout = options.timeout ?? properties.timeout ?? limits.defaultTimeout
        if timeout <= .zero || timeout > limits.maxTimeout {
            throw Failure(
                .badRequest,
                "timeout=\(timeout.milliseconds) ms is not allowed: 1 to \(limits.maxTimeout.milliseconds) ms")
        }
        return ResolvedOptions(
            asked: AskedQuorum(
                n: n, quorum: quorum, primary: primary, durable: durable, nodeConfirms: confirms),
            notfoundOK: options.notfoundOK ?? properties.notfoundOK ?? true,
            basicQuorum: options.basicQuorum ?? properties.basicQuorum ?? false,
            sloppy: options.sloppy ?? properties.sloppy ?? true,
            durableOwnersOnly: (options.dw ?? properties.dw) != nil,
            returnBody: options.returnBody || properties.returnBody ?? false, head: options.head,
            timeout: timeout)
    }

    /// The quorums of a read that precedes a write (a condition, or a delete without context). What such a write decides
    /// is decided by a majority of the owners: fallbacks know a part only.
    func readBefore() -> ResolvedOptions {
        var read = self
        read.asked = AskedQuorum(n: asked.n, quorum: asked.n / 2 + 1)
        read.notfoundOK = true
        read.basicQuorum = false
        read.sloppy = false
        return read
    }

    private static func number(_ name: String, _ quorum: Quorum, _ least: Int, _ n: Int) throws(Failure) -> Int {
        let value = quorum.resolved(n: n)
        guard (least ... n).contains(value) else {
            throw Failure(
                .badQuorum,
                "\(name)=\(quorum) is not allowed: \(least) to \(n) (the bucket type's n_val), one, quorum or all")
        }
        return value
    }
}
