// Codecs of the scan that refills a replica.

import CoterieCausality
import CoteriePrimitives
import NIOCore

extension Scan {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        out.writeField(3, varint: UInt64(group.partition.rawValue))
        out.writeField(4, varint: UInt64(group.n))
        if start.readableBytes > 0 { out.writeField(5, bytes: start) }
        out.writeField(6, varint: UInt64(maxBytes))
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var exchange: UInt64 = 0
        var epoch = Epoch(0)
        var partition = PartitionIndex(0)
        var n: UInt8 = 0
        var start = ByteBuffer()
        var maxBytes: UInt32 = 0
        while try reader.next() {
            switch reader.field {
            case 1: exchange = try reader.varint()
            case 2: epoch = try reader.epoch()
            case 3: partition = try reader.partition()
            case 4: n = try reader.integer()
            case 5: start = try reader.slice()
            case 6: maxBytes = try reader.integer()
            default: try reader.skip()
            }
        }
        guard n > 0 else { throw .missingField(4) }
        self.init(
            exchange: exchange, epoch: epoch, group: Group(partition: partition, n: n), start: start, maxBytes: maxBytes
        )
    }
}

extension ScanReply {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        out.writeField(3, varint: round)
        switch status {
        case .batch(let objects, let next, let clock):
            let size = objects.reduce((next?.readableBytes ?? 0) + (clock?.encodedSize ?? 0)) {
                $0 + $1.expectedBytes + 6
            }
            out.writeBatch(4, packed: 6, expecting: size) {
                for object in objects {
                    $0.writeField(1, expecting: object.expectedBytes) { object.encode(into: &$0) }
                }
                if let next { $0.writeField(2, bytes: next) }
                if let clock { $0.writeField(3, bytes: clock.encoded()) }
            }
        case .refused(let code): out.writePresent(5, varint: UInt64(code.rawValue))
        }
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var exchange: UInt64 = 0
        var epoch = Epoch(0)
        var round: UInt64 = 0
        var status: Status?
        while try reader.next() {
            switch reader.field {
            case 1: exchange = try reader.varint()
            case 2: epoch = try reader.epoch()
            case 3: round = try reader.varint()
            case 4: status = try Status(batch: reader.message())
            case 5: status = .refused(try reader.errorCode())
            case 6: status = try Status(batch: reader.packedMessage())
            default: try reader.skip()
            }
        }
        guard let status else { throw .missingField(4) }
        self.init(exchange: exchange, epoch: epoch, round: round, status: status)
    }
}

extension ScanReply.Status {
    fileprivate init(batch reader: consuming ProtobufReader) throws(ProtobufError) {
        var objects: [ScannedObject] = []
        var next: ByteBuffer?
        var clock: PartitionClock?
        while try reader.next() {
            switch reader.field {
            case 1: objects.append(try ScannedObject(decoding: reader.message()))
            case 2: next = try reader.slice()
            case 3: clock = try reader.clock()
            default: try reader.skip()
            }
        }
        self = .batch(objects, next: next, clock: clock)
    }
}

extension ScannedObject {
    fileprivate var expectedBytes: Int { key.bytes.readableBytes + (object?.readableBytes ?? 0) + 6 }

    fileprivate func encode(into out: inout ByteBuffer) {
        out.writeField(1, bytes: key.bytes)
        if let object { out.writeField(2, bytes: object) }
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var key: ObjectKey?
        var object: ByteBuffer?
        while try reader.next() {
            switch reader.field {
            case 1: key = try reader.key()
            case 2: object = try reader.slice()
            default: try reader.skip()
            }
        }
        guard let key else { throw .missingField(1) }
        self.init(key: key, object: object)
    }
}
