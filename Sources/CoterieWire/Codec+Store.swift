// Codecs of what a coordinator and owners say to each other: store and fetch, and their replies.

import CoterieCausality
import CoteriePrimitives
import NIOCore

extension Store {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        out.writeField(3, varint: round)
        out.writeField(4, varint: UInt64(group.partition.rawValue))
        out.writeField(5, varint: UInt64(group.n))
        out.writeField(6, bytes: key.bytes)
        out.writeField(7, bytes: object)
        if let event { out.writeField(8) { event.encode(into: &$0) } }
        out.writeField(9, bool: durable)
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var exchange: UInt64 = 0
        var epoch = Epoch(0)
        var round: UInt64 = 0
        var partition = PartitionIndex(0)
        var n: UInt8 = 0
        var key: ObjectKey?
        var object: ByteBuffer?
        var event: Event?
        var durable = false
        while try reader.next() {
            switch reader.field {
            case 1: exchange = try reader.varint()
            case 2: epoch = try reader.epoch()
            case 3: round = try reader.varint()
            case 4: partition = try reader.partition()
            case 5: n = try reader.integer()
            case 6: key = try reader.key()
            case 7: object = try reader.slice()
            case 8: event = try Event(decoding: reader.message())
            case 9: durable = try reader.bool()
            default: try reader.skip()
            }
        }
        guard n > 0 else { throw .missingField(5) }
        guard let key else { throw .missingField(6) }
        guard let object else { throw .missingField(7) }
        self.init(
            exchange: exchange, epoch: epoch, round: round, group: Group(partition: partition, n: n), key: key,
            object: object, event: event, durable: durable)
    }
}

extension Store.Event {
    fileprivate func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: UInt64(dot.replica.member.rawValue))
        out.writeField(2, fixed64: dot.replica.incarnation.nonce)
        out.writeField(3, varint: UInt64(dot.replica.incarnation.sub))
        out.writeField(4, varint: dot.counter)
        out.writeField(5, varint: previous)
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var member = MemberNumber(0)
        var nonce: UInt64 = 0
        var sub: UInt32 = 0
        var counter: UInt64 = 0
        var previous: UInt64 = 0
        while try reader.next() {
            switch reader.field {
            case 1: member = try reader.member()
            case 2: nonce = try reader.fixed64()
            case 3: sub = try reader.integer()
            case 4: counter = try reader.varint()
            case 5: previous = try reader.varint()
            default: try reader.skip()
            }
        }
        guard counter > 0 else { throw .missingField(4) }
        guard counter <= Dot.maximumCounter else { throw .valueOutOfRange(field: 4) }
        guard previous < counter else { throw .valueOutOfRange(field: 5) }
        let replica = ReplicaID(member: member, incarnation: Incarnation(nonce: nonce, sub: sub))
        self.init(dot: Dot(replica, counter), previous: previous)
    }
}

extension StoreReply {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        switch status {
        case .stored(let durable): out.writePresent(3, bool: durable)
        case .refused(let code): out.writePresent(4, varint: UInt64(code.rawValue))
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
            case 3: status = .stored(durable: try reader.bool())
            case 4: status = .refused(try reader.errorCode())
            default: try reader.skip()
            }
        }
        guard let status else { throw .missingField(3) }
        self.init(exchange: exchange, epoch: epoch, status: status)
    }
}

extension Fetch {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        out.writeField(3, varint: UInt64(group.partition.rawValue))
        out.writeField(4, varint: UInt64(group.n))
        out.writeField(5, bytes: key.bytes)
        if let digest { out.writePresent(6, fixed64: digest) }
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var exchange: UInt64 = 0
        var epoch = Epoch(0)
        var partition = PartitionIndex(0)
        var n: UInt8 = 0
        var key: ObjectKey?
        var digest: UInt64?
        while try reader.next() {
            switch reader.field {
            case 1: exchange = try reader.varint()
            case 2: epoch = try reader.epoch()
            case 3: partition = try reader.partition()
            case 4: n = try reader.integer()
            case 5: key = try reader.key()
            case 6: digest = try reader.fixed64()
            default: try reader.skip()
            }
        }
        guard n > 0 else { throw .missingField(4) }
        guard let key else { throw .missingField(5) }
        self.init(exchange: exchange, epoch: epoch, group: Group(partition: partition, n: n), key: key, digest: digest)
    }
}

extension FetchReply {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: exchange)
        out.writeField(2, varint: epoch.rawValue)
        out.writeField(3, varint: round)
        switch status {
        case .same: out.writePresent(4, bool: true)
        case .object(let object): out.writeField(5, bytes: object)
        case .absent: out.writePresent(6, bool: true)
        case .refused(let code): out.writePresent(7, varint: UInt64(code.rawValue))
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
            case 4: if try reader.bool() { status = .same }
            case 5: status = .object(try reader.slice())
            case 6: if try reader.bool() { status = .absent }
            case 7: status = .refused(try reader.errorCode())
            default: try reader.skip()
            }
        }
        guard let status else { throw .missingField(4) }
        self.init(exchange: exchange, epoch: epoch, round: round, status: status)
    }
}
