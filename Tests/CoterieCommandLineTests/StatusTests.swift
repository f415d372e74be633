// From what is known of the nodes to what is shown.

import CoterieHTTP
import CoterieServer
import Foundation
import Testing

@testable import CoterieCommandLine

@Suite struct LocalStatusTests {
    private func status(_ name: String, count: Int, uptime: Int64 = 5_000) -> NodeStatus {
        NodeStatus(
            node: name, number: 1, incarnation: "a", cluster: "local", epoch: 1, version: "1",
            uptimeMilliseconds: uptime,
            durability: "fsync", engine: "log",
            latencies: ["get": LatencySummary(count: count, p50: 310, p90: 400, p99: 1_250, p999: 2_000, max: 9_000)],
            storage: ["keys": 42])
    }

    private func node(_ name: String, _ state: LocalStatus.State, _ status: NodeStatus? = nil) -> LocalStatus.Node {
        LocalStatus.Node(
            name: name, number: 1, pid: state == .stopped ? nil : 77, state: state,
            addresses: .init(peer: "127.0.0.1:7101", http: "127.0.0.1:8101"), data: "d/\(name)/data",
            log: "d/\(name)/log", zone: "default", status: status)
    }

    private func cluster(_ nodes: [LocalStatus.Node]) -> LocalStatus {
        LocalStatus(cluster: "local", directory: "d", partitions: 256, replicas: 3, nodes: nodes)
    }

    @Test func theTableHasALineForEachNode() {
        let output = Output(descriptor: 1, isTerminal: false, environment: [:])
        let table = LocalStatusTable(output: output)
        let lines = table.lines(of: cluster([node("n1", .alive, status("n1", count: 9)), node("n2", .stopped)]))
        #expect(
            lines == [
                "NODE  STATE    PID  GET p50     p99  PUT p50  p99  KEYS  UP  PEER            HTTP",
                "n1    alive     77    310us  1.25ms        -    -    42  5s  127.0.0.1:7101  127.0.0.1:8101",
                "n2    stopped    -        -       -        -    -     -   -  127.0.0.1:7101  127.0.0.1:8101",
            ])
    }

    @Test func theJSONHasTheShapeThatScriptsRelyOn() throws {
        let text = try JSONText.of(cluster([node("n1", .paused)]))
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let first = (object?["nodes"] as? [[String: Any]])?.first
        #expect(first?["name"] as? String == "n1" && first?["state"] as? String == "paused")
        #expect(first?["pid"] as? Int == 77)
        #expect((first?["addresses"] as? [String: String]) == ["peer": "127.0.0.1:7101", "http": "127.0.0.1:8101"])
    }

    @Test func aRateIsWhatCameBetweenTwoLooks() {
        var meter = RateMeter()
        let start = ContinuousClock().now
        #expect(meter.rates(of: cluster([node("n1", .alive, status("n1", count: 100))]), at: start) == [:])
        let later = cluster([node("n1", .alive, status("n1", count: 150, uptime: 7_000))])
        #expect(meter.rates(of: later, at: start + .seconds(2)) == ["n1": 25])
    }

    @Test func aRestartedNodeBeginsAnew() {
        var meter = RateMeter()
        let start = ContinuousClock().now
        _ = meter.rates(of: cluster([node("n1", .alive, status("n1", count: 100))]), at: start)
        let young = cluster([node("n1", .alive, status("n1", count: 120, uptime: 10))])
        #expect(meter.rates(of: young, at: start + .seconds(2)) == [:])
    }
}
