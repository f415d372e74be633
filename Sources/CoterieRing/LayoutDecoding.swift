// The bytes of `layout.proto` as a layout: malformed ones are an error, never a trap; a layout that decodes has passed
// the same checks as one that is made. Where a single field comes twice, the later one counts.

import CoteriePrimitives
import NIOCore

extension Layout {
    /// Reads what `encoded()` writes. Unknown fields are skipped, a format above the known one is refused.
    public init(decoding bytes: ByteBuffer) throws(LayoutError) {
        var decoding = LayoutDecoding()
        try decoding.read(bytes)
        try self.init(
            clusterName: decoding.clusterName, hashKey: HashKey(decoding.k0, decoding.k1),
            epoch: Epoch(decoding.epoch), partitionCount: decoding.partitionCount, replicas: decoding.replicas,
            members: decoding.members, bucketTypes: decoding.bucketTypes, owners: decoding.owners)
    }
}

private struct LayoutDecoding {
    var format: UInt64 = 0
    var clusterName = ""
    var k0: UInt64 = 0
    var k1: UInt64 = 0
    var epoch: UInt64 = 0
    var partitionCount = 0
    var replicas = 0
    var members: [Member] = []
    var bucketTypes: [BucketType] = []
    var owners: [MemberNumber] = []

    private var ownerIndices: [Int] = []
    /// Where the reader is, for errors.
    private var place = "Layout"

    private var isReadable: Bool { (1 ... LayoutEncoding.newestFormat).contains(format) }

    mutating func read(_ bytes: ByteBuffer) throws(LayoutError) {
        do throws(ProtobufError) {
            try readLayout(ProtobufReader(bytes))
        } catch {
            throw .malformed(place: place, reason: error)
        }
        guard isReadable else {
            throw .unsupportedFormat(found: format, supported: LayoutEncoding.newestFormat)
        }
        do throws(ProtobufError) { try nameOwners() } catch { throw .malformed(place: place, reason: error) }
    }

    /// Stops behind a format that it does not know, and where a list is longer than any layout's: the layout's own
    /// checks refuse it then, and no more memory is taken than the limits allow.
    private mutating func readLayout(_ message: ProtobufReader) throws(ProtobufError) {
        var reader = message
        while try reader.next() {
            switch reader.field {
            case 1:
                format = try reader.varint()
                guard isReadable else { return }
            case 2: clusterName = try reader.string()
            case 3: k0 = try reader.fixed64()
            case 4: k1 = try reader.fixed64()
            case 5: epoch = try reader.varint()
            case 6: partitionCount = try reader.integer()
            case 7: replicas = try reader.integer()
            case 8:
                guard members.count <= LayoutLimits.members.upperBound else { return }
                members.append(try readMember(&reader))
            case 9:
                guard bucketTypes.count <= LayoutLimits.bucketTypes.upperBound else { return }
                bucketTypes.append(try readBucketType(&reader))
            case 10: try readOwners(&reader)
            default: try reader.skip()
            }
        }
    }

    private mutating func readOwners(_ reader: inout ProtobufReader) throws(ProtobufError) {
        var packed = try reader.slice()
        while packed.readableBytes > 0, ownerIndices.count <= LayoutLimits.slots {
            guard let index = packed.readVarint() else { throw .truncated(field: 10) }
            guard index < UInt64(LayoutLimits.members.upperBound) else { throw .valueOutOfRange(field: 10) }
            ownerIndices.append(Int(index))
        }
    }

    /// Once all members are known, wherever they stood.
    private mutating func nameOwners() throws(ProtobufError) {
        place = "owners"
        owners.reserveCapacity(ownerIndices.count)
        for index in ownerIndices {
            guard index < members.count else { throw .valueOutOfRange(field: 10) }
            owners.append(members[index].number)
        }
    }

    private mutating func readMember(_ outer: inout ProtobufReader) throws(ProtobufError) -> Member {
        place = "members[\(members.count)]"
        var number: UInt32 = 0
        var (name, zone) = ("", "")
        var weight = 0
        var peer = Endpoint(host: "", port: 0)
        var http = peer
        var reader = try outer.message()
        while try reader.next() {
            switch reader.field {
            case 1: number = try reader.integer()
            case 2: name = try reader.string()
            case 3: zone = try reader.string()
            case 4: weight = try reader.integer()
            case 5: peer = try readEndpoint(&reader)
            case 6: http = try readEndpoint(&reader)
            default: try reader.skip()
            }
        }
        place = "Layout"
        return Member(
            number: MemberNumber(number), name: name, zone: zone, weight: weight, peer: peer, http: http)
    }

    private mutating func readEndpoint(_ outer: inout ProtobufReader) throws(ProtobufError) -> Endpoint {
        let member = place
        place += outer.field == 5 ? ".peer" : ".http"
        var host = ""
        var port = 0
        var reader = try outer.message()
        while try reader.next() {
            switch reader.field {
            case 1: host = try reader.string()
            case 2: port = try reader.integer()
            default: try reader.skip()
            }
        }
        place = member
        return Endpoint(host: host, port: port)
    }

    private mutating func readBucketType(_ outer: inout ProtobufReader) throws(ProtobufError) -> BucketType {
        place = "bucket_types[\(bucketTypes.count)]"
        var name = ""
        var n = 0
        var kind: TypeKind?
        var properties = BucketProperties()
        var reader = try outer.message()
        while try reader.next() {
            switch reader.field {
            case 1: name = try reader.string()
            case 2: n = try reader.integer()
            case 3:
                let code = try reader.varint()
                kind = [TypeKind.siblings, .lww].first { $0.code == code }
                if kind == nil { throw .valueOutOfRange(field: 3) }
            case 4: properties = try readProperties(&reader)
            case 5:
                let named = TypeKind(rawValue: try reader.string())
                // What has a number is told by it: one layout, one encoding.
                guard named.code == nil, format > 1 else { throw .malformedValue(field: 5) }
                kind = named
            default: try reader.skip()
            }
        }
        guard let kind else { throw .missingField(3) }
        place = "Layout"
        return BucketType(name: name, n: n, kind: kind, properties: properties)
    }

    private mutating func readProperties(_ outer: inout ProtobufReader) throws(ProtobufError) -> BucketProperties {
        let type = place
        place += ".properties"
        var properties = BucketProperties()
        var reader = try outer.message()
        while try reader.next() {
            switch reader.field {
            case 1: properties.r = try readQuorum(&reader)
            case 2: properties.w = try readQuorum(&reader)
            case 3: properties.pr = try readQuorum(&reader)
            case 4: properties.pw = try readQuorum(&reader)
            case 5: properties.dw = try readQuorum(&reader)
            case 6: properties.nodeConfirms = try readQuorum(&reader)
            case 7: properties.basicQuorum = try reader.bool()
            case 8: properties.notfoundOK = try reader.bool()
            case 9: properties.sloppy = try reader.bool()
            case 10: properties.returnBody = try reader.bool()
            case 11: properties.timeout = TimeSpan(nanoseconds: try reader.integer())
            default: try reader.skip()
            }
        }
        place = type
        return properties
    }

    private func readQuorum(_ reader: inout ProtobufReader) throws(ProtobufError) -> Quorum {
        switch try reader.integer(UInt32.self) {
        case UInt32(LayoutEncoding.one): .one
        case UInt32(LayoutEncoding.quorum): .quorum
        case UInt32(LayoutEncoding.all): .all
        case let count: .count(Int(count))
        }
    }
}
