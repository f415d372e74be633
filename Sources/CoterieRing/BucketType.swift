// A bucket type: how many replicas its keys have and what concurrent writes become. Both are fixed at its creation.

/// What concurrent writes of a key become: the one setting `type`.
public enum TypeKind: String, Hashable, Sendable, CaseIterable {
    /// Concurrent values are all kept, until a write that has seen them.
    case siblings
    /// One value is kept: the causally later one, among concurrent ones the one with the later hybrid clock.
    case lww
}

/// A bucket type of the layout.
public struct BucketType: Hashable, Sendable {
    public let name: String
    /// Replicas of each key, 1 to the layout's N: the first n slots of its partition.
    public let n: Int
    public let kind: TypeKind
    /// The defaults of its buckets.
    public let properties: BucketProperties

    public init(name: String, n: Int, kind: TypeKind, properties: BucketProperties = .standard) {
        self.name = name
        self.n = n
        self.kind = kind
        self.properties = properties
    }

    /// The type of a path that names none.
    public static let defaultName = "default"
}
