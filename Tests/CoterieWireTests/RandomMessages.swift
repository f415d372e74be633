// Messages drawn from a seed: every field, small domains and extremes.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

struct RandomMessages {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func number() -> UInt64 {
        switch generator.below(6) {
        case 0: 0
        case 1: UInt64(generator.below(300))
        case 2: .max
        case 3: 1 << UInt64(generator.below(64))
        default: generator.next() >> UInt64(generator.below(64))
        }
    }

    mutating func maybe<T>(_ value: (inout Self) -> T) -> T? { generator.chance(1, in: 2) ? value(&self) : nil }

    mutating func list<T>(_ element: (inout Self) -> T) -> [T] {
        (0 ..< generator.below(4)).map { _ in element(&self) }
    }

    mutating func clock() -> PartitionClock { PartitionClock(DotSet(list { $0.dot() })) }

    mutating func flag() -> Bool { generator.chance(1, in: 2) }

    mutating func count() -> Int { Int(number() & 0xffff) }

    mutating func bytes(upTo limit: Int = 300) -> ByteBuffer {
        let length = generator.chance(1, in: 8) ? generator.below(20 * limit) : generator.below(limit)
        var out = ByteBuffer()
        for _ in 0 ..< length { out.writeInteger(UInt8(truncatingIfNeeded: generator.next() & generator.next())) }
        return out
    }

    mutating func text() -> String {
        String((0 ..< generator.below(12)).map { _ in generator.pick(Array("abc/ äß€🦊\u{0}\n")) ?? "x" })
    }

    mutating func epoch() -> Epoch { Epoch(number()) }
    mutating func member() -> MemberNumber { MemberNumber(UInt32(truncatingIfNeeded: number())) }
    mutating func span() -> TimeSpan { TimeSpan(nanoseconds: Int64(bitPattern: number())) }
    mutating func key() -> ObjectKey {
        ObjectKey(type: bytes(upTo: 5), bucket: bytes(upTo: 5), key: bytes(upTo: 20))
    }
    mutating func group() -> Group {
        Group(
            partition: PartitionIndex(UInt16(truncatingIfNeeded: number())), n: UInt8(1 + generator.below(255)))
    }

    mutating func dot() -> Dot {
        let replica = ReplicaID(
            member: MemberNumber(UInt32(generator.below(4))),
            incarnation: Incarnation(nonce: number(), sub: UInt32(generator.below(3))))
        return Dot(replica, max(1, number() & Dot.maximumCounter))
    }

    mutating func vector() -> VersionVector { VersionVector(list { $0.dot() }) }

    mutating func object() -> CausalObject {
        var object = CausalObject()
        for _ in 0 ..< generator.below(4) {
            let dot = dot()
            guard object.canMint(dot, observed: VersionVector()) else { continue }
            object.write(dot: dot, payload: maybe { $0.bytes() }, observed: VersionVector())
        }
        return object
    }

    mutating func errorCode() -> ErrorCode { generator.pick(ErrorCode.allCases) ?? .timeout }

    mutating func quorum() -> Quorum {
        switch generator.below(4) {
        case 0: .one
        case 1: .quorum
        case 2: .all
        default: .count(count())
        }
    }

    mutating func content() -> Content {
        Content(
            bytes(), contentType: generator.chance(1, in: 2) ? Content.defaultContentType : text(), charset: text(),
            contentEncoding: text(), metadata: list { NamedValue($0.text(), $0.text()) },
            indexes: list { NamedValue($0.text(), $0.text()) },
            links: list { Link(bucket: $0.text(), key: $0.text(), tag: $0.text()) },
            written: maybe { HybridTime(rawValue: $0.number()) })
    }

    mutating func condition() -> Condition {
        switch generator.below(7) {
        case 0: .absent
        case 1: .present
        case 2: .unmodified(vector())
        case 3: .anyVtag(list { $0.text() })
        case 4: .noVtag(list { $0.text() })
        case 5: .unmodifiedSince(WallTime(milliseconds: Int64(bitPattern: number())))
        default: .modifiedSince(WallTime(milliseconds: Int64(bitPattern: number())))
        }
    }

    mutating func options() -> RequestOptions {
        var options = RequestOptions()
        options.r = maybe { $0.quorum() }
        options.w = maybe { $0.quorum() }
        options.pr = maybe { $0.quorum() }
        options.pw = maybe { $0.quorum() }
        options.dw = maybe { $0.quorum() }
        options.n = maybe { $0.count() }
        options.nodeConfirms = maybe { $0.count() }
        options.timeout = maybe { $0.span() }
        options.sloppy = maybe { $0.flag() }
        options.notfoundOK = maybe { $0.flag() }
        options.basicQuorum = maybe { $0.flag() }
        options.returnBody = flag()
        options.head = flag()
        options.floor = maybe { $0.vector() }
        return options
    }

    mutating func operation() -> Operation {
        switch generator.below(4) {
        case 0: .get
        case 1:
            .update(
                bytes(), context: maybe { $0.vector() },
                id: maybe { OperationID(client: $0.generator.next(), number: $0.number()) })
        case 2: .put(content(), context: maybe { $0.vector() }, condition: maybe { $0.condition() })
        default: .delete(context: maybe { $0.vector() }, condition: maybe { $0.condition() })
        }
    }

    mutating func receipt() -> Receipt {
        Receipt(
            coordinator: member(), epoch: epoch(),
            asked: AskedQuorum(n: count(), quorum: count(), primary: count(), durable: count(), nodeConfirms: count()),
            met: count(), metPrimary: count(), metDurable: count(),
            responders: list {
                Responder(
                    member: $0.member(), role: $0.flag() ? .primary : .fallback,
                    answer: Responder.Answer(rawValue: UInt8(1 + $0.generator.below(5))) ?? .failed)
            }, duration: span(), written: maybe { $0.dot() })
    }

    mutating func result() -> ClientResult {
        switch generator.below(3) {
        case 0: .object(object())
        case 1: .stored(context: vector(), object: maybe { $0.object() })
        default: .failed(Failure(errorCode(), text(), outcome: flag() ? .unknown : .notApplied))
        }
    }

    mutating func properties() -> BucketProperties {
        BucketProperties(
            r: maybe { $0.quorum() }, w: maybe { $0.quorum() }, pr: maybe { $0.quorum() }, pw: maybe { $0.quorum() },
            dw: maybe { $0.quorum() }, nodeConfirms: maybe { $0.quorum() }, basicQuorum: maybe { $0.flag() },
            notfoundOK: maybe { $0.flag() }, sloppy: maybe { $0.flag() }, returnBody: maybe { $0.flag() },
            timeout: maybe { TimeSpan(nanoseconds: Int64($0.number() >> 1)) })
    }

    mutating func next(_ kind: MessageKind) -> Message {
        switch kind {
        case .hello:
            let speaker: Hello.Speaker =
                flag() ? .client(name: text()) : .member(number: member(), name: text(), nonce: number())
            return .hello(
                Hello(
                    clusterName: text(), speaker: speaker, minVersion: UInt32(truncatingIfNeeded: number()),
                    maxVersion: UInt32(truncatingIfNeeded: number()), epoch: epoch(), layoutDigest: number()))
        case .refused:
            return .refused(Refusal(Refusal.Reason(rawValue: UInt8(1 + generator.below(8))) ?? .other, text()))
        case .request:
            return .request(
                Request(
                    id: RequestID(origin: number(), sequence: number()), epoch: epoch(), timeLeft: span(),
                    forwarded: flag(), request: ClientRequest(key: key(), operation: operation(), options: options())))
        case .response:
            return .response(
                Response(
                    id: RequestID(origin: number(), sequence: number()),
                    reply: ClientReply(result: result(), receipt: receipt())))
        case .layoutRequest: return .layoutRequest(LayoutRequest(epoch: epoch()))
        case .layoutReply: return .layoutReply(LayoutReply(layout: bytes()))
        case .heartbeat: return .heartbeat(Heartbeat(sequence: number(), isReply: flag(), epoch: epoch()))
        case .gossip: return .gossip(Gossip(epoch: epoch(), content: bytes()))
        case .properties:
            return .properties(
                PropertiesUpdate(bucket: bytes(), properties: properties(), time: number(), author: member()))
        case .introduce: return .introduce(Introduce(epoch: epoch(), store: generator.next()))
        case .introduceReply:
            let known = list { KnownStore($0.member(), store: $0.generator.next()) }
            return .introduceReply(IntroduceReply(epoch: epoch(), knownBefore: flag(), known: known, round: number()))
        case .compare:
            return .compare(
                Compare(
                    exchange: number(), epoch: epoch(), group: group(), start: bytes(), end: maybe { $0.bytes() },
                    keys: UInt32(truncatingIfNeeded: number()), digest: generator.next(),
                    maxKeys: UInt32(truncatingIfNeeded: number()), maxBytes: UInt32(truncatingIfNeeded: number())))
        case .comparison:
            let entries = list { Comparison.Entry(key: $0.key(), digest: $0.generator.next()) }
            let statuses: [Comparison.Status] = [
                .same, .differs(entries, end: maybe { $0.bytes() }), .refused(errorCode()),
            ]
            return .comparison(
                Comparison(exchange: number(), epoch: epoch(), status: generator.pick(statuses) ?? .same))
        case .store, .storeReply, .fetch, .fetchReply, .scan, .scanReply, .adverts, .pull, .offer, .roundReport:
            return nextOfReplicas(kind)
        }
    }

    private mutating func nextOfReplicas(_ kind: MessageKind) -> Message {
        switch kind {
        case .storeReply:
            return .storeReply(
                StoreReply(
                    exchange: number(), epoch: epoch(),
                    status: flag() ? .stored(durable: flag()) : .refused(errorCode())))
        case .fetch:
            return .fetch(
                Fetch(
                    exchange: number(), epoch: epoch(), group: group(), key: key(), digest: maybe { $0.number() },
                    floor: vector(), hints: flag(),
                    timeLeft: maybe { TimeSpan(nanoseconds: Int64(bitPattern: $0.number())) }))
        case .fetchReply:
            let statuses: [FetchReply.Status] = [.same, .object(bytes()), .absent, .refused(errorCode())]
            return .fetchReply(
                FetchReply(
                    exchange: number(), epoch: epoch(), round: number(), status: generator.pick(statuses) ?? .same,
                    handled: vector()))
        case .scan:
            return .scan(
                Scan(
                    exchange: number(), epoch: epoch(), group: group(), start: bytes(),
                    maxBytes: UInt32(truncatingIfNeeded: number())))
        case .scanReply:
            let batch = list { ScannedObject(key: $0.key(), object: $0.maybe { $0.bytes() }) }
            return .scanReply(
                ScanReply(
                    exchange: number(), epoch: epoch(), round: number(),
                    status: flag()
                        ? .batch(batch, next: maybe { $0.bytes() }, clock: maybe { $0.clock() }) : .refused(errorCode())
                ))
        case .adverts:
            let adverts = list { Adverts.Advert(group: $0.group(), clock: $0.clock()) }
            return .adverts(Adverts(epoch: epoch(), number: number(), adverts: adverts))
        case .roundReport:
            return .roundReport(RoundReport(epoch: epoch(), round: number(), heard: number(), wanted: number()))
        case .pull:
            return .pull(
                Pull(
                    exchange: number(), epoch: epoch(), group: group(), handled: clock(), wanted: list { $0.key() },
                    maxBytes: UInt32(truncatingIfNeeded: number())))
        case .offer:
            let offered = list { random in
                OfferedObject(
                    key: random.key(), dots: random.list { $0.dot() }, digest: random.generator.next(),
                    object: random.maybe { $0.bytes() })
            }
            return .offer(
                Offer(
                    exchange: number(), epoch: epoch(), round: number(),
                    status: flag()
                        ? .batch(offered, isLast: flag(), forgotten: flag()) : .refused(errorCode())))
        default:
            let event = maybe { random in
                let dot = random.dot()
                let count = 1 + Int(random.generator.below(Limits.maxRunDots))
                return Store.Event(
                    dot: dot, previous: random.number() % dot.counter,
                    count: min(count, Int(clamping: Dot.maximumCounter - dot.counter) + 1))
            }
            return .store(
                Store(
                    exchange: number(), epoch: epoch(), round: number(), group: group(), key: key(), object: bytes(),
                    event: event, durable: flag(), hintFor: maybe { $0.member() }))
        }
    }
}
