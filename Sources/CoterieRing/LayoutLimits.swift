// Every bound on a layout in one place. They keep a layout small enough to gossip (under 200 KB), its tables in memory
// (partitions × replicas × members × 4 bytes: 15 kB for a laptop's cluster, 50 MB at 4096 × 3 × 1000), and its placement fast.

import CoteriePrimitives

/// What a layout may hold.
public enum LayoutLimits {
    /// Q, the number of partitions, fixed when the cluster is created.
    public static let partitions = 1 ... 4096
    /// Q where the operator does not say.
    public static let defaultPartitions = 256
    /// N, the slots of a partition.
    public static let replicas = 1 ... 32
    /// N where the operator does not say.
    public static let defaultReplicas = 3
    /// How many members a layout names.
    public static let members = 1 ... 1024
    /// How many slots a layout has at most.
    static let slots = partitions.upperBound * replicas.upperBound
    /// A member's weight; its share of the slots is proportional to it.
    public static let weight = 1 ... 10_000
    /// How many bucket types a layout names.
    public static let bucketTypes = 1 ... 256
    /// The length of a cluster's, member's, zone's and bucket type's name, in bytes.
    public static let nameLength = 1 ... 64
    /// The length of a host in an endpoint, in bytes: a DNS name's limit.
    public static let hostLength = 1 ... 253
    /// A member's ports.
    public static let ports = 1 ... 65_535
    /// A bucket property's `timeout`.
    public static let timeout = TimeSpan.milliseconds(1) ... TimeSpan.seconds(3600)
}

/// What a name may look like: ASCII letters, digits, `.`, `_` and `-`, beginning with a letter or digit, so that it
/// needs no quoting in a path, a file name, a flag or a log line.
func isValidName(_ name: String) -> Bool {
    let utf8 = name.utf8
    guard LayoutLimits.nameLength.contains(utf8.count), let first = utf8.first, isLetterOrDigit(first) else {
        return false
    }
    return utf8.allSatisfy { byte in
        isLetterOrDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}

func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a") ... UInt8(ascii: "z"), UInt8(ascii: "A") ... UInt8(ascii: "Z"),
        UInt8(ascii: "0") ... UInt8(ascii: "9"):
        return true
    default: return false
    }
}
