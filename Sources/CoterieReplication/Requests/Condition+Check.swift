// Whether a condition holds for what a quorum read found, and what to say where it does not.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import CoterieWire

extension Condition {
    /// Nil where it holds; else why not, in words that Riak's clients look for.
    func unmet(by found: CausalObject) -> String? {
        let vtags = found.siblings.map { vtag(of: $0.dot) }
        switch self {
        case .absent:
            return found.siblings.isEmpty ? nil : "match_found: there is a value already"
        case .present:
            return found.siblings.isEmpty ? "notfound: there is no value" : nil
        case .unmodified(let context):
            if found.siblings.isEmpty { return "notfound: there is no value" }
            return found.context == context ? nil : "modified: the object's context is another one now"
        case .anyVtag(let wanted):
            return vtags.contains { wanted.contains($0) }
                ? nil : "modified: no sibling has a vtag that was asked for; there are: \(Self.list(vtags))"
        case .noVtag(let unwanted):
            return vtags.contains { unwanted.contains($0) }
                ? "match_found: a sibling has a vtag that was excluded; there are: \(Self.list(vtags))" : nil
        case .unmodifiedSince(let time):
            return Self.latest(found).map { $0 > time } == true
                ? "modified: there is a value written after the time given" : nil
        case .modifiedSince(let time):
            return Self.latest(found).map { $0 <= time } == true
                ? "not modified: no value was written after the time given" : nil
        }
    }

    /// Whether a write that brings no context replaces what it was compared with: a condition on a value that is
    /// there says which value is meant.
    var replaces: Bool {
        switch self {
        case .present, .anyVtag, .unmodified: true
        case .absent, .noVtag, .unmodifiedSince, .modifiedSince: false
        }
    }

    private static func latest(_ object: CausalObject) -> WallTime? {
        object.siblings.compactMap { Content.written(in: $0.payload)?.wall }.max()
    }

    private static func list(_ vtags: [String]) -> String { vtags.isEmpty ? "none" : vtags.joined(separator: ", ") }
}
