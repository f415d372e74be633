// What a scenario expects beyond what the store always promises. That no acknowledged write is lost, that nothing
// deleted comes back, that all owners agree in the end, and the other laws of the checkers are held without being
// written.

import CoteriePrimitives
import CoterieWire

/// A number's bounds as they are written: `none`, `3`, `at least 3`, `at most 3`, `3 to 5`.
public struct Bound: Hashable, Sendable, CustomStringConvertible {
    public var least: Int
    /// Nil: no upper bound.
    public var most: Int?

    public init(least: Int = 0, most: Int? = nil) {
        self.least = least
        self.most = most
    }

    public func allows(_ count: Int) -> Bool { count >= least && count <= most ?? .max }

    public var description: String {
        switch (least, most) {
        case (0, 0): "none"
        case (let least, nil): "at least \(least)"
        case (0, let most?): "at most \(most)"
        case (let least, let most?): least == most ? "\(least)" : "\(least) to \(most)"
        }
    }
}

/// What came of a request, in the words of scenarios.
public enum AnswerOutcome: String, Hashable, Sendable, CaseIterable {
    /// Done; of a read: there is a value.
    case ok
    /// A read was answered, and there is no value.
    case notFound = "not found"
    /// Definitely not applied; a read that failed.
    case refused
    /// It may have been applied, or may still be.
    case unknown
}

/// What a request is expected to be answered. All that is written must hold.
public struct ExpectedAnswer: Hashable, Sendable {
    public var place: Place
    /// One of these, or `codes`; where neither is written, it must be answered.
    public var outcomes: [AnswerOutcome] = []
    /// It is refused with one of these codes.
    public var codes: [ErrorCode] = []
    /// The names of exactly the values that are found, in any order.
    public var values: [String]?
    /// Values of which at least one is found, and no other.
    public var among: [String]?
    /// Values that are found, perhaps with others.
    public var including: [String]?
    public var siblings: Bound?
    /// How many replicas counted.
    public var met: Bound?

    public init(at place: Place) { self.place = place }
}

/// An answer as expectations look at it; both stages make it.
public struct ObservedAnswer: Hashable, Sendable {
    public var outcome: AnswerOutcome
    public var code: ErrorCode?
    /// What a read found, by the names that steps gave them; `?` for a value of the workload.
    public var values: [String]?
    public var met: Int?

    public init(_ outcome: AnswerOutcome, code: ErrorCode? = nil, values: [String]? = nil, met: Int? = nil) {
        self.outcome = outcome
        self.code = code
        self.values = values
        self.met = met
    }

    public var description: String {
        var words = outcome.rawValue
        if let code { words += " (\(code))" }
        if let values, !values.isEmpty { words += " [\(values.sorted().joined(separator: ", "))]" }
        if let met { words += ", met \(met)" }
        return words
    }
}

/// What is expected when all is over.
public struct Expectations: Hashable, Sendable {
    /// What one key must be in the end, read at r=all.
    public struct Key: Hashable, Sendable {
        public var key: ScenarioKey
        public var expected: ExpectedAnswer
    }

    /// A count and where it is demanded.
    public struct Count: Hashable, Sendable {
        public var bound: Bound
        public var place: Place
    }

    public struct Reached: Hashable, Sendable {
        public var probe: Probe
        public var place: Place
    }

    /// Of the workload's requests, so many were answered well.
    public var ok: Count?
    /// Of the workload's requests, so many failed for certain. A condition that did not hold is no failure.
    public var refused: Count?
    /// Of the workload's requests, the outcome of so many is not known.
    public var unknown: Count?
    /// The most siblings that any read showed.
    public var siblings: Count?
    public var keys: [Key] = []
    /// Rare paths that must have been taken; only the simulator counts them.
    public var reached: [Reached] = []
    /// Paths that must not have been taken; likewise.
    public var notReached: [Reached] = []

    public init() {}
}

/// An expectation that did not hold.
public struct UnmetExpectation: Hashable, Sendable, CustomStringConvertible {
    public var place: Place
    public var text: String

    public init(_ text: String, at place: Place) {
        self.text = text
        self.place = place
    }

    public var description: String { "\(place): \(text)" }
}
