// Codecs of layout, heartbeat, gossip, introduction and bucket properties.

import CoteriePrimitives
import CoterieRing
import NIOCore

extension LayoutRequest {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: epoch.rawValue)
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        self.init(epoch: Epoch(0))
        while try reader.next() {
            switch reader.field {
            case 1: epoch = try reader.epoch()
            default: try reader.skip()
            }
        }
    }
}

extension LayoutReply {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, bytes: layout)
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var layout: ByteBuffer?
        while try reader.next() {
            switch reader.field {
            case 1: layout = try reader.slice()
            default: try reader.skip()
            }
        }
        guard let layout else { throw .missingField(1) }
        self.init(layout: layout)
    }
}

extension Heartbeat {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: sequence)
        out.writeField(2, bool: isReply)
        out.writeField(3, varint: epoch.rawValue)
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        self.init(sequence: 0, isReply: false, epoch: Epoch(0))
        while try reader.next() {
            switch reader.field {
            case 1: sequence = try reader.varint()
            case 2: isReply = try reader.bool()
            case 3: epoch = try reader.epoch()
            default: try reader.skip()
            }
        }
    }
}

extension Gossip {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: epoch.rawValue)
        out.writeField(2, bytes: content)
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var epoch = Epoch(0)
        var content: ByteBuffer?
        while try reader.next() {
            switch reader.field {
            case 1: epoch = try reader.epoch()
            case 2: content = try reader.slice()
            default: try reader.skip()
            }
        }
        guard let content else { throw .missingField(2) }
        self.init(epoch: epoch, content: content)
    }
}

extension PropertiesUpdate {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, bytes: bucket)
        out.writeField(2) { properties.encode(into: &$0) }
        out.writeField(3, fixed64: time)
        out.writeField(4, varint: UInt64(author.rawValue))
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var bucket: ByteBuffer?
        var properties: BucketProperties?
        var time: UInt64 = 0
        var author = MemberNumber(0)
        while try reader.next() {
            switch reader.field {
            case 1: bucket = try reader.slice()
            case 2: properties = try BucketProperties(decoding: reader.message())
            case 3: time = try reader.fixed64()
            case 4: author = try reader.member()
            default: try reader.skip()
            }
        }
        guard let bucket else { throw .missingField(1) }
        guard let properties else { throw .missingField(2) }
        self.init(bucket: bucket, properties: properties, time: time, author: author)
    }
}

// The fields are those of `Properties` in layout.proto: there they are a bucket type's, here a bucket's overrides.
extension BucketProperties {
    func encode(into out: inout ByteBuffer) {
        out.writeOptional(1, r)
        out.writeOptional(2, w)
        out.writeOptional(3, pr)
        out.writeOptional(4, pw)
        out.writeOptional(5, dw)
        out.writeOptional(6, nodeConfirms)
        out.writeOptional(7, basicQuorum)
        out.writeOptional(8, notfoundOK)
        out.writeOptional(9, sloppy)
        out.writeOptional(10, returnBody)
        if let timeout { out.writePresent(11, varint: UInt64(clamping: timeout.nanoseconds)) }
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        self.init()
        while try reader.next() {
            switch reader.field {
            case 1: r = try reader.quorum()
            case 2: w = try reader.quorum()
            case 3: pr = try reader.quorum()
            case 4: pw = try reader.quorum()
            case 5: dw = try reader.quorum()
            case 6: nodeConfirms = try reader.quorum()
            case 7: basicQuorum = try reader.bool()
            case 8: notfoundOK = try reader.bool()
            case 9: sloppy = try reader.bool()
            case 10: returnBody = try reader.bool()
            case 11: timeout = TimeSpan(nanoseconds: Int64(clamping: try reader.varint()))
            default: try reader.skip()
            }
        }
    }
}

extension Introduce {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: epoch.rawValue)
        out.writePresent(2, fixed64: store)
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var epoch = Epoch(0)
        var store: UInt64?
        while try reader.next() {
            switch reader.field {
            case 1: epoch = try reader.epoch()
            case 2: store = try reader.fixed64()
            default: try reader.skip()
            }
        }
        guard let store else { throw .missingField(2) }
        self.init(epoch: epoch, store: store)
    }
}

extension IntroduceReply {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: epoch.rawValue)
        out.writePresent(2, bool: knownBefore)
        for known in known { out.writeField(3) { known.encode(into: &$0) } }
        out.writeField(4, varint: round)
    }

    /// `knownBefore` must be there: an empty answer must not pass for "you are new".
    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var epoch = Epoch(0)
        var knownBefore: Bool?
        var known: [KnownStore] = []
        var round: UInt64 = 0
        while try reader.next() {
            switch reader.field {
            case 1: epoch = try reader.epoch()
            case 2: knownBefore = try reader.bool()
            case 3: known.append(try KnownStore(decoding: try reader.message()))
            case 4: round = try reader.varint()
            default: try reader.skip()
            }
        }
        guard let knownBefore else { throw .missingField(2) }
        self.init(epoch: epoch, knownBefore: knownBefore, known: known, round: round)
    }
}

extension KnownStore {
    func encode(into out: inout ByteBuffer) {
        out.writeField(1, varint: UInt64(member.rawValue))
        out.writePresent(2, fixed64: store)
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var member = MemberNumber(0)
        var store: UInt64?
        while try reader.next() {
            switch reader.field {
            case 1: member = try reader.member()
            case 2: store = try reader.fixed64()
            default: try reader.skip()
            }
        }
        guard let store else { throw .missingField(2) }
        self.init(member, store: store)
    }
}
