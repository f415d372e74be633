// Every limit of requests and of the wire, in one place, each with its name in the configuration and its default.

import CoteriePrimitives

/// Limits that hold at every door. Configuration section `limits`.
public struct Limits: Hashable, Sendable {
    /// Bytes of a bucket type's name.
    public var maxTypeBytes = 128
    /// Bytes of a bucket's name.
    public var maxBucketBytes = 1024
    /// Bytes of a key.
    public var maxKeyBytes = 4096
    /// Bytes of one value with its metadata.
    public var maxValueBytes = 16 << 20
    /// Siblings beyond which a write is answered with a warning in the log and counted.
    public var warnSiblings = 25
    /// Siblings beyond which a write that would add another is refused.
    public var maxSiblings = 100
    /// Bytes of one key's object with all its siblings, beyond which a write that would add to it is refused.
    public var maxObjectBytes = 48 << 20
    /// Entries that one update may write: elements of a set, fields of a map. At most `maxRunDots`.
    public var maxUpdateEntries = 1_000
    /// Entries of a causal context.
    public var maxContextEntries = 10_000
    /// Bytes of one frame: one object with all its siblings must fit.
    public var maxFrameBytes = 64 << 20
    /// How long a request may take if it does not say.
    public var defaultTimeout = TimeSpan.seconds(10)
    /// The longest that a request may ask for.
    public var maxTimeout = TimeSpan.seconds(3600)
    /// Requests that one node carries at once; more are answered `overloaded`.
    public var maxRequestsInFlight = 65_536
    /// Bytes that may wait to be sent to one peer; beyond, messages to it are dropped as if it were unreachable.
    public var maxPeerBacklogBytes = 64 << 20

    /// Dots of one event. Not configurable: a decoder refuses more, and a record's note has room for them.
    public static let maxRunDots = 1_000
    /// Vtags of one condition. Not configurable: a decoder refuses more.
    public static let maxVtags = 1024
    /// Responders of one receipt. Not configurable: a decoder refuses more.
    public static let maxResponders = 1024

    public init() {}

    /// Names the first relation between limits that does not hold; nil where all do.
    public var problem: String? {
        if maxFrameBytes < maxObjectBytes + (64 << 10) {
            return "maxFrameBytes (\(maxFrameBytes)) must exceed maxObjectBytes (\(maxObjectBytes)) by 65536 or more"
        }
        if maxObjectBytes < maxValueBytes + (64 << 10) {
            return "maxObjectBytes (\(maxObjectBytes)) must exceed maxValueBytes (\(maxValueBytes)) by 65536 or more"
        }
        if warnSiblings > maxSiblings {
            return "warnSiblings (\(warnSiblings)) must not exceed maxSiblings (\(maxSiblings))"
        }
        if maxUpdateEntries > Self.maxRunDots {
            return "maxUpdateEntries must be at most \(Self.maxRunDots), not \(maxUpdateEntries)"
        }
        if defaultTimeout > maxTimeout {
            return "defaultTimeout (\(defaultTimeout)) must not exceed maxTimeout (\(maxTimeout))"
        }
        for (name, value) in [
            ("maxTypeBytes", maxTypeBytes), ("maxBucketBytes", maxBucketBytes), ("maxKeyBytes", maxKeyBytes),
            ("maxValueBytes", maxValueBytes), ("maxSiblings", maxSiblings), ("maxUpdateEntries", maxUpdateEntries),
            ("maxContextEntries", maxContextEntries),
            ("maxRequestsInFlight", maxRequestsInFlight),
        ] where value < 1 {
            return "\(name) must be at least 1, not \(value)"
        }
        return nil
    }
}
