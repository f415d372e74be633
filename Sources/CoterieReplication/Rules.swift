// Rules of the design that tests leave out, one at a time, to show that a schedule or a checker finds it: a rule whose
// absence nobody notices is not tested.

/// Rules of section 4 that are not kept. Always empty but in tests: the configuration has no name for it.
public struct OmittedRules: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Rule 7: an event is forgotten as soon as one other owner has it.
    public static let forgetting = OmittedRules(rawValue: 1)
    /// Rule 8: objects of every age are taken.
    public static let rounds = OmittedRules(rawValue: 2)
    /// Rule 9: a marker goes as soon as all owners have its events.
    public static let rest = OmittedRules(rawValue: 4)
    /// Rule 9: a marker goes whatever has become of it meanwhile (INV 14).
    public static let exactState = OmittedRules(rawValue: 8)
    /// Rule 10: a marker is stored where nothing is left of its key.
    public static let absence = OmittedRules(rawValue: 16)
    /// Rule 16: what the source has handled and has not stays.
    public static let dropping = OmittedRules(rawValue: 32)
    /// Section 5: requests that nobody waits for any more are served.
    public static let shedding = OmittedRules(rawValue: 64)
    /// Section 5: background work goes on as fast as it may, whatever becomes of requests (INV 30).
    public static let yielding = OmittedRules(rawValue: 128)
}
