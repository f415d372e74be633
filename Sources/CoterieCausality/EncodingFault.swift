// What was wrong with encoded dots, vectors, objects and clocks: what, where, and what is allowed.

/// Why bytes are not what they claim to be. Offsets count from the first byte that was given.
public enum EncodingFault: Error, Hashable, Sendable {
    /// A part of an encoding, by the name under which the format's comment knows it.
    public enum Field: String, Hashable, Sendable {
        case version
        case entryCount = "entry count"
        case member = "member number"
        case nonce = "incarnation's nonce"
        case sub = "incarnation's sub-number"
        case counter
        case siblingCount = "sibling count"
        case siblingEntry = "sibling's entry"
        case siblingDistance = "sibling's distance"
        case payloadLength = "payload length"
        case payload
        case base
        case rangeCount = "range count"
        case rangeGap = "range's gap"
        case rangeLength = "range's length"
    }

    /// The bytes end within this field, or a length reaches beyond the end.
    case truncated(Field, offset: Int)
    /// A varint that is not in its shortest form, or does not fit 64 bits.
    case malformedInteger(Field, offset: Int)
    case outOfRange(Field, value: UInt64, allowed: ClosedRange<UInt64>, offset: Int)
    /// Not behind the one before it: swapped or twice.
    case unordered(Field, offset: Int)
    /// More elements than the bytes behind the count can hold.
    case countTooLarge(Field, count: UInt64, possible: Int, offset: Int)
    /// A format version that this build does not read.
    case unknownVersion(UInt8, newest: UInt8)
    /// A replica without any event: the encoding would not be the only one of its value.
    case emptyEntry(offset: Int)
    case trailingBytes(Int)
}

extension EncodingFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let field, let offset): "cut off in the \(field.rawValue), at byte \(offset)"
        case .malformedInteger(let field, let offset):
            "the \(field.rawValue) at byte \(offset) is not a varint of 64 bits in its shortest form"
        case .outOfRange(let field, let value, let allowed, let offset):
            "the \(field.rawValue) at byte \(offset) is \(value), allowed is \(allowed.lowerBound) to "
                + "\(allowed.upperBound)"
        case .unordered(let field, let offset): "the \(field.rawValue) at byte \(offset) is out of order or there twice"
        case .countTooLarge(let field, let count, let possible, let offset):
            "the \(field.rawValue) at byte \(offset) is \(count), the bytes behind it hold at most \(possible)"
        case .unknownVersion(let version, let newest): "format version \(version), this build reads 1 to \(newest)"
        case .emptyEntry(let offset): "the entry that ends at byte \(offset) has no event"
        case .trailingBytes(let count): "\(count) bytes too many at the end"
        }
    }
}
