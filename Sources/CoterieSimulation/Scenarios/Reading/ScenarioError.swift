// What is wrong with a scenario: where, what, and what would be right.

/// A scenario that cannot be played.
public struct ScenarioError: Error, Hashable, Sendable, CustomStringConvertible {
    /// As it was given; nil before the reader of the file has named it.
    public var path: String?
    /// Nil where the file as a whole is at fault.
    public var place: Place?
    public var reason: String

    public init(_ reason: String, at place: Place?, path: String? = nil) {
        self.reason = reason
        self.place = place
        self.path = path
    }

    /// One line: `Scenarios/Blackout.yaml:12:5: "kil" is not known here; did you mean "kill"?`.
    public var description: String {
        let origin = [path, place.map(\.description)].compactMap(\.self).joined(separator: ":")
        return origin.isEmpty ? reason : "\(origin): \(reason)"
    }
}
