// Histories as text: what is written is read back and judged alike; what is wrong is refused with its line.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore
import Testing

@Suite struct ExchangeTests {
    static func model(_ seed: UInt64) -> History {
        var store = ModelStore(seed: seed, mutant: nil)
        store.run(steps: 200)
        return store.history
    }

    @Test(arguments: 0 ..< 10 as Range<UInt64>) func jsonLinesComeBackWhole(seed: UInt64) throws {
        let history = Self.model(seed)
        let back = try History(jsonLines: history.jsonLines())
        #expect(back.records == history.records, "seed \(seed)")
        #expect(back.rules == history.rules)
        #expect(back.digest == history.digest)
    }

    @Test func collectionsAndOddKeysComeBack() throws {
        var history = History(rules: ["lww": BucketRule(n: 5, kind: .lww, r: .one, w: .count(3), sloppy: true)])
        let key = ObjectKey(
            type: ByteBuffer(string: "lww"), bucket: ByteBuffer(bytes: [0, 255, 0x25]),
            key: ByteBuffer(string: "a/b \"é"))
        let add = history.call(.add(7), key: key, by: ProcessNumber(1), at: Instant(nanoseconds: 5))
        let get = history.call(.get, key: key, by: ProcessNumber(2), at: Instant(nanoseconds: 5))
        history.complete(add, .unknown, code: .timeout, at: Instant(nanoseconds: 6))
        history.complete(get, .ok, reply: Reply(elements: [7, .max]), at: Instant(nanoseconds: 7))
        history.call(.remove(7), key: key, by: ProcessNumber(1), at: Instant(nanoseconds: 8))
        history.call(.update, key: key, by: ProcessNumber(1), at: Instant(nanoseconds: 8))
        history.call(.increment(-5), key: key, by: ProcessNumber(1), at: Instant(nanoseconds: 8))
        let back = try History(jsonLines: history.jsonLines())
        #expect(back.records == history.records)
        #expect(back.rules == history.rules)
    }

    @Test func theDigestIsOfTheFormatForEver() {
        var history = History(rules: ["t": BucketRule(n: 3)])
        let key = ObjectKey(type: "t", bucket: "b", key: "k")
        let put = history.call(
            .put(ValueID(7)), key: key, by: ProcessNumber(2), context: vector(Dot(a, 1)),
            at: Instant(nanoseconds: 1_000))
        history.complete(
            put, .ok, reply: Reply(context: vector(Dot(a, 2))), receipt: Situation.receipt(a, [1], isWrite: true),
            at: Instant(nanoseconds: 2_000))
        #expect(
            String(buffer: history.jsonLines()) == """
                {"format":"coterie-history","version":1,"rules":[{"name":"t","n":3,"type":"siblings","r":"quorum","w":"quorum","dw":"quorum"}]}
                {"id":1,"process":2,"key":"t/b/k","kind":"put","value":7,"call":1000,"return":2000,"call_order":1,"return_order":2,"outcome":"ok","epoch":1,"context":"AQEBAAAAAAAAAAoAAfJZueg","reply":{"context":"AQEBAAAAAAAAAAoAAmtQ6FI"},"receipt":{"coordinator":1,"epoch":1,"asked":{"n":3,"quorum":1,"primary":0,"durable":1,"node_confirms":0},"met":1,"met_primary":1,"met_durable":1,"duration":0,"responders":[{"member":1,"role":"primary","answer":"durable"}]}}

                """)
    }

    @Test func aMinimalLineOfAnotherProgramIsEnough() throws {
        let text = """
            {"process": 1, "key": "default/b/x", "kind": "put", "value": 4, "call": 10, "return": 20, "outcome": "ok"}

            { "process" : 2 , "key" : "default/b/x", "kind":"get", "call":20, "return":30, "outcome":"not_applied" , "more":[1.5e3,{"\\u00e9":null}]}
            {"process": 1, "key": "default/b/x", "kind": "delete", "call": 40, "outcome": "open"}
            """
        let history = try History(jsonLines: ByteBuffer(string: text))
        #expect(history.records.map(\.id) == [RecordID(1), RecordID(2), RecordID(3)])
        // They touch at 20, so they overlap.
        #expect(history.records[1].called.order < history.records[0].returned?.order ?? 0)
        #expect(history.records[2].returned == nil)
    }

    @Test(arguments: [
        ("{", "byte 1: a name in quotes is missing"),
        ("{\"kind\":\"get\"}", "\"key\" must be type/bucket/key, each percent-encoded, not ''"),
        (
            "{\"key\":\"a/b/c\",\"kind\":\"set\"}",
            "\"kind\" must be get, put, delete, add, remove, increment or update, not 'set'"
        ),
        ("{\"key\":\"a/b/c\",\"kind\":\"put\"}", "\"value\" is missing"),
        (
            "{\"key\":\"a/b/c\",\"kind\":\"put\",\"value\":-1}",
            "\"value\" must be a whole number of 0 to 18446744073709551615"
        ),
        ("{\"format\":\"coterie-history\",\"version\":2}", "format version 2, this build reads 1"),
        ("nothing", "byte 0: 'nothing' is no value of JSON"),
    ])
    func aWrongLineIsNamed(text: String, error: String) {
        #expect(throws: HistoryFormatError(line: 2, error)) {
            try History(jsonLines: ByteBuffer(string: "\n" + text))
        }
    }

    @Test(arguments: 0 ..< 10 as Range<UInt64>, [EDNStyle.register, .siblings])
    func ednComesBack(seed: UInt64, style: EDNStyle) throws {
        let history = Self.model(seed)
        let back = try History(jepsenEDN: history.jepsenEDN(style: style), rules: history.rules)
        #expect(back.records.count == history.records.count)
        for (mine, other) in zip(history.records, back.records) {
            #expect(mine.action == other.action && mine.key == other.key && mine.outcome == other.outcome)
            #expect(mine.process == other.process && mine.context == other.context)
            #expect(mine.called.nanoseconds == other.called.nanoseconds)
            #expect(mine.reply?.siblings?.map(\.value) == other.reply?.siblings?.map(\.value) || mine.action.isWrite)
        }
        let order: (History) -> [Int] = { $0.records.map(\.called.order) }
        #expect(order(back) == order(history))
    }

    @Test func ednLooksLikeJepsens() {
        var s = Situation()
        s.put(7, Dot(a, 1))
        s.get(shows([(Dot(a, 1), 7)], vector(Dot(a, 1))))
        s.put(8, Dot(a, 2), outcome: .unknown)
        #expect(
            String(buffer: s.history.jepsenEDN()) == """
                {:index 0, :time 1000, :type :invoke, :process 0, :f :write, :value ["t/b/k" 7], :session 0}
                {:index 1, :time 2000, :type :ok, :process 0, :f :write, :value ["t/b/k" 7], :epoch 1, :context "AQEBAAAAAAAAAAoAAfJZueg"}
                {:index 2, :time 3000, :type :invoke, :process 1, :f :read, :value ["t/b/k" nil], :session 1}
                {:index 3, :time 4000, :type :ok, :process 1, :f :read, :value ["t/b/k" 7], :epoch 1, :context "AQEBAAAAAAAAAAoAAfJZueg", :dots ["m1:a#1"]}
                {:index 4, :time 5000, :type :invoke, :process 0, :f :write, :value ["t/b/k" 8], :session 0}
                {:index 5, :time 6000, :type :info, :process 0, :f :write, :value ["t/b/k" 8]}

                """)
    }

    @Test func aHistoryOfJepsenIsRead() throws {
        let text = """
            ; a register, as jepsen.etcd writes it
            [{:process :nemesis, :type :info, :f :start, :value nil}
             #jepsen.history.Op{:index 0 :process 0 :type :invoke :f :write :value 3 :time 100}
             {:process 1, :type :invoke, :f :read, :value nil, #_ :skipped #_ 1 :time 150}
             {:process 0, :type :ok, :f :write, :value 3, :time 200}
             {:process 1, :type :ok, :f :read, :value 3, :time 250, :tags #{:a \\b}}]
            """
        let history = try History(jepsenEDN: ByteBuffer(string: text), isKeyed: false)
        #expect(history.records.map(\.action) == [.put(ValueID(3)), .get])
        #expect(history.records[1].reply?.siblings?.map(\.value) == [ValueID(3)])
        var promise = Promise()
        promise.linearizable = ["default"]
        #expect(Judge(promise: promise).judge(history).isEmpty)
    }

    @Test func ednThatIsWrongIsRefusedWithItsLine() {
        for (text, line) in [
            ("\n{:process 0", 2), ("{:process 0}", 1), ("\n\n}", 3), ("{:process 0 :type :ok :f :read}", 1),
        ] {
            do throws(HistoryFormatError) {
                _ = try History(jepsenEDN: ByteBuffer(string: text))
                Issue.record("\(text) was read")
            } catch {
                #expect(error.line == line, "\(error)")
            }
        }
    }

    @Test func noCutAndNoChangedByteTraps() {
        var random = SeededGenerator(seed: 1)
        let history = Self.model(3)
        for text in [history.jsonLines(), history.jepsenEDN()] {
            for _ in 0 ..< 60 {
                var bytes = Array(text.readableBytesView.prefix(1 + random.below(6_000)))
                bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                _ = try? History(jsonLines: ByteBuffer(bytes: bytes))
                _ = try? History(jepsenEDN: ByteBuffer(bytes: bytes))
            }
        }
    }
}
