// The values that several messages share: keys, vectors, objects, dots, error codes, quorums.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import NIOCore

extension ProtobufReader {
    mutating func epoch() throws(ProtobufError) -> Epoch { Epoch(try varint()) }

    mutating func member() throws(ProtobufError) -> MemberNumber { MemberNumber(try integer(UInt32.self)) }

    mutating func partition() throws(ProtobufError) -> PartitionIndex { PartitionIndex(try integer(UInt16.self)) }

    mutating func span() throws(ProtobufError) -> TimeSpan { TimeSpan(nanoseconds: try zigzag()) }

    mutating func wallTime() throws(ProtobufError) -> WallTime { WallTime(milliseconds: try zigzag()) }

    mutating func key() throws(ProtobufError) -> ObjectKey {
        guard let key = ObjectKey(encoded: try slice()) else { throw .malformedValue(field: field) }
        return key
    }

    mutating func vector() throws(ProtobufError) -> VersionVector {
        var bytes = try slice()
        guard let vector = bytes.readVersionVector(), bytes.readableBytes == 0 else {
            throw .malformedValue(field: field)
        }
        return vector
    }

    mutating func dot() throws(ProtobufError) -> Dot {
        var bytes = try slice()
        guard let dot = bytes.readDot(), bytes.readableBytes == 0 else { throw .malformedValue(field: field) }
        return dot
    }

    mutating func clock() throws(ProtobufError) -> PartitionClock {
        let bytes = try slice()
        do {
            return try PartitionClock(decoding: bytes)
        } catch {
            throw .malformedValue(field: field)
        }
    }

    mutating func object() throws(ProtobufError) -> CausalObject {
        let bytes = try slice()
        do {
            return try CausalObject(decoding: bytes)
        } catch {
            throw .malformedValue(field: field)
        }
    }

    /// A code that this build does not know is some fault of a newer node.
    mutating func errorCode() throws(ProtobufError) -> ErrorCode {
        let number = try varint()
        return UInt16(exactly: number).flatMap(ErrorCode.init(rawValue:)) ?? .internalError
    }

    /// A count; one beyond what an Int holds is as good as the largest.
    mutating func count() throws(ProtobufError) -> Int { Int(clamping: try varint()) }

    mutating func quorum() throws(ProtobufError) -> Quorum {
        switch try varint() {
        case Quorum.wireOne: return .one
        case Quorum.wireQuorum: return .quorum
        case Quorum.wireAll: return .all
        case let count where count <= Quorum.wireMaxCount: return .count(Int(count))
        default: throw .valueOutOfRange(field: field)
        }
    }
}

extension Quorum {
    // The numbers of Riak's protocol, so that one reader of traces knows both.
    fileprivate static let wireOne: UInt64 = 4_294_967_294
    fileprivate static let wireQuorum: UInt64 = 4_294_967_293
    fileprivate static let wireAll: UInt64 = 4_294_967_292
    fileprivate static let wireMaxCount: UInt64 = 65_535

    fileprivate var wireNumber: UInt64 {
        switch self {
        case .one: Self.wireOne
        case .quorum: Self.wireQuorum
        case .all: Self.wireAll
        case .count(let count): min(UInt64(clamping: count), Self.wireMaxCount)
        }
    }
}

extension ProtobufFieldWriter {
    mutating func field(_ field: Int, count: Int) { self.field(field, varint: UInt64(clamping: count)) }
}

extension ByteBuffer {
    mutating func writeOptional(_ field: Int, _ count: Int?) {
        if let count { writePresent(field, varint: UInt64(clamping: count)) }
    }

    mutating func writeOptional(_ field: Int, _ quorum: Quorum?) {
        if let quorum { writePresent(field, varint: quorum.wireNumber) }
    }

    mutating func writeOptional(_ field: Int, _ value: Bool?) {
        if let value { writePresent(field, bool: value) }
    }

    mutating func writeOptional(_ field: Int, _ span: TimeSpan?) {
        guard let span else { return }
        writePresent(field, zigzag: span.nanoseconds)
    }

    mutating func writeOptional(_ field: Int, _ vector: VersionVector?) {
        if let vector { writeField(field, vector: vector) }
    }

    mutating func writeField(_ field: Int, vector: VersionVector) {
        writeField(field) { $0.writeVersionVector(vector) }
    }

    mutating func writeField(_ field: Int, object: CausalObject) {
        writeField(field, expecting: object.encodedSize) { object.encode(into: &$0) }
    }
}
