// A bucket type: how many replicas its keys have and what concurrent writes become. Both are fixed at its creation.

/// What concurrent writes of a key become: the one setting `type`, the name of a replicated type.
///
/// A layout may name any type. Whether there is one of that name is each node's to say: a program that embeds nodes
/// registers types of its own.
public struct TypeKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The type's name.
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    /// Concurrent values are all kept, until a write that has seen them.
    public static let siblings = TypeKind(rawValue: "siblings")
    /// One value is shown: the causally later one, among concurrent ones the one with the later hybrid clock.
    public static let lww = TypeKind(rawValue: "lww")
    /// The sum of additions, of either sign.
    public static let counter = TypeKind(rawValue: "counter")
    /// Elements that can be added and removed; additions win.
    public static let set = TypeKind(rawValue: "set")
    /// Elements that can only be added.
    public static let gset = TypeKind(rawValue: "gset")
    /// On or off; on wins.
    public static let flag = TypeKind(rawValue: "flag")
    /// The greatest of the numbers that were offered.
    public static let max = TypeKind(rawValue: "max")
    /// The least of the numbers that were offered.
    public static let min = TypeKind(rawValue: "min")
    /// About how many distinct elements were added.
    public static let hll = TypeKind(rawValue: "hll")
    /// Fields, each of a type.
    public static let map = TypeKind(rawValue: "map")
    /// One value of plain bytes.
    public static let register = TypeKind(rawValue: "register")
    /// A counter that never goes below zero.
    public static let bcounter = TypeKind(rawValue: "bcounter")

    /// Whether a key of this type holds values that clients put and get as they are, and no operations.
    public var holdsContents: Bool { self == .siblings || self == .lww }

    /// Whether this can be the name of a type: 1 to 32 lower case letters, digits, `-` and `_`.
    public var isWellFormed: Bool {
        (1 ... 32).contains(rawValue.utf8.count)
            && rawValue.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a") ... UInt8(ascii: "z"), UInt8(ascii: "0") ... UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
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
