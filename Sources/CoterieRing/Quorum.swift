// How many replicas a request waits for, as users write it: a word or a number.

/// A number of replicas, symbolic or counted.
public enum Quorum: Hashable, Sendable, CustomStringConvertible {
    /// One replica.
    case one
    /// A majority: n / 2 + 1.
    case quorum
    /// Every replica.
    case all
    /// So many; 0 where nothing is waited for.
    case count(Int)

    /// The number of replicas out of `n`. A count is given back as it is, also where it exceeds `n`: the caller refuses
    /// it with the name of the parameter.
    @inlinable public func resolved(n: Int) -> Int {
        switch self {
        case .one: 1
        case .quorum: n / 2 + 1
        case .all: n
        case .count(let count): count
        }
    }

    /// `one`, `quorum`, `all` or a number from 0; nil for anything else. `parse` says what is allowed.
    public init?(parsing text: String) {
        switch text {
        case "one": self = .one
        case "quorum": self = .quorum
        case "all": self = .all
        default:
            guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains($0) }),
                let count = Int(text), count <= LayoutLimits.replicas.upperBound
            else { return nil }
            self = .count(count)
        }
    }

    /// As `init(parsing:)`, with an error that names what is allowed.
    public static func parse(_ text: String) throws(QuorumError) -> Quorum {
        guard let parsed = Quorum(parsing: text) else { throw QuorumError(text: text) }
        return parsed
    }

    /// The word or the number; `parse` reads it back.
    public var description: String {
        switch self {
        case .one: "one"
        case .quorum: "quorum"
        case .all: "all"
        case .count(let count): String(count)
        }
    }
}

/// A text that is no quorum.
public struct QuorumError: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public var description: String {
        "\"\(text)\" is not a quorum: one, quorum, all or a number from 0 to \(LayoutLimits.replicas.upperBound)"
    }
}
