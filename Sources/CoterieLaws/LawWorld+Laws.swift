// The laws, each where it can be broken, and how a history is told.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore

extension LawWorld {
    /// A replica's state after a step: settled, the same as everybody's who saw the same, of the specified value.
    mutating func checkState(_ at: Int) throws(LawFailure) {
        let state = replicas[at].state
        state.object.checkInvariants()
        var again = state.object
        T.settle(&again)
        if again != state.object {
            throw LawFailure(.idempotent, "settling \(show(state.object)) again gives \(show(again))")
        }
        if let known = states[state.seen] {
            if known != state.object {
                throw LawFailure(
                    .convergent, "\(name(at)) has \(show(state.object)), who saw the same had \(show(known))")
            }
            return
        }
        states[state.seen] = state.object
        let value = try value(of: state.object)
        if encoded.values.insert(value).inserted { try checkCodec(value) }
        if let fault = T.fault(in: value) { throw LawFailure(.value, "at \(name(at)) \(show(value)): \(fault)") }
        let expected: T.Value?
        do {
            expected = try T.expected(after: Past(events.filter { state.seen.contains($0.number) }, of: events))
        } catch {
            throw LawFailure(.value, "the specification threw \(error)")
        }
        if let expected, expected != value {
            throw LawFailure(.value, "\(name(at)) has \(show(value)), by the specification it is \(show(expected))")
        }
    }

    func checkMerge(_ mine: CausalObject, _ its: CausalObject) throws(LawFailure) {
        let merged = join(mine, its)
        let other = join(its, mine)
        if merged != other {
            throw LawFailure(
                .commutative,
                "\(show(mine)) and \(show(its)) give \(show(merged)), the other way round \(show(other))")
        }
        for part in [mine, its, merged] {
            let again = join(merged, part)
            if again != merged {
                throw LawFailure(
                    .idempotent, "\(show(merged)), merged with its own part \(show(part)), gives \(show(again))")
            }
        }
    }

    /// All groupings of three of the last states, one that is under way among them.
    func checkGroupings() throws(LawFailure) {
        let objects = replicas.map(\.state.object) + copies.compactMap { $0?.state.object }.prefix(1)
        for (i, a) in objects.enumerated() {
            for (j, b) in objects.enumerated() where j != i {
                for (k, c) in objects.enumerated() where k > i && k != j {
                    let (left, right) = (join(join(a, b), c), join(a, join(b, c)))
                    if left != right {
                        throw LawFailure(
                            .associative,
                            "of A \(show(a)), B \(show(b)), C \(show(c)): (A, B), C give \(show(left)), "
                                + "A, (B, C) give \(show(right))")
                    }
                }
            }
        }
    }

    /// The event alone does what the minter's object does.
    func checkDelta(_ minted: Minted, _ before: CausalObject, _ after: CausalObject) throws(LawFailure) {
        let whole = join(before, minted.after.object)
        if after != whole {
            throw LawFailure(
                .delta,
                "\(show(before)) with the event is \(show(after)), with the minter's object it is \(show(whole))")
        }
    }

    func checkCodec<V: Canonical & Hashable>(_ value: V) throws(LawFailure) {
        let bytes = value.canonicalBytes()
        guard let decoded = try? V(decoding: bytes, as: "bytes") else {
            throw LawFailure(.codec, "\(show(value)) has bytes that cannot be read: \(show(bytes))")
        }
        if decoded != value { throw LawFailure(.codec, "\(show(value)) is decoded as \(show(decoded))") }
        if decoded.canonicalBytes() != bytes { throw LawFailure(.codec, "\(show(value)) has two encodings") }
        // Cut off, and with a bit turned over at a place that the bytes themselves choose.
        let place = bytes.readableBytesView.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xffff } % max(1, bytes.readableBytes)
        try checkRefused(bytes.getSlice(at: bytes.readerIndex, length: place) ?? bytes, as: V.self)
        if bytes.readableBytes > 0 {
            var turned = bytes
            let byte = turned.getInteger(at: turned.readerIndex + place, as: UInt8.self) ?? 0
            turned.setInteger(byte ^ 1 << UInt8(place % 8), at: turned.readerIndex + place)
            try checkRefused(turned, as: V.self)
        }
    }

    /// Bytes are read only where they are what would be written.
    private func checkRefused<V: Canonical & Hashable>(_ bytes: ByteBuffer, as: V.Type) throws(LawFailure) {
        if let read = try? V(decoding: bytes, as: "bytes"), read.canonicalBytes() != bytes {
            throw LawFailure(.codec, "\(show(bytes)) is read as \(show(read)), which is written otherwise")
        }
    }

    func value(of object: CausalObject) throws(LawFailure) -> T.Value {
        do throws(TypeFault) {
            return try T.value(of: object)
        } catch {
            throw LawFailure(.operation, "the value of \(show(object)): \(error)")
        }
    }

    private func join(_ a: CausalObject, _ b: CausalObject) -> CausalObject {
        var merged = a
        T.merge(b, into: &merged)
        return merged
    }
}

extension LawWorld {
    /// Replicas are a, b, c.
    func name(_ at: Int) -> String { at < 3 ? ["a", "b", "c"][at] : "r\(at)" }

    /// a1 is the first dot of a, a'1 the first one after a restart.
    func name(_ dot: Dot) -> String {
        guard let at = replicas.firstIndex(where: { $0.identity.member == dot.replica.member }) else { return "\(dot)" }
        let lives = String(repeating: "'", count: Int(min(8, dot.replica.incarnation.sub)))
        return "\(name(at))\(lives)\(dot.counter)"
    }

    func show(_ object: CausalObject) -> String {
        let context = object.context.lastDots.map { "≤" + name($0) }.joined(separator: " ")
        return "[\(object.liveDots.map(name).joined(separator: " "))|\(context)]"
    }

    func show(_ bytes: ByteBuffer) -> String {
        bytes.readableBytesView.prefix(32).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    func show(_ value: some Any) -> String {
        if let bytes = value as? ByteBuffer { return "\"\(String(buffer: bytes))\"" }
        if let content = value as? Content {
            let written = content.written.map { "@\($0)" } ?? ""
            return "\"\(String(buffer: content.value))\"\(written)"
        }
        if let list = value as? [Content] { return "{\(list.map(show).joined(separator: " "))}" }
        if let list = value as? [ByteBuffer] { return "{\(list.map { String(buffer: $0) }.joined(separator: " "))}" }
        return "\(value)"
    }

    /// Adds a line to the story, and the state that it led to.
    mutating func tell(_ at: Int? = nil, _ line: (Self) -> String) {
        guard tells else { return }
        var text = line(self)
        if let at {
            let object = replicas[at].state.object
            let value = (try? T.value(of: object)).map { " = \(show($0))" } ?? ""
            text += "  →  \(name(at)) \(show(object))\(value)"
        }
        story.append(text)
    }
}
