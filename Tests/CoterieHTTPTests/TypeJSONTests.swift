import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import HTTPTypes
import NIOCore
import Testing

@testable import CoterieHTTP

private func update(_ type: String, _ json: String) throws -> TypeUpdate {
    try TypeJSON.update(ByteBuffer(string: json), of: type)
}

private func bytes(_ texts: String...) -> [ByteBuffer] { texts.map { ByteBuffer(string: $0) } }

@Suite struct UpdateJSONTests {
    @Test(
        "a counter takes numbers, words and objects",
        arguments: [
            ("5", 5), ("-3", -3), ("0", 0), (#""increment""#, 1), (#""decrement""#, -1), (#"{"increment":5}"#, 5),
            (#"{"decrement":2}"#, -2), (#"{"decrement":-2}"#, 2), ("9223372036854775807", Int64.max),
            ("-9223372036854775808", Int64.min),
        ])
    func aCounterTakesNumbersWordsAndObjects(json: String, amount: Int64) throws {
        #expect(try update("counter", json).operation == CounterOperation.add(amount).canonicalBytes())
    }

    @Test func aCounterIsReset() throws {
        #expect(try update("counter", #""reset""#).operation == CounterOperation.reset.canonicalBytes())
    }

    @Test func aSetTakesSingleElementsAndLists() throws {
        let all = #"{"add":"a","add_all":["c","b"],"remove":"x","remove_all":["z","y"]}"#
        let expected = SetOperation(adds: bytes("a", "b", "c"), removes: bytes("x", "y", "z"))
        #expect(try update("set", all).operation == expected.canonicalBytes())
        // Riak takes them within an update, as an object and as a list.
        let nested = #"{"update":[{"add":"a"},{"add_all":["b","c"]},{"remove_all":["x","y","z"]}]}"#
        #expect(try update("set", nested).operation == expected.canonicalBytes())
        #expect(
            try update("set", #"{"update":{"add":"a"}}"#).operation == SetOperation(adds: bytes("a")).canonicalBytes())
    }

    @Test func aGrowOnlySetAndACountTakeElements() throws {
        let expected = ElementList(bytes("a", "b")).canonicalBytes()
        for type in ["gset", "hll"] {
            #expect(try update(type, #"{"add":"b","add_all":["a"]}"#).operation == expected)
        }
    }

    @Test func bytesThatAreNoTextComeAsBase64() throws {
        let expected = SetOperation(adds: [ByteBuffer(bytes: [0xFF, 0x00])]).canonicalBytes()
        #expect(try update("set", #"{"add":{"base64":"/wA="}}"#).operation == expected)
        #expect(
            try update("register", #"{"base64":"/wA="}"#).operation
                == ByteBuffer(bytes: [0xFF, 0x00]).canonicalBytes())
    }

    @Test func singleValuesAreSet() throws {
        let x = ByteBuffer(string: "x").canonicalBytes()
        #expect(try update("register", #""x""#).operation == x)
        #expect(try update("register", #"{"assign":"x"}"#).operation == x)
        #expect(try update("flag", #""enable""#).operation == true.canonicalBytes())
        #expect(try update("flag", #""disable""#).operation == false.canonicalBytes())
        for type in ["max", "min"] {
            #expect(try update(type, "-7").operation == Int64(-7).canonicalBytes())
            #expect(try update(type, #"{"offer":7}"#).operation == Int64(7).canonicalBytes())
        }
    }

    @Test func aBoundedCounterTakesAndGives() throws {
        let replica = ReplicaID(member: MemberNumber(3), incarnation: Incarnation(nonce: 12345, sub: 2))
        #expect(try update("bcounter", #"{"add":5}"#).operation == BoundedCounterOperation.add(5).canonicalBytes())
        #expect(try update("bcounter", #"{"take":3}"#).operation == BoundedCounterOperation.take(3).canonicalBytes())
        #expect(
            try update("bcounter", #"{"give":{"amount":2,"to":"\#(replica)"}}"#).operation
                == BoundedCounterOperation.give(2, to: replica).canonicalBytes())
    }

    @Test func aMapTakesUpdatesAndRemovesOfFieldsWhoseNamesTellTheirTypes() throws {
        let json = """
            {"update": {"name_register": "x", "n_counter": 1, "s_set": {"add_all": ["a"]}, "f_flag": "enable",
              "of_the_day_gset": {"add": "g"}, "h_hll": {"add": "h"}, "most_max": 7, "_min": -7,
              "m_map": {"update": {"n_counter": -1}, "remove": "old_set"}},
             "remove": ["f_flag", "t_map"]}
            """
        let inner = MapOperation(
            removes: [Field("old", ReplicatedSet.self)],
            updates: [.init(Field("n", ReplicatedCounter.self), CounterOperation.add(-1).canonicalBytes())])
        let expected = MapOperation(
            removes: [Field("f", ReplicatedFlag.self), Field("t", ReplicatedMap.self)],
            updates: [
                .init(Field("name", ReplicatedRegister.self), ByteBuffer(string: "x").canonicalBytes()),
                .init(Field("n", ReplicatedCounter.self), CounterOperation.add(1).canonicalBytes()),
                .init(Field("s", ReplicatedSet.self), SetOperation(adds: bytes("a")).canonicalBytes()),
                .init(Field("f", ReplicatedFlag.self), true.canonicalBytes()),
                .init(Field("of_the_day", GrowOnlySet.self), ElementList(bytes("g")).canonicalBytes()),
                .init(Field("h", DistinctCount.self), ElementList(bytes("h")).canonicalBytes()),
                .init(Field("most", ReplicatedMaximum.self), Int64(7).canonicalBytes()),
                .init(Field("", ReplicatedMinimum.self), Int64(-7).canonicalBytes()),
                .init(Field("m", ReplicatedMap.self), inner.canonicalBytes()),
            ])
        #expect(try update("map", json).operation == expected.canonicalBytes())
    }

    @Test func aContextGoesWithAnyOperation() throws {
        #expect(try update("set", #"{"remove":"a","context":"AQEB"}"#).context == "AQEB")
        #expect(try update("counter", #"{"increment":2,"context":"AQEB"}"#).context == "AQEB")
        #expect(try update("map", #"{"remove":["f_flag"],"context":"AQEB"}"#).context == "AQEB")
        #expect(try update("set", #"{"add":"a"}"#).context == nil)
    }

    @Test func anOperationOfATypeOfOnesOwnIsItsBytes() throws {
        #expect(try update("ballot", #"{"base64":"AQI="}"#).operation == ByteBuffer(bytes: [1, 2]))
    }

    @Test(
        "what is wrong is named with its place and what is allowed",
        arguments: [
            ("counter", "{", "the update: is not JSON; a counter takes a whole number"),
            ("counter", #"{"increment":true}"#, "increment: is a whole number of 64 bits, not true"),
            ("counter", #"{"increment":5,"decrement":10}"#, "the update: a counter takes a whole number"),
            ("counter", "{}", "not an object"), ("counter", "[]", "not []"), ("counter", "1.5", "not 1.5"),
            ("counter", "9223372036854775808", "not 9.2"), ("counter", #""more""#, #"not "more""#),
            ("counter", #"{"decrement":-9223372036854775808}"#, "decrement: -9223372036854775808 has no opposite"),
            ("set", #"{"add":5}"#, #"add: is a text, or {"base64": "…"} for other bytes, not 5"#),
            ("set", #"{"add_all":["a",5]}"#, "add_all[1]: is a text"),
            ("set", #"{"add_all":"a"}"#, #"add_all: is a list of elements, not "a""#),
            ("set", #"{"put":"a"}"#, #"put: is no operation; a set takes an object of "add""#),
            ("set", #"{"update":[{"add":"a"},{"ad":"b"}]}"#, "update[1].ad: is no operation"),
            ("set", #"{"add":{"base64":"?"}}"#, #"add.base64: is not base64: "?""#),
            ("gset", #"{"remove":"a"}"#, "remove: is no operation; a gset takes"),
            ("set", #"{"add":"a","context":5}"#, "context: is the text that a read gave, not 5"),
            ("register", "5", "the update: is a text"),
            ("flag", "true", #"a flag takes "enable" or "disable", not true"#),
            ("max", #""7""#, #"a max takes a whole number, or {"offer": 7}, not "7""#),
            ("bcounter", #"{"take":0}"#, "take: is a positive number, not 0"),
            ("bcounter", #"{"give":{"amount":1,"to":"n1"}}"#, "give.to: is a replica as a read names it"),
            ("map", #"{"update":{"n":1}}"#, #"update.n: "n" is no field: it ends in _counter, _flag, "#),
            ("map", #"{"update":{"a_b":1}}"#, #"update.a_b: "a_b" is no field"#),
            (
                "map", #"{"update":{"m_map":{"update":{"s_set":{"add_all":["a",null]}}}}}"#,
                "update.m_map.update.s_set.add_all[1]: is a text"
            ),
            ("map", #"{"remove":["f_flag",5]}"#, #"remove[1]: is a field, such as "n_counter", not 5"#),
            ("map", #"{"add":"f_flag"}"#, "add: has no meaning"), ("map", "{}", "the update: a map takes"),
            ("ballot", #""vote""#, #"a ballot takes {"base64": "…"}, the bytes of its operation, not "vote""#),
        ])
    func whatIsWrongIsNamed(type: String, json: String, message: String) throws {
        let error = #expect(throws: TypeJSONError.self) { try update(type, json) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}

@Suite struct RandomUpdateJSONTests {
    /// What may stand in an object of a type's updates, and what may not.
    private static let words: [String: [String]] = [
        "counter": ["increment", "decrement"], "set": ["add", "add_all", "remove", "remove_all", "update"],
        "gset": ["add", "add_all"], "hll": ["add", "add_all"], "register": ["assign", "base64"], "max": ["offer"],
        "min": ["offer"], "bcounter": ["add", "take", "give", "amount", "to"],
        "map": ["update", "remove", "n_counter", "s_set", "m_map", "f_flag", "r_register", "h_hll"],
    ]
    private static let others = ["context", "base64", "add", "x", "_", ""]

    private func value(_ generator: inout SeededGenerator, _ type: String, depth: Int) -> JSONValue {
        switch generator.below(depth > 4 ? 6 : 12) {
        case 0: return generator.pick([.null, .bool(true), .number(1.5)]) ?? .null
        case 1, 2: return .integer(generator.pick([0, 1, -1, 5, .max, .min]) ?? 0)
        case 3, 4, 5:
            return .string(generator.pick(["", "a", "enable", "increment", "AQ==", "m1:2", "n_counter"]) ?? "")
        case 6: return .array((0 ..< generator.below(4)).map { _ in value(&generator, type, depth: depth + 1) })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0 ..< 1 + generator.below(2) {
                let words = generator.chance(1, in: 10) ? Self.others : Self.words[type] ?? Self.others
                members[generator.pick(words) ?? ""] = value(&generator, type, depth: depth + 1)
            }
            return .object(members)
        }
    }

    @Test(
        "any JSON is refused, or is an operation that the type takes",
        arguments: ["counter", "set", "gset", "hll", "register", "flag", "max", "min", "map", "bcounter"])
    func anyJSONIsRefusedOrIsAnOperation(type: String) throws {
        let registered = try TypeRegistry.builtIn[type]
        var generator = SeededGenerator(seed: 11)
        let occasion = Occasion(
            minter: ReplicaID(member: MemberNumber(1), incarnation: Incarnation(nonce: 7)),
            now: WallTime(milliseconds: 1))
        var taken = 0
        for _ in 0 ..< 1_500 {
            var json = value(&generator, type, depth: 0)
            if type == "map", generator.chance(1, in: 2) {
                let field = generator.pick(["n_counter", "s_set", "f_flag", "r_register", "m_map", "x"]) ?? ""
                let inner = String(field.dropFirst(2))
                json = .object(["update": .object([field: value(&generator, inner, depth: 2)])])
            }
            let update: TypeUpdate
            do {
                update = try TypeJSON.update(ByteBuffer(string: json.line), of: type)
            } catch {
                continue
            }
            taken += 1
            do {
                _ = try registered.apply(update.operation, to: CausalObject(), occasion)
            } catch TypeFault.refused {
                // A bounded counter has nothing to take; maps may be too deep.
            } catch {
                Issue.record("\(json.line) became no operation of \(type): \(error)")
            }
        }
        #expect(taken > 10)
    }
}

@Suite struct ValueJSONTests {
    private func text(_ value: some Canonical, _ type: String) throws -> String {
        String(buffer: Answer(.ok, json: try TypeJSON.value(value.canonicalBytes(), of: type)).body)
    }

    @Test func valuesAreShownAsRiakShowsThem() throws {
        #expect(try text(Int64(-3), "counter") == "-3\n")
        #expect(try text(bytes("a", "b"), "set") == "[\"a\",\"b\"]\n")
        #expect(try text([ByteBuffer(bytes: [0xFF])], "gset") == "[{\"base64\":\"/w==\"}]\n")
        #expect(try text(UInt64(12), "hll") == "12\n")
        #expect(try text(Int64?.none, "max") == "null\n")
        #expect(try text(Int64?.some(4), "min") == "4\n")
        #expect(try text(true, "flag") == "true\n")
        #expect(try text(ByteBuffer?.some(ByteBuffer(string: "x")), "register") == "\"x\"\n")
        #expect(try TypeJSON.value(ByteBuffer(bytes: [1, 2]), of: "ballot") == .object(["base64": .string("AQI=")]))
    }

    @Test func aMapShowsItsFieldsWithTheirTypes() throws {
        let inner = MapValue([.init(Field("n", ReplicatedCounter.self), Int64(5).canonicalBytes())])
        let value = MapValue([
            .init(Field("f", ReplicatedFlag.self), true.canonicalBytes()),
            .init(Field("m", ReplicatedMap.self), inner.canonicalBytes()),
            .init(Field("s", ReplicatedSet.self), bytes("a").canonicalBytes()),
        ])
        #expect(try text(value, "map") == "{\"f_flag\":true,\"m_map\":{\"n_counter\":5},\"s_set\":[\"a\"]}\n")
    }

    @Test func aBoundedCounterShowsWhoMayTakeHowMuch() throws {
        let replica = ReplicaID(member: MemberNumber(1), incarnation: Incarnation(nonce: 36))
        let value = BoundedCounterValue([.init(replica, 7)])
        #expect(try text(value, "bcounter") == "{\"amount\":7,\"rights\":{\"m1:10\":7}}\n")
    }

    @Test func bytesThatAreNoValueAreRefused() {
        #expect(throws: TypeFault.self) { try TypeJSON.value(ByteBuffer(bytes: [0x80]), of: "counter") }
    }
}
