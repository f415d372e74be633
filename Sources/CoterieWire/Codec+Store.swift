// Codecs of what a coordinator and owners say to each other: store and fetch, and their replies.

import CoterieCausality
import CoteriePrimitives
import NIOCore

extension Store {
    func encode(into out: inout ByteBuffer) {
        out.writeFields(atMost: 120) {
            $0.field(1, varint: exchange)
            $0.field(2, varint: epoch.rawValue)
            $0.field(3, varint: round)
            $0.field(4, varint: UInt64(group.partition.rawValue))
            $0.field(5, varint: UInt64(group.n))
            $0.prefix(6, length: key.bytes.readableBytes)
        }
        out.writeImmutableBuffer(key.bytes)
        out.writeField(7, bytes: object)
        out.writeFields(atMost: 160) {
            if let event {
                $0.prefix(8, length: event.encodedSize)
                event.encode(into: &$0)
            }
            $0.field(9, varint: durable ? 1 : 0)
            if let hintFor { $0.present(10, varint: UInt64(hintFor.rawValue)) }
        }
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
        var hintFor: MemberNumber?
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
            case 10: hintFor = try reader.member()
            default: try reader.skip()
            }
        }
        guard n > 0 else { throw .missingField(5) }
        guard let key else { throw .missingField(6) }
        guard let object else { throw .missingField(7) }
        self.init(
            exchange: exchange, epoch: epoch, round: round, group: Group(partition: partition, n: n), key: key,
            object: object, event: event, durable: durable, hintFor: hintFor)
    }
}

extension Store.Event {
    fileprivate var encodedSize: Int {
        func size(_ number: UInt64) -> Int { number == 0 ? 0 : 1 + varintSize(number) }
        let incarnation = dot.replica.incarnation
        return size(UInt64(dot.replica.member.rawValue)) + (incarnation.nonce == 0 ? 0 : 9)
            + size(UInt64(incarnation.sub)) + size(dot.counter) + size(previous) + size(UInt64(count - 1))
    }

    fileprivate func encode(into out: inout ProtobufFieldWriter) {
        out.field(1, varint: UInt64(dot.replica.member.rawValue))
        out.field(2, fixed64: dot.replica.incarnation.nonce)
        out.field(3, varint: UInt64(dot.replica.incarnation.sub))
        out.field(4, varint: dot.counter)
        out.field(5, varint: previous)
        out.field(6, varint: UInt64(count - 1))
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var member = MemberNumber(0)
        var nonce: UInt64 = 0
        var sub: UInt32 = 0
        var counter: UInt64 = 0
        var previous: UInt64 = 0
        var more: UInt64 = 0
        while try reader.next() {
            switch reader.field {
            case 1: member = try reader.member()
            case 2: nonce = try reader.fixed64()
            case 3: sub = try reader.integer()
            case 4: counter = try reader.varint()
            case 5: previous = try reader.varint()
            case 6: more = try reader.varint()
            default: try reader.skip()
            }
        }
        guard counter > 0 else { throw .missingField(4) }
        guard counter <= Dot.maximumCounter else { throw .valueOutOfRange(field: 4) }
        guard previous < counter else { throw .valueOutOfRange(field: 5) }
        guard more < UInt64(Limits.maxRunDots), more <= Dot.maximumCounter - counter else {
            throw .valueOutOfRange(field: 6)
        }
        let replica = ReplicaID(member: member, incarnation: Incarnation(nonce: nonce, sub: sub))
        self.init(dot: Dot(replica, counter), previous: previous, count: Int(more) + 1)
    }
}

extension StoreReply {
    func encode(into out: inout ByteBuffer) {
        out.writeFields(atMost: 60) {
            $0.field(1, varint: exchange)
            $0.field(2, varint: epoch.rawValue)
            switch status {
            case .stored(let durable): $0.present(3, varint: durable ? 1 : 0)
            case .refused(let code): $0.present(4, varint: UInt64(code.rawValue))
            }
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
        out.writeFields(atMost: 100) {
            $0.field(1, varint: exchange)
            $0.field(2, varint: epoch.rawValue)
            $0.field(3, varint: UInt64(group.partition.rawValue))
            $0.field(4, varint: UInt64(group.n))
            $0.prefix(5, length: key.bytes.readableBytes)
        }
        out.writeImmutableBuffer(key.bytes)
        if let digest { out.writePresent(6, fixed64: digest) }
        if !floor.isEmpty { out.writeOptional(7, floor) }
        if hints { out.writeFields(atMost: 20) { $0.field(8, varint: 1) } }
        if let timeLeft { out.writePresent(9, zigzag: timeLeft.nanoseconds) }
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var exchange: UInt64 = 0
        var epoch = Epoch(0)
        var partition = PartitionIndex(0)
        var n: UInt8 = 0
        var key: ObjectKey?
        var digest: UInt64?
        var floor = VersionVector()
        var hints = false
        var timeLeft: TimeSpan?
        while try reader.next() {
            switch reader.field {
            case 1: exchange = try reader.varint()
            case 2: epoch = try reader.epoch()
            case 3: partition = try reader.partition()
            case 4: n = try reader.integer()
            case 5: key = try reader.key()
            case 6: digest = try reader.fixed64()
            case 7: floor = try reader.vector()
            case 8: hints = try reader.bool()
            case 9: timeLeft = try reader.span()
            default: try reader.skip()
            }
        }
        guard n > 0 else { throw .missingField(4) }
        guard let key else { throw .missingField(5) }
        self.init(
            exchange: exchange, epoch: epoch, group: Group(partition: partition, n: n), key: key, digest: digest,
            floor: floor, hints: hints, timeLeft: timeLeft)
    }
}

extension FetchReply {
    func encode(into out: inout ByteBuffer) {
        out.writeFields(atMost: 80) {
            $0.field(1, varint: exchange)
            $0.field(2, varint: epoch.rawValue)
            $0.field(3, varint: round)
            switch status {
            case .same: $0.present(4, varint: 1)
            case .object(let object): $0.prefix(5, length: object.readableBytes)
            case .absent: $0.present(6, varint: 1)
            case .refused(let code): $0.present(7, varint: UInt64(code.rawValue))
            }
        }
        if case .object(let object) = status { out.writeImmutableBuffer(object) }
        if !handled.isEmpty { out.writeOptional(8, handled) }
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var exchange: UInt64 = 0
        var epoch = Epoch(0)
        var round: UInt64 = 0
        var status: Status?
        var handled = VersionVector()
        while try reader.next() {
            switch reader.field {
            case 1: exchange = try reader.varint()
            case 2: epoch = try reader.epoch()
            case 3: round = try reader.varint()
            case 8: handled = try reader.vector()
            case 4: if try reader.bool() { status = .same }
            case 5: status = .object(try reader.slice())
            case 6: if try reader.bool() { status = .absent }
            case 7: status = .refused(try reader.errorCode())
            default: try reader.skip()
            }
        }
        guard let status else { throw .missingField(4) }
        self.init(exchange: exchange, epoch: epoch, round: round, status: status, handled: handled)
    }
}
