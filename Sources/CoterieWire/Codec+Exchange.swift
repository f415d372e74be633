// Codecs of anti-entropy: adverts, pull, offer.

import CoterieCausality
import CoteriePrimitives
import NIOCore

extension Adverts {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: epoch.rawValue)
        out.writeField(2, varint: number)
        for advert in adverts {
            out.writeField(3, expecting: advert.clock.encodedSize + 12) { advert.encode(into: &$0) }
        }
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        self.init(epoch: Epoch(0), number: 0, adverts: [])
        while try reader.next() {
            switch reader.field {
            case 1: epoch = try reader.epoch()
            case 2: number = try reader.varint()
            case 3: adverts.append(try Advert(decoding: reader.message()))
            default: try reader.skip()
            }
        }
    }
}

extension Adverts.Advert {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: UInt64(group.partition.rawValue))
        out.writeField(2, varint: UInt64(group.n))
        out.writeField(3, bytes: clock.encoded())
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var partition = PartitionIndex(0)
        var n: UInt8 = 0
        var clock: PartitionClock?
        while try reader.next() {
            switch reader.field {
            case 1: partition = try reader.partition()
            case 2: n = try reader.integer()
            case 3: clock = try reader.clock()
            default: try reader.skip()
            }
        }
        guard n > 0 else { throw .missingField(2) }
        guard let clock else { throw .missingField(3) }
        self.init(group: Group(partition: partition, n: n), clock: clock)
    }
}

extension Pull {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        out.writeField(3, varint: UInt64(group.partition.rawValue))
        out.writeField(4, varint: UInt64(group.n))
        out.writeField(5, bytes: handled.encoded())
        for key in wanted { out.writeField(6, bytes: key.bytes) }
        out.writeField(7, varint: UInt64(maxBytes))
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var exchange: UInt64 = 0
        var epoch = Epoch(0)
        var partition = PartitionIndex(0)
        var n: UInt8 = 0
        var handled: PartitionClock?
        var wanted: [ObjectKey] = []
        var maxBytes: UInt32 = 0
        while try reader.next() {
            switch reader.field {
            case 1: exchange = try reader.varint()
            case 2: epoch = try reader.epoch()
            case 3: partition = try reader.partition()
            case 4: n = try reader.integer()
            case 5: handled = try reader.clock()
            case 6: wanted.append(try reader.key())
            case 7: maxBytes = try reader.integer()
            default: try reader.skip()
            }
        }
        guard n > 0 else { throw .missingField(4) }
        guard let handled else { throw .missingField(5) }
        self.init(
            exchange: exchange, epoch: epoch, group: Group(partition: partition, n: n), handled: handled,
            wanted: wanted, maxBytes: maxBytes)
    }
}

extension Offer {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        out.writeField(3, varint: round)
        switch status {
        case .batch(let objects, let isLast, let forgotten):
            out.writeBatch(4, packed: 6, expecting: objects.reduce(4) { $0 + $1.expectedBytes + 6 }) {
                for object in objects {
                    $0.writeField(1, expecting: object.expectedBytes) { object.encode(into: &$0) }
                }
                $0.writeField(2, bool: isLast)
                $0.writeField(3, bool: forgotten)
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

extension Offer.Status {
    fileprivate init(batch reader: consuming ProtobufReader) throws(ProtobufError) {
        var objects: [OfferedObject] = []
        var isLast = false
        var forgotten = false
        while try reader.next() {
            switch reader.field {
            case 1: objects.append(try OfferedObject(decoding: reader.message()))
            case 2: isLast = try reader.bool()
            case 3: forgotten = try reader.bool()
            default: try reader.skip()
            }
        }
        self = .batch(objects, isLast: isLast, forgotten: forgotten)
    }
}

extension OfferedObject {
    fileprivate var expectedBytes: Int {
        key.bytes.readableBytes + (object?.readableBytes ?? 0) + 16 * dots.count + 24
    }

    fileprivate func encode(into out: inout ByteBuffer) {
        out.writeField(1, bytes: key.bytes)
        for dot in dots { out.writeField(2) { $0.writeDot(dot) } }
        out.writePresent(3, fixed64: digest)
        if let object { out.writeField(4, bytes: object) }
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var key: ObjectKey?
        var dots: [Dot] = []
        var digest: UInt64?
        var object: ByteBuffer?
        while try reader.next() {
            switch reader.field {
            case 1: key = try reader.key()
            case 2: dots.append(try reader.dot())
            case 3: digest = try reader.fixed64()
            case 4: object = try reader.slice()
            default: try reader.skip()
            }
        }
        guard let key else { throw .missingField(1) }
        guard let digest else { throw .missingField(3) }
        self.init(key: key, dots: dots, digest: digest, object: object)
    }
}
