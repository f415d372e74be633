// Codec of a client request.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import NIOCore

extension Request {
    func encode(into out: inout ByteBuffer) {
        out.writeFields(atMost: 120) {
            $0.field(1, fixed64: id.origin)
            $0.field(2, varint: id.sequence)
            $0.field(3, varint: epoch.rawValue)
            $0.field(4, zigzag: timeLeft.nanoseconds)
            $0.field(5, varint: forwarded ? 1 : 0)
            $0.prefix(6, length: request.key.bytes.readableBytes)
        }
        out.writeImmutableBuffer(request.key.bytes)
        switch request.operation {
        case .get:
            out.writeField(7) { _ in }
        case .put(let content, let context, let condition):
            let size = content.expectedBytes
            out.writeField(8, expecting: size + 4) {
                $0.writeField(1, expecting: size) { content.encodeFields(into: &$0) }
                $0.writeOptional(2, context)
                $0.writeOptional(3, condition)
            }
        case .delete(let context, let condition):
            out.writeField(9) {
                $0.writeOptional(1, context)
                $0.writeOptional(2, condition)
            }
        case .update(let operation, let context, let id):
            let size = operation.readableBytes
            out.writeField(11, expecting: size + 4) {
                $0.writeField(1, bytes: operation)
                $0.writeOptional(2, context)
                if let id { $0.writeField(3) { id.encode(into: &$0) } }
            }
        }
        if request.options != RequestOptions() {
            out.writeField(10) { request.options.encode(into: &$0) }
        }
    }

    init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var id = RequestID(origin: 0, sequence: 0)
        var epoch = Epoch(0)
        var timeLeft = TimeSpan.zero
        var forwarded = false
        var key: ObjectKey?
        var operation: Operation?
        var options = RequestOptions()
        while try reader.next() {
            switch reader.field {
            case 1: id.origin = try reader.fixed64()
            case 2: id.sequence = try reader.varint()
            case 3: epoch = try reader.epoch()
            case 4: timeLeft = try reader.span()
            case 5: forwarded = try reader.bool()
            case 6: key = try reader.key()
            case 7:
                _ = try reader.message()
                operation = .get
            case 8: operation = try Operation(put: reader.message())
            case 9: operation = try Operation(delete: reader.message())
            case 10: options = try RequestOptions(decoding: reader.message())
            case 11: operation = try Operation(update: reader.message())
            default: try reader.skip()
            }
        }
        guard let key else { throw .missingField(6) }
        guard let operation else { throw .missingField(7) }
        self.init(
            id: id, epoch: epoch, timeLeft: timeLeft, forwarded: forwarded,
            request: ClientRequest(key: key, operation: operation, options: options))
    }
}

extension Operation {
    fileprivate init(put reader: consuming ProtobufReader) throws(ProtobufError) {
        var content: Content?
        var context: VersionVector?
        var condition: Condition?
        while try reader.next() {
            switch reader.field {
            case 1: content = try Content(fields: reader.message())
            case 2: context = try reader.vector()
            case 3: condition = try Condition(decoding: reader.message())
            default: try reader.skip()
            }
        }
        guard let content else { throw .missingField(1) }
        self = .put(content, context: context, condition: condition)
    }

    fileprivate init(delete reader: consuming ProtobufReader) throws(ProtobufError) {
        var context: VersionVector?
        var condition: Condition?
        while try reader.next() {
            switch reader.field {
            case 1: context = try reader.vector()
            case 2: condition = try Condition(decoding: reader.message())
            default: try reader.skip()
            }
        }
        self = .delete(context: context, condition: condition)
    }

    fileprivate init(update reader: consuming ProtobufReader) throws(ProtobufError) {
        var operation: ByteBuffer?
        var context: VersionVector?
        var id: OperationID?
        while try reader.next() {
            switch reader.field {
            case 1: operation = try reader.slice()
            case 2: context = try reader.vector()
            case 3: id = try OperationID(decoding: reader.message())
            default: try reader.skip()
            }
        }
        guard let operation else { throw .missingField(1) }
        self = .update(operation, context: context, id: id)
    }
}

extension OperationID {
    fileprivate func encode(into out: inout ByteBuffer) {
        out.writeField(1, fixed64: client)
        out.writeField(2, varint: number)
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var client: UInt64 = 0
        var number: UInt64 = 0
        while try reader.next() {
            switch reader.field {
            case 1: client = try reader.fixed64()
            case 2: number = try reader.varint()
            default: try reader.skip()
            }
        }
        self.init(client: client, number: number)
    }
}

extension ByteBuffer {
    fileprivate mutating func writeOptional(_ field: Int, _ condition: Condition?) {
        if let condition { writeField(field) { condition.encode(into: &$0) } }
    }
}

extension Condition {
    fileprivate func encode(into out: inout ByteBuffer) {
        switch self {
        case .absent: out.writePresent(1, bool: true)
        case .present: out.writePresent(2, bool: true)
        case .unmodified(let vector): out.writeField(3, vector: vector)
        case .anyVtag(let vtags): out.writeField(4) { Self.encode(vtags, into: &$0) }
        case .noVtag(let vtags): out.writeField(5) { Self.encode(vtags, into: &$0) }
        case .unmodifiedSince(let time): out.writePresent(6, zigzag: time.milliseconds)
        case .modifiedSince(let time): out.writePresent(7, zigzag: time.milliseconds)
        }
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        var condition: Condition?
        while try reader.next() {
            switch reader.field {
            case 1: if try reader.bool() { condition = .absent }
            case 2: if try reader.bool() { condition = .present }
            case 3: condition = .unmodified(try reader.vector())
            case 4: condition = .anyVtag(try Self.vtags(reader.message()))
            case 5: condition = .noVtag(try Self.vtags(reader.message()))
            case 6: condition = .unmodifiedSince(try reader.wallTime())
            case 7: condition = .modifiedSince(try reader.wallTime())
            default: try reader.skip()
            }
        }
        // A condition that is not understood must not pass for none.
        guard let condition else { throw .missingField(1) }
        self = condition
    }

    private static func encode(_ vtags: [String], into out: inout ByteBuffer) {
        for vtag in vtags { out.writePresent(1, string: vtag) }
    }

    private static func vtags(_ reader: consuming ProtobufReader) throws(ProtobufError) -> [String] {
        var vtags: [String] = []
        while try reader.next() {
            switch reader.field {
            case 1:
                guard vtags.count < Limits.maxVtags else { throw .valueOutOfRange(field: 1) }
                vtags.append(try reader.string())
            default: try reader.skip()
            }
        }
        return vtags
    }
}

extension RequestOptions {
    fileprivate func encode(into out: inout ByteBuffer) {
        out.writeOptional(1, r)
        out.writeOptional(2, w)
        out.writeOptional(3, pr)
        out.writeOptional(4, pw)
        out.writeOptional(5, dw)
        out.writeOptional(6, n)
        out.writeOptional(7, nodeConfirms)
        out.writeOptional(8, timeout)
        out.writeOptional(9, sloppy)
        out.writeOptional(10, notfoundOK)
        out.writeOptional(11, basicQuorum)
        out.writeField(12, bool: returnBody)
        out.writeField(13, bool: head)
        out.writeOptional(14, floor)
    }

    fileprivate init(decoding reader: consuming ProtobufReader) throws(ProtobufError) {
        self.init()
        while try reader.next() {
            switch reader.field {
            case 1: r = try reader.quorum()
            case 2: w = try reader.quorum()
            case 3: pr = try reader.quorum()
            case 4: pw = try reader.quorum()
            case 5: dw = try reader.quorum()
            case 6: n = try reader.count()
            case 7: nodeConfirms = try reader.count()
            case 8: timeout = try reader.span()
            case 9: sloppy = try reader.bool()
            case 10: notfoundOK = try reader.bool()
            case 11: basicQuorum = try reader.bool()
            case 12: returnBody = try reader.bool()
            case 13: head = try reader.bool()
            case 14: floor = try reader.vector()
            default: try reader.skip()
            }
        }
    }
}
