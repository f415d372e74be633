// Rules of the design that tests leave out, one at a time, to show that a schedule or a checker finds it: a rule whose
// absence nobody notices is not tested.

/// Rules of section 4 that are not kept. Always empty but in tests: the configuration has no name for it.
public struct OmittedRules: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Rule 1: a node lives on under its store's first identity, with the counters that the store knows (INV 1).
    public static let incarnation = OmittedRules(rawValue: 1 << 8)
    /// Rule 1: an identity outlives the loss of what was minted under it (INV 2).
    public static let renewal = OmittedRules(rawValue: 1 << 9)
    /// Rule 2: what was read from disk is gone over, whatever was stored meanwhile.
    public static let reloading = OmittedRules(rawValue: 1 << 10)
    /// Rule 3: a write is taken although its minter has forgotten an event of its own.
    public static let memory = OmittedRules(rawValue: 1 << 11)
    /// Rule 4: all events up to those that an object names are handled with it.
    public static let namedEvents = OmittedRules(rawValue: 1 << 12)
    /// Rule 5: an object is taken although it shows that the own one went back.
    public static let regression = OmittedRules(rawValue: 1 << 13)
    /// Rule 6: a clock is told before it is durable.
    public static let durableClock = OmittedRules(rawValue: 1 << 14)
    /// Rule 6: events are offered, and taken, with an object that knows nothing of them.
    public static let provenEvents = OmittedRules(rawValue: 1 << 15)
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
    /// Rule 11: a store whose digest disagrees is believed.
    public static let vouching = OmittedRules(rawValue: 1 << 16)
    /// Rule 12: what is stored is read, and not compared with another owner's.
    public static let comparison = OmittedRules(rawValue: 1 << 17)
    /// Rule 13: a fallback goes on minting under an identity of which a hint was delivered.
    public static let fallbackIdentity = OmittedRules(rawValue: 1 << 18)
    /// Rule 14: a read does not look at its floor.
    public static let floors = OmittedRules(rawValue: 1 << 19)
    /// Rule 16: what the source has handled and has not stays.
    public static let dropping = OmittedRules(rawValue: 32)
    /// Section 8: an update's operation id is not looked at where it is performed (INV 11).
    public static let recognising = OmittedRules(rawValue: 1 << 20)
    /// Section 8: an update acts on what its owner holds, although its client saw more (INV 8).
    public static let takingIn = OmittedRules(rawValue: 1 << 21)
    /// Section 8: of the dots of one event only the first is handled at its minter.
    public static let wholeRuns = OmittedRules(rawValue: 1 << 22)
    /// Section 5: requests that nobody waits for any more are served.
    public static let shedding = OmittedRules(rawValue: 64)
    /// Section 5: background work goes on as fast as it may, whatever becomes of requests (INV 30).
    public static let yielding = OmittedRules(rawValue: 128)
}
