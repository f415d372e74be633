// What a bucket's requests ask for when they do not say: a bucket type's defaults, a bucket's overrides. One type for
// both: a property that is nil says nothing, and the next layer below it decides.

import CoteriePrimitives

/// Properties of a bucket type or of a bucket; nil says nothing.
public struct BucketProperties: Hashable, Sendable {
    /// Replicas that must answer a read, 1 to n.
    public var r: Quorum?
    /// Replicas that must acknowledge a write, 1 to n.
    public var w: Quorum?
    /// Owners among those that answer a read, 0 to n.
    public var pr: Quorum?
    /// Owners among those that acknowledge a write, 0 to n.
    public var pw: Quorum?
    /// Owners that have fsynced a write, 0 to n. Nil in the defaults too: the node's durability policy decides.
    public var dw: Quorum?
    /// Distinct machines among those that answer, 0 to n.
    public var nodeConfirms: Quorum?
    /// Whether a majority of not-founds answers a read before r replies are there.
    public var basicQuorum: Bool?
    /// Whether a not-found counts towards r.
    public var notfoundOK: Bool?
    /// Whether fallbacks may stand in for absent owners.
    public var sloppy: Bool?
    /// Whether a write answers with the object.
    public var returnBody: Bool?
    /// How long a request may take.
    public var timeout: TimeSpan?

    /// Properties that say nothing, or only what is given.
    public init(
        r: Quorum? = nil, w: Quorum? = nil, pr: Quorum? = nil, pw: Quorum? = nil, dw: Quorum? = nil,
        nodeConfirms: Quorum? = nil, basicQuorum: Bool? = nil, notfoundOK: Bool? = nil, sloppy: Bool? = nil,
        returnBody: Bool? = nil, timeout: TimeSpan? = nil
    ) {
        self.r = r
        self.w = w
        self.pr = pr
        self.pw = pw
        self.dw = dw
        self.nodeConfirms = nodeConfirms
        self.basicQuorum = basicQuorum
        self.notfoundOK = notfoundOK
        self.sloppy = sloppy
        self.returnBody = returnBody
        self.timeout = timeout
    }

    /// What holds where nobody says otherwise: majorities, owners not demanded, not-found counts. `dw` follows the
    /// node's durability policy, `sloppy` and `timeout` the node's configuration.
    public static let standard = BucketProperties(
        r: .quorum, w: .quorum, pr: .count(0), pw: .count(0), nodeConfirms: .count(0), basicQuorum: false,
        notfoundOK: true, returnBody: false)

    /// These properties, and over them what `overrides` says.
    public func merging(overrides: BucketProperties) -> BucketProperties {
        BucketProperties(
            r: overrides.r ?? r, w: overrides.w ?? w, pr: overrides.pr ?? pr, pw: overrides.pw ?? pw,
            dw: overrides.dw ?? dw, nodeConfirms: overrides.nodeConfirms ?? nodeConfirms,
            basicQuorum: overrides.basicQuorum ?? basicQuorum, notfoundOK: overrides.notfoundOK ?? notfoundOK,
            sloppy: overrides.sloppy ?? sloppy, returnBody: overrides.returnBody ?? returnBody,
            timeout: overrides.timeout ?? timeout)
    }

    /// The first property that cannot hold with `n` replicas, its value and what is allowed; nil where all can.
    public func firstInvalid(n: Int) -> InvalidProperty? {
        let atLeastOne: [(String, Quorum?)] = [("r", r), ("w", w)]
        let atLeastZero: [(String, Quorum?)] = [("pr", pr), ("pw", pw), ("dw", dw), ("node_confirms", nodeConfirms)]
        for (least, properties) in [(1, atLeastOne), (0, atLeastZero)] {
            for (name, value) in properties {
                guard let value, !(least ... n).contains(value.resolved(n: n)) else { continue }
                return InvalidProperty(
                    name: name, value: value.description, allowed: "one, quorum, all or a number from \(least) to \(n)")
            }
        }
        if let timeout, !LayoutLimits.timeout.contains(timeout) {
            return InvalidProperty(
                name: "timeout", value: timeout.description,
                allowed: "\(LayoutLimits.timeout.lowerBound) to \(LayoutLimits.timeout.upperBound)")
        }
        return nil
    }

    /// A property whose value is not allowed.
    public struct InvalidProperty: Hashable, Sendable {
        public let name: String
        public let value: String
        public let allowed: String
    }
}
