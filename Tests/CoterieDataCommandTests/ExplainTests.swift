import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import Foundation
import NIOCore
import Testing

@testable import CoterieCommandLine
@testable import CoterieHTTP

/// Three owners of one key, as `/admin/explain` would tell of them.
private struct Owners {
    let layout: Layout
    var objects = [CausalObject](repeating: CausalObject(), count: 3)
    let type: AnyReplicatedType
    var merges: [[MergeReport]] = [[], [], []]

    init(_ name: String) throws {
        let members = (1 ... 3).map { number in
            Member(
                number: MemberNumber(UInt32(number)), name: "n\(number)",
                peer: Endpoint(host: "127.0.0.1", port: 7100 + number),
                http: Endpoint(host: "127.0.0.1", port: 8100 + number))
        }
        layout = try Layout(first: ClusterDefinition(name: "test", partitions: 8, replicas: 3, members: members))
        type = try TypeRegistry.builtIn[name]
    }

    static func replica(_ number: Int, life: UInt64 = 1) -> ReplicaID {
        ReplicaID(member: MemberNumber(UInt32(number)), incarnation: Incarnation(nonce: life))
    }

    func name(_ number: Int, _ counter: UInt64, life: UInt64 = 1) -> EventName {
        EventName(Dot(Self.replica(number, life: life), counter), layout)
    }

    /// An operation at an owner, whose dots begin with `counter`.
    mutating func perform(_ operation: some Canonical, at owner: Int, _ counter: UInt64, life: UInt64 = 1) throws {
        let replica = Self.replica(owner, life: life)
        let now = WallTime(milliseconds: 1_767_322_800_000 + Int64(counter) * 1_000)
        let event = try type.event(
            of: operation.canonicalBytes(), on: objects[owner - 1], first: Dot(replica, counter),
            Occasion(minter: replica, now: now))
        objects[owner - 1].apply(try #require(event))
    }

    mutating func deliver(from: Int, to: Int) { objects[to - 1].merge(objects[from - 1]) }

    func answers(silent: [Int: String] = [:]) -> [ReplicaAnswer] {
        objects.enumerated().map { index, object in
            if let why = silent[index + 1] { return .silent(node: "n\(index + 1)", why: why) }
            var report = ReplicaReport(
                node: "n\(index + 1)", epoch: 1, bucketType: "things", datatype: type.name,
                key: ObjectKey(type: "things", bucket: "b", key: "k"), isOwner: true)
            report.describe(object, as: type, layout)
            report.merges = merges[index]
            return .report(report)
        }
    }

    func picture(silent: [Int: String] = [:]) -> KeyPicture {
        KeyPicture(answers(silent: silent), bucketType: "things", datatype: type.name, bucket: "b", key: "k")
    }

    func text(silent: [Int: String] = [:], ascii: Bool = false) -> [String] {
        let output = Output(descriptor: 1, isTerminal: false, environment: [:])
        return PictureText(picture: picture(silent: silent), output: output, isASCII: ascii).lines
    }
}

private func add(_ elements: String...) -> SetOperation { SetOperation(adds: elements.map { ByteBuffer(string: $0) }) }
private func remove(_ element: String) -> SetOperation { .remove(ByteBuffer(string: element)) }

@Suite struct ExplainTests {
    @Test func anElementThatOneReplicaRemovedAndAnotherAddedAgainIsDrawnWithBothEvents() throws {
        var owners = try Owners("set")
        try owners.perform(add("milk", "tea"), at: 1, 1)
        owners.deliver(from: 1, to: 2)
        owners.deliver(from: 1, to: 3)
        try owners.perform(remove("milk"), at: 2, 5)
        try owners.perform(add("milk"), at: 3, 7)
        #expect(
            owners.text() == [
                "things/b/k: set, on n1, n2, n3",
                "rule   an element is there while an addition of it is live; a remove takes those it saw",
                #"n1  ["milk","tea"]  lacks n2#5, n3#7"#,
                #"n2  ["tea"]  lacks n3#7"#,
                #"n3  ["milk","tea"]  lacks n2#5"#,
                "",
                "       EVENT  SAYS      WRITTEN  REPLACES  n1  n2  n3",
                #"    ●  n1#2   ["tea"]   -        -         ●   ●   ●"#,
                #"  ╭─●  n3#7   ["milk"]  -        n1#1?     ·   ·   ●"#,
                #"╭─┼─○  n2#5   -         -        n1#1?     ·   ○   ·"#,
                #"╰─┴▶●  n1#1   ["milk"]  -        -         ●   ○   ○"#,
                "",
                "● live   ○ seen, its value is gone   · not seen   x? by elimination",
            ])
        #expect(!owners.picture().isConverged)
        for to in [1, 2] { owners.deliver(from: 3, to: to) }
        for to in [1, 3] { owners.deliver(from: 2, to: to) }
        #expect(owners.picture().isConverged)
        #expect(owners.text()[2 ... 4].allSatisfy { $0.hasSuffix(#"["milk","tea"]"#) })
    }

    @Test func aRememberedWriteTellsWhatItReplaced() throws {
        var owners = try Owners("set")
        try owners.perform(add("milk"), at: 1, 1)
        try owners.perform(add("milk"), at: 1, 2)
        owners.merges[0] = [
            MergeReport(
                agoMilliseconds: 65_200, from: nil, event: owners.name(1, 2), replaced: [owners.name(1, 1)]),
            MergeReport(
                agoMilliseconds: 900, from: "n2", event: owners.name(2, 9), arrived: [owners.name(2, 9)],
                discarded: [owners.name(1, 1)], stayed: [owners.name(1, 2)]),
        ]
        let picture = owners.picture()
        #expect(picture.edges.contains(.init(from: owners.name(1, 2), to: owners.name(1, 1), ground: .remembered)))
        #expect(
            owners.text().suffix(3) == [
                "remembered merges, the newest first",
                "  900 ms ago  n1 merged what came from n2 with n2#9: came n2#9; discarded by the rule n1#1; beside n1#2",
                "  65.2 s ago  n1 wrote n1#2: replaced n1#1",
            ])
    }

    @Test func ofConcurrentWritesTheRuleShowsTheLatestAndTheOthersAreHidden() throws {
        var owners = try Owners("lww")
        try owners.perform(Content(ByteBuffer(string: "one"), contentType: "text/plain"), at: 1, 1)
        try owners.perform(Content(ByteBuffer(string: "two"), contentType: "text/plain"), at: 2, 2)
        owners.deliver(from: 1, to: 2)
        let text = owners.text()
        #expect(text[3] == #"n2  "two""#)
        #expect(
            text.contains(
                #"╭─●  n2#2   "two" (text/plain)           2026-01-02T03:00:02.000Z  n1#1      ·   ●   ·"#))
        #expect(
            text.contains(
                #"╰▶●  n1#1   "one" (text/plain) (hidden)  2026-01-02T03:00:01.000Z  -         ●   ●   ·"#))
        #expect(text[4] == "n3  nothing: never written here, or deleted and forgotten  lacks n1#1, n2#2")
    }

    @Test func anOwnerThatDoesNotAnswerIsNamedWithTheReason() throws {
        var owners = try Owners("counter")
        try owners.perform(CounterOperation.add(5), at: 1, 1)
        let text = owners.text(silent: [3: "connection refused"])
        #expect(text[4] == "n3  does not tell: connection refused")
        #expect(text.contains("●  n1#1   +5    -        -         ●   ·   ?"))
        #expect(text.last == "● live   ○ seen, its value is gone   · not seen   ? not told")
    }

    @Test func livesOfOneMemberAreToldApart() throws {
        var owners = try Owners("counter")
        try owners.perform(CounterOperation.add(5), at: 1, 1)
        try owners.perform(CounterOperation.add(-2), at: 1, 1, life: 2)
        #expect(owners.picture().events.map(\.label) == ["n1a#1", "n1b#1"])
        #expect(owners.picture().events.map(\.says) == ["+5", "-2"])
    }

    @Test func aKeyThatNobodyKnowsHasNoEvents() throws {
        #expect(try Owners("set").text().contains("no event is known of this key"))
    }

    @Test func aTerminalWithoutTheCharactersGetsOthers() throws {
        var owners = try Owners("lww")
        try owners.perform(Content(ByteBuffer(string: "one")), at: 1, 1)
        try owners.perform(Content(ByteBuffer(string: "two")), at: 2, 2)
        owners.deliver(from: 1, to: 2)
        let text = owners.text(ascii: true)
        #expect(text.allSatisfy { $0.utf8.allSatisfy { $0 < 128 } })
        #expect(text.contains { $0.hasPrefix(".-*  n2#2") } && text.contains { $0.hasPrefix("`>*  n1#1") })
    }

    @Test func theGraphForGraphvizNamesReplicasEventsAndEdges() throws {
        var owners = try Owners("set")
        try owners.perform(add("a \"b\""), at: 1, 1)
        owners.deliver(from: 1, to: 2)
        try owners.perform(remove("a \"b\""), at: 2, 3)
        let lines = PictureDOT.lines(owners.picture())
        #expect(lines.first == "digraph key {" && lines.last == "}")
        #expect(
            lines.contains(
                #"  "n1#1" [style=filled, fillcolor=palegreen, label="n1#1\n[\"a \\\"b\\\"\"]"];"#))
        #expect(lines.contains(#"  "n2#3" -> "n1#1" [label="replaced?", style=dashed];"#))
        #expect(lines.contains(#"  "n1" -> "n1#1" [style=dotted, dir=none];"#))
    }

    @Test func theJSONHasEverythingInOneObject() throws {
        var owners = try Owners("flag")
        try owners.perform(true, at: 1, 1)
        let text = try JSONText.of(owners.picture(silent: [2: "gone"]))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(Set(object.keys).isSuperset(of: ["events", "edges", "replicas", "merges", "isConverged", "datatype"]))
        let events = try #require(object["events"] as? [[String: Any]])
        #expect(events.first?["standings"] as? [String] == ["live", "unknown", "unseen"])
    }
}

@Suite struct EventGraphTests {
    @Test func trunksThatOverlapHaveLanesOfTheirOwnAndCross() {
        let graph = EventGraph(rows: 4, edges: [(0, 2), (0, 3), (1, 3)], pen: .unicode)
        #expect(graph.gutters == ["  ╭─", "╭─┼─", "│ ├▶", "╰─┴▶"])
    }

    @Test func trunksThatDoNotOverlapShareALane() {
        #expect(EventGraph(rows: 4, edges: [(0, 1), (2, 3)], pen: .ascii).gutters == [".-", "`>", ".-", "`>"])
    }

    @Test func withoutEdgesThereIsNoGutter() {
        #expect(EventGraph(rows: 2, edges: [], pen: .unicode).gutters == ["", ""])
    }
}
