// Codecs of the scrub's comparison.

import CoteriePrimitives
import NIOCore

extension Compare {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        out.writeField(3, varint: UInt64(group.partition.rawValue))
        out.writeField(4, varint: UInt64(group.n))
        if start.readableBytes > 0 { out.writeField(5, bytes: start) }
        if let end { out.writeField(6, bytes: end) }
        out.writeField(7, varint: UInt64(keys))
        out.writePresent(8, fixed64: digest)
        out.writeField(9, varint: UInt64(maxKeys))
        out.writeField(10, varint: UInt64(maxBytes))
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var partition = PartitionIndex(0)
        var n: UInt8 = 0
        self.init(
            exchange: 0, epoch: Epoch(0), group: Group(partition: partition, n: 1), start: ByteBuffer(), end: nil,
            keys: 0, digest: 0, maxKeys: 0, maxBytes: 0)
        while try reader.next() {
            switch reader.field {
            case 1: exchange = try reader.varint()
            case 2: epoch = try reader.epoch()
            case 3: partition = try reader.partition()
            case 4: n = try reader.integer()
            case 5: start = try reader.slice()
            case 6: end = try reader.slice()
            case 7: keys = try reader.integer()
            case 8: digest = try reader.fixed64()
            case 9: maxKeys = try reader.integer()
            case 10: maxBytes = try reader.integer()
            default: try reader.skip()
            }
        }
        guard n > 0 else { throw .missingField(4) }
        group = Group(partition: partition, n: n)
    }
}

extension Comparison {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        switch status {
        case .same: out.writePresent(3, bool: true)
        case .differs(let entries, let end):
            let size = entries.reduce((end?.readableBytes ?? 0) + 6) { $0 + $1.key.bytes.readableBytes + 20 }
            out.writeField(4, expecting: size) {
                for entry in entries {
                    $0.writeField(1, expecting: entry.key.bytes.readableBytes + 14) { entry.encode(into: &$0) }
                }
                if let end { $0.writeField(2, bytes: end) }
            }
        case .refused(let code): out.writePresent(5, varint: UInt64(code.rawValue))
        }
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var exchange: UInt64 = 0
        var epoch = Epoch(0)
        var status: Status?
        while try reader.next() {
            switch reader.field {
            case 1: exchange = try reader.varint()
            case 2: epoch = try reader.epoch()
            case 3:
                guard try reader.bool() else { throw .valueOutOfRange(field: 3) }
                status = .same
            case 4: status = try Status(differs: reader.message())
            case 5: status = .refused(try reader.errorCode())
            default: try reader.skip()
            }
        }
        guard let status else { throw .missingField(4) }
        self.init(exchange: exchange, epoch: epoch, status: status)
    }
}

extension Comparison.Status {
    fileprivate init(differs reader: consuming ProtobufReader) throws(ProtobufError) {
        var entries: [Comparison.Entry] = []
        var end: ByteBuffer?
        while try reader.next() {
            switch reader.field {
            case 1: entries.append(try Comparison.Entry(decoding: reader.message()))
            case 2: end = try reader.slice()
            default: try reader.skip()
            }
        }
        self = .differs(entries, end: end)
    }
}

extension Comparison.Entry {
    fileprivate func encode(into out: inout ByteBuffer) {
        out.writeField(1, bytes: key.bytes)
        out.writePresent(2, fixed64: digest)
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var key: ObjectKey?
        var digest: UInt64?
        while try reader.next() {
            switch reader.field {
            case 1: key = try reader.key()
            case 2: digest = try reader.fixed64()
            default: try reader.skip()
            }
        }
        guard let key else { throw .missingField(1) }
        guard let digest else { throw .missingField(2) }
        self.init(key: key, digest: digest)
    }
}
