// One named message for every shape that the codec knows. `golden.txt` has the bytes of each.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

enum Samples {
    static let key = ObjectKey(type: "default", bucket: "carts", key: "ann")
    static let group = Group(partition: PartitionIndex(17), n: 3)
    static let minter = ReplicaID(member: MemberNumber(2), incarnation: Incarnation(nonce: 0x0102_0304_0506_0708))
    static let other = ReplicaID(
        member: MemberNumber(3), incarnation: Incarnation(nonce: 0xfedc_ba98_7654_3210, sub: 1))
    static let context = VersionVector([Dot(minter, 7), Dot(other, 300)])
    static var clock: PartitionClock {
        var clock = PartitionClock()
        clock.add(1 ... 7, of: minter)
        clock.add(Dot(other, 2))
        return clock
    }
    static let id = RequestID(origin: 0x1122_3344_5566_7788, sequence: 42)

    static var object: CausalObject {
        var object = CausalObject()
        object.write(dot: Dot(minter, 7), payload: Content(ByteBuffer(string: "milk")).encoded(), observed: .init())
        return object
    }

    static var content: Content {
        Content(
            ByteBuffer(string: "{}"), contentType: "application/json", charset: "utf-8", contentEncoding: "gzip",
            metadata: [NamedValue("color", "red"), NamedValue("empty", "")], indexes: [NamedValue("age_int", "7")],
            links: [Link(bucket: "b", key: "k", tag: "friend")],
            written: HybridTime(milliseconds: 1_700_000_000_000, logical: 5))
    }

    static var receipt: Receipt {
        Receipt(
            coordinator: MemberNumber(1), epoch: Epoch(4),
            asked: AskedQuorum(n: 3, quorum: 2, primary: 1, durable: 2, nodeConfirms: 2), met: 2, metPrimary: 1,
            metDurable: 2,
            responders: [
                Responder(member: MemberNumber(1), role: .primary, answer: .durable),
                Responder(member: MemberNumber(5), role: .fallback, answer: .failed),
            ], duration: .microseconds(830))
    }

    static func request(_ operation: Operation, _ options: RequestOptions = RequestOptions()) -> Message {
        .request(
            Request(
                id: id, epoch: Epoch(4), timeLeft: .seconds(10),
                request: ClientRequest(key: key, operation: operation, options: options)))
    }

    static var allOptions: RequestOptions {
        var options = RequestOptions()
        options.r = .one
        options.w = .quorum
        options.pr = .all
        options.pw = .count(0)
        options.dw = .count(2)
        options.n = 3
        options.nodeConfirms = 0
        options.timeout = .milliseconds(250)
        options.sloppy = false
        options.notfoundOK = true
        options.basicQuorum = false
        options.returnBody = true
        options.head = true
        options.floor = context
        return options
    }

    static func response(_ result: ClientResult) -> Message {
        .response(Response(id: id, reply: ClientReply(result: result, receipt: receipt)))
    }

    static var all: [(name: String, message: Message)] { connection + requests + responses + replicas + cluster }

    private static var connection: [(String, Message)] {
        [
            (
                "hello-client",
                .hello(Hello(clusterName: "", speaker: .client(name: "cli"), epoch: Epoch(0), layoutDigest: 0))
            ),
            (
                "hello-member",
                .hello(
                    Hello(
                        clusterName: "local", speaker: .member(number: MemberNumber(1), name: "n1", nonce: 99),
                        epoch: Epoch(4), layoutDigest: 0x0123_4567_89ab_cdef))
            ),
            ("refused", .refused(Refusal(.wrongCluster, "this is cluster \"other\""))),
        ]
    }

    private static var requests: [(String, Message)] {
        let conditions: [(String, Condition)] = [
            ("absent", .absent), ("present", .present), ("unmodified", .unmodified(context)),
            ("any-vtag", .anyVtag(["a", ""])), ("no-vtag", .noVtag([])),
            ("unmodified-since", .unmodifiedSince(WallTime(milliseconds: 1_700_000_000_000))),
            ("modified-since", .modifiedSince(WallTime(milliseconds: -1))),
        ]
        return [
            ("get", request(.get)),
            ("get-options", request(.get, allOptions)),
            ("put", request(.put(Content(ByteBuffer(string: "milk")), context: nil, condition: nil))),
            ("put-full", request(.put(content, context: context, condition: nil), allOptions)),
            ("put-empty", request(.put(Content(ByteBuffer(), contentType: ""), context: nil, condition: nil))),
            ("delete", request(.delete(context: context, condition: nil))),
            ("update", request(.update(ByteBuffer(bytes: [1, 10]), context: nil, id: nil))),
            (
                "update-full",
                request(
                    .update(
                        ByteBuffer(bytes: [1, 10]), context: context,
                        id: OperationID(client: 0x0123_4567_89ab_cdef, number: 300)), allOptions)
            ),
            (
                "update-empty",
                request(.update(ByteBuffer(), context: VersionVector(), id: OperationID(client: 0, number: 0)))
            ),
            (
                "forwarded",
                .request(
                    Request(
                        id: id, epoch: Epoch(4), timeLeft: TimeSpan(nanoseconds: -5), forwarded: true,
                        request: ClientRequest(key: key, operation: .delete(context: nil, condition: nil))))
            ),
        ]
            + conditions.map { name, condition in
                ("if-\(name)", request(.delete(context: VersionVector(), condition: condition)))
            }
    }

    private static var responses: [(String, Message)] {
        [
            ("response-object", response(.object(object))),
            ("response-nothing", response(.object(CausalObject()))),
            ("response-stored", response(.stored(context: context, object: nil))),
            ("response-stored-body", response(.stored(context: context, object: object))),
            ("response-failed", response(.failed(Failure(.timeout, "no answer", outcome: .unknown)))),
        ]
    }

    private static var replicas: [(String, Message)] {
        let e = Epoch(4)
        let write = Store.Event(dot: Dot(minter, 7), previous: 3)
        return [
            (
                "store",
                .store(
                    Store(
                        exchange: 9, epoch: e, group: group, key: key, object: object.encoded(), event: write,
                        durable: true))
            ),
            (
                "store-repair",
                .store(
                    Store(
                        exchange: 0, epoch: e, round: 2, group: group, key: key, object: object.encoded(), event: nil,
                        durable: false))
            ),
            (
                "store-hint",
                .store(
                    Store(
                        exchange: 9, epoch: e, group: group, key: key, object: object.encoded(), event: nil,
                        durable: true, hintFor: MemberNumber(300)))
            ),
            (
                "store-run",
                .store(
                    Store(
                        exchange: 9, epoch: e, group: group, key: key, object: object.encoded(),
                        event: Store.Event(dot: Dot(minter, 7), previous: 3, count: 5), durable: false))
            ),
            ("fetch-hints", .fetch(Fetch(exchange: 300, epoch: e, group: group, key: key, digest: nil, hints: true))),
            ("stored", .storeReply(StoreReply(exchange: 9, epoch: e, status: .stored(durable: false)))),
            ("stored-durable", .storeReply(StoreReply(exchange: 9, epoch: e, status: .stored(durable: true)))),
            ("store-refused", .storeReply(StoreReply(exchange: 9, epoch: e, status: .refused(.diskFull)))),
            ("fetch", .fetch(Fetch(exchange: 300, epoch: e, group: group, key: key, digest: nil))),
            (
                "fetch-patience",
                .fetch(
                    Fetch(
                        exchange: 300, epoch: e, group: group, key: key, digest: nil, timeLeft: .milliseconds(1_500)))
            ),
            ("fetch-digest", .fetch(Fetch(exchange: 300, epoch: e, group: group, key: key, digest: 0))),
            (
                "fetch-floor",
                .fetch(
                    Fetch(
                        exchange: 300, epoch: e, group: group, key: key, digest: nil,
                        floor: VersionVector([Dot(minter, 7)])))
            ),
            (
                "fetch-absent-floor",
                .fetchReply(
                    FetchReply(
                        exchange: 300, epoch: e, round: 4, status: .absent, handled: VersionVector([Dot(minter, 7)])))
            ),
            ("fetch-same", .fetchReply(FetchReply(exchange: 300, epoch: e, round: 1, status: .same))),
            ("fetch-object", .fetchReply(FetchReply(exchange: 300, epoch: e, status: .object(object.encoded())))),
            ("fetch-absent", .fetchReply(FetchReply(exchange: 300, epoch: e, status: .absent))),
            ("fetch-refused", .fetchReply(FetchReply(exchange: 300, epoch: e, status: .refused(.notInSync)))),
            ("scan", .scan(Scan(exchange: 1, epoch: e, group: group, start: ByteBuffer(), maxBytes: 65_536))),
            ("scan-from", .scan(Scan(exchange: 1, epoch: e, group: group, start: key.bytes, maxBytes: 1))),
            (
                "scan-batch",
                .scanReply(
                    ScanReply(
                        exchange: 1, epoch: e, round: 2,
                        status: .batch(
                            [ScannedObject(key: key, object: object.encoded())], next: key.bytes, clock: nil)))
            ),
            (
                "scan-first",
                .scanReply(ScanReply(exchange: 1, epoch: e, status: .batch([], next: key.bytes, clock: clock)))
            ),
            (
                "scan-unreadable",
                .scanReply(
                    ScanReply(
                        exchange: 1, epoch: e, round: 2,
                        status: .batch([ScannedObject(key: key, object: nil)], next: nil, clock: nil)))
            ),
            ("round", .roundReport(RoundReport(epoch: e, round: 300, heard: 299, wanted: 305))),
            ("scan-end", .scanReply(ScanReply(exchange: 1, epoch: e, status: .batch([], next: nil, clock: nil)))),
            (
                "adverts",
                .adverts(
                    Adverts(
                        epoch: e, number: 3,
                        adverts: [
                            .init(group: group, clock: clock),
                            .init(group: Group(partition: PartitionIndex(0), n: 2), clock: PartitionClock()),
                        ]))
            ),
            (
                "pull",
                .pull(
                    Pull(exchange: 9, epoch: e, group: group, handled: clock, wanted: [key], maxBytes: 65_536))
            ),
            (
                "offer",
                .offer(
                    Offer(
                        exchange: 9, epoch: e, round: 2,
                        status: .batch(
                            [
                                OfferedObject(key: key, dots: [Dot(minter, 7)], digest: 5, object: object.encoded()),
                                OfferedObject(key: key, dots: [], digest: 0, object: nil),
                            ], isLast: true, forgotten: true)))
            ),
            (
                "compare",
                .compare(
                    Compare(
                        exchange: 4, epoch: e, group: group, start: key.bytes, end: ByteBuffer(string: "z"), keys: 2,
                        digest: 77, maxKeys: 256, maxBytes: 65_536))
            ),
            (
                "comparison-differs",
                .comparison(
                    Comparison(
                        exchange: 4, epoch: e,
                        status: .differs([Comparison.Entry(key: key, digest: 5)], end: ByteBuffer(string: "y"))))
            ),
            ("comparison-same", .comparison(Comparison(exchange: 4, epoch: e, status: .same))),
            ("comparison-refused", .comparison(Comparison(exchange: 4, epoch: e, status: .refused(.notInSync)))),
            ("offer-refused", .offer(Offer(exchange: 9, epoch: e, status: .refused(.notInSync)))),
            ("scan-refused", .scanReply(ScanReply(exchange: 1, epoch: e, status: .refused(.notInSync)))),
        ]
    }

    private static var cluster: [(String, Message)] {
        let bucket = ObjectKey.bucketPrefix(type: ByteBuffer(string: "default"), bucket: ByteBuffer(string: "carts"))
        var properties = BucketProperties()
        properties.r = .one
        properties.w = .all
        properties.pr = .count(0)
        properties.pw = .quorum
        properties.dw = .count(3)
        properties.nodeConfirms = .count(2)
        properties.basicQuorum = true
        properties.notfoundOK = false
        properties.sloppy = false
        properties.returnBody = true
        properties.timeout = .seconds(2)
        let author = MemberNumber(2)
        return [
            ("layout-request", .layoutRequest(LayoutRequest(epoch: Epoch(4)))),
            ("layout-reply", .layoutReply(LayoutReply(layout: ByteBuffer(bytes: [1, 2, 3])))),
            ("heartbeat", .heartbeat(Heartbeat(sequence: 128, isReply: false, epoch: Epoch(4)))),
            ("heartbeat-reply", .heartbeat(Heartbeat(sequence: 128, isReply: true, epoch: Epoch(4)))),
            ("gossip", .gossip(Gossip(epoch: Epoch(4), content: ByteBuffer(bytes: [1, 1, 5])))),
            (
                "properties",
                .properties(PropertiesUpdate(bucket: bucket, properties: properties, time: 77, author: author))
            ),
            (
                "properties-reset",
                .properties(PropertiesUpdate(bucket: bucket, properties: .init(), time: 78, author: author))
            ),
            ("introduce", .introduce(Introduce(epoch: Epoch(4), store: 0x0102_0304_0506_0708))),
            ("introduced-new", .introduceReply(IntroduceReply(epoch: Epoch(4), knownBefore: false, known: []))),
            (
                "introduced-round",
                .introduceReply(IntroduceReply(epoch: Epoch(4), knownBefore: false, known: [], round: 17))
            ),
            (
                "introduced-known",
                .introduceReply(
                    IntroduceReply(
                        epoch: Epoch(4), knownBefore: true,
                        known: [KnownStore(MemberNumber(1), store: 9), KnownStore(MemberNumber(300), store: 0)]))
            ),
        ]
    }
}
