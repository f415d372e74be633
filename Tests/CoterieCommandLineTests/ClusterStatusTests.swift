// What `coterie cluster status` makes of the nodes' accounts.

import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import Foundation
import Testing

@testable import CoterieCommandLine

@Suite struct ClusterStatusTests {
    private let output = Output(descriptor: 1, isTerminal: false, environment: [:])

    private func layout() throws -> LayoutDescription {
        let members = (1 ... 3).map { number in
            Member(
                number: .init(UInt32(number)), name: "n\(number)",
                peer: Endpoint(host: "127.0.0.1", port: 7100 + number),
                http: Endpoint(host: "127.0.0.1", port: 8100 + number))
        }
        return LayoutDescription(
            try Layout(
                first: ClusterDefinition(
                    name: "local", partitions: 8, replicas: 3, members: members,
                    bucketTypes: [BucketType(name: "default", n: 3, kind: .siblings)])))
    }

    private func status(_ name: String, _ peers: [NodeStatus.Peer]) -> NodeStatus {
        var status = NodeStatus(
            node: name, number: 1, incarnation: "a", cluster: "local", epoch: 1, version: "1",
            uptimeMilliseconds: 185_000, durability: "fsync", engine: "log", peers: peers,
            counters: ["read_repairs": 7, "offers_made": 3])
        status.exchange = ["lacked_events": 0]
        status.inSyncAgoMilliseconds = 900
        status.membership = ["probes": 180, "failed_probes": 2, "health_multiplier": 1]
        return status
    }

    private func peer(_ name: String, _ state: NodeStatus.Peer.State, since: Int64 = 60_000) -> NodeStatus.Peer {
        var peer = NodeStatus.Peer(
            name: name, number: 1, state: state, sinceMilliseconds: since, connected: state == .alive)
        peer.exchange = .init(
            groups: 8, missingHere: 0, missingThere: 0, inSyncAgoMilliseconds: 900, lackingMilliseconds: nil)
        return peer
    }

    @Test func aHealthyClusterIsALineForEachMember() throws {
        let report = ClusterReport(
            layout: try layout(), status: status("n1", [peer("n2", .alive), peer("n3", .alive)]),
            others: [
                status("n2", [peer("n1", .alive), peer("n3", .alive)]),
                status("n3", [peer("n1", .alive), peer("n2", .alive)]),
            ])
        let lines = ClusterStatusText(report: report, output: output).lines
        #expect(
            lines == [
                "local: epoch 1, 8 partitions, 3 replicas, as n1 sees it",
                "NODE  STATE  SINCE  SERVICE  IN SYNC  LACKS  SLOTS  HTTP",
                "n1    alive  3m05s  serving  now          0      8  127.0.0.1:8101",
                "n2    alive  1m00s  serving  now          0      8  127.0.0.1:8102",
                "n3    alive  1m00s  serving  now          0      8  127.0.0.1:8103",
                "",
                "SINCE START     UP  READ REPAIRS  SKIPPED  OFFERED  TAKEN  PROBES  FAILED  SLOW",
                "n1           3m05s             7        0        3      0     180       2    no",
                "n2           3m05s             7        0        3      0     180       2    no",
                "n3           3m05s             7        0        3      0     180       2    no",
                "",
                "slots per weight: 8 to 8, ideal 8",
                "bucket types: default (n=3, siblings)",
            ])
    }

    @Test func whoIsNotAliveIsExplainedAndWhatIsMissingAndWaitsIsNamed() throws {
        var suspect = peer("n2", .suspect, since: 2_000)
        suspect.because = "told by n3"
        suspect.accusers = ["n3", "n1"]
        suspect.deadInMilliseconds = 3_000
        var dead = peer("n3", .dead, since: 45_000)
        dead.because = "the suspicion was not refuted in time"
        dead.hints = 12
        var own = status("n1", [suspect, dead])
        own.exchange = ["lacked_events": 40]
        own.inSyncAgoMilliseconds = 45_000
        own.missing = [.init(partition: 5, n: 3, peer: "n3", events: 40)]
        own.waiting = [.init(what: "events", why: "it is dead, not connected", milliseconds: 44_000, peer: "n3")]
        let report = ClusterReport(
            layout: try layout(), status: own, others: [status("n2", [peer("n1", .alive), peer("n3", .suspect)])])
        let lines = ClusterStatusText(report: report, output: output).lines
        let text = lines.joined(separator: "\n")
        for line in lines { #expect(line.count <= 80, "\(line)") }
        #expect(lines[2] == "n1    alive    3m05s  serving    45s ago     40      0      8  127.0.0.1:8101")
        #expect(lines[4] == "n3    dead       45s  no answer  -            -     12      8  127.0.0.1:8103")
        #expect(text.contains("  n2: suspect: told by n3; accused by n3, n1; dead in 3s"))
        #expect(text.contains("  n3: dead: the suspicion was not refuted in time; suspect for n2"))
        #expect(text.contains("n1          n3               5  3      40"), "\(text)")
        #expect(text.contains("n1     events  n3    44s  it is dead, not connected"), "\(text)")
    }

    @Test func whoseBackgroundWorkYieldsIsNamedWithWhatItYieldsTo() throws {
        var own = status("n1", [peer("n2", .alive), peer("n3", .alive)])
        own.background = .init(
            percent: 5, operationsPerSecond: 2_500, bytesPerSecond: 3_355_443, yieldingMilliseconds: 4_000,
            foreground: ["reads": .init(now: 9_200, calm: 1_100)])
        var other = own
        other.node = "n2"
        other.background?.yieldingMilliseconds = nil
        let report = ClusterReport(layout: try layout(), status: own, others: [other])
        let lines = ClusterStatusText(report: report, output: output).lines
        #expect(
            lines.filter { $0.contains("background") } == [
                "  n1: yields to requests for 4s, background at 5 %: reads 9.2 ms (calm 1.1)"
            ])
    }

    @Test func theJSONHasTheShapeThatScriptsRelyOn() throws {
        let report = ClusterReport(
            layout: try layout(), status: status("n1", [peer("n2", .dead), peer("n3", .alive)]),
            others: [status("n3", [peer("n1", .alive), peer("n2", .suspect)])])
        let object = try JSONSerialization.jsonObject(with: Data(JSONText.of(report).utf8)) as? [String: Any]
        let members = try #require(object?["members"] as? [[String: Any]])
        #expect(members.map { $0["name"] as? String } == ["n1", "n2", "n3"])
        #expect(members.map { $0["state"] as? String } == ["alive", "dead", "alive"])
        #expect((members[1]["otherwise"] as? [String: String]) == ["n3": "suspect"])
        #expect(members[1]["status"] == nil && members[2]["status"] != nil)
    }
}
