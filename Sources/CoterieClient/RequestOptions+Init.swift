// Options in one expression.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire

extension RequestOptions {
    /// What a request asks for; what is nil is left to the bucket.
    ///
    /// ```swift
    /// let strict = RequestOptions(r: .all, timeout: .seconds(2), sloppy: false)
    /// ```
    /// - Parameters:
    ///   - r: replicas that must answer a read; `w`: that must acknowledge a write.
    ///   - pr: how many of those that answer a read must be owners; `pw`: of those that acknowledge a write.
    ///   - dw: how many owners must have fsynced a write.
    ///   - nodeConfirms: how many distinct machines must take part.
    ///   - timeout: how long the request may take, more than 0 and at most `Limits.maxTimeout`.
    ///   - sloppy: whether fallbacks may stand in for absent owners.
    ///   - notfoundOK: whether a not-found counts towards r; `basicQuorum`: whether a majority of them ends a read.
    ///   - returnBody: a write answers with the values as they are afterwards.
    ///   - head: a read leaves the values' bytes out.
    public init(
        r: Quorum? = nil, w: Quorum? = nil, pr: Quorum? = nil, pw: Quorum? = nil, dw: Quorum? = nil,
        nodeConfirms: Int? = nil, timeout: Duration? = nil, sloppy: Bool? = nil, notfoundOK: Bool? = nil,
        basicQuorum: Bool? = nil, returnBody: Bool = false, head: Bool = false
    ) {
        self.init()
        self.r = r
        self.w = w
        self.pr = pr
        self.pw = pw
        self.dw = dw
        self.nodeConfirms = nodeConfirms
        self.timeout = timeout.map { TimeSpan($0) }
        self.sloppy = sloppy
        self.notfoundOK = notfoundOK
        self.basicQuorum = basicQuorum
        self.returnBody = returnBody
        self.head = head
    }
}

extension TimeSpan {
    /// The nearest whole nanoseconds towards zero, at most 292 years.
    public init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else {
            self.init(nanoseconds: seconds < 0 ? .min : .max)
            return
        }
        self.init(nanoseconds: scaled.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue)
    }
}
