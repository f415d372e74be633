// How commands find the cluster.

import ArgumentParser
import CoterieRing
import CoterieServer
import Foundation
import Testing

@testable import CoterieCommandLine

@Suite struct DiscoveryTests {
    private func options(_ arguments: [String]) throws -> ClusterOptions { try ClusterOptions.parse(arguments) }

    /// A directory with the file of three nodes.
    private func directory() throws -> Scratch {
        let scratch = try Scratch()
        var plan = try LocalPlanOptions.parse(["--nodes", "3"])
        plan.basePort = 7_100
        try scratch.write(LocalPlan(plan).newFile().text, to: "cluster.yaml")
        return scratch
    }

    @Test func theDirectorysNodesAreKnownByAllTheirAddresses() throws {
        let scratch = try directory()
        let cluster = try options(["--data", scratch.path]).find(environment: [:])
        #expect(cluster.nodes.map(\.name) == ["n1", "n2", "n3"])
        #expect(cluster.nodes.map(\.peer) == [7_101, 7_102, 7_103].map { Endpoint(host: "127.0.0.1", port: $0) })
        #expect(cluster.nodes.map(\.http) == [8_101, 8_102, 8_103].map { Endpoint(host: "127.0.0.1", port: $0) })
        #expect(!cluster.isChosen)
    }

    @Test(arguments: ["n2", "127.0.0.1:7102", "127.0.0.1:8102"])
    func aNodeOfTheDirectoryIsChosenByNameOrAddress(_ text: String) throws {
        let scratch = try directory()
        let cluster = try options(["--data", scratch.path, "--node", text]).find(environment: [:])
        #expect(cluster.nodes.map(\.name) == ["n2"] && cluster.isChosen)
    }

    @Test func theEnvironmentListsNodes() throws {
        let cluster = try options([]).find(environment: ["COTERIE_NODES": "a:1,[::1]:2"])
        #expect(cluster.nodes.map(\.address) == [Endpoint(host: "a", port: 1), Endpoint(host: "::1", port: 2)])
        #expect(cluster.nodes.allSatisfy { $0.httpToTry == $0.address && $0.peerToTry == $0.address })
    }

    @Test func aDirectoryThatIsGivenIsStrongerThanTheEnvironment() throws {
        let scratch = try directory()
        let cluster = try options(["--data", scratch.path]).find(environment: ["COTERIE_NODES": "a:1"])
        #expect(cluster.nodes.count == 3)
    }

    @Test func anAddressNeedsNoDirectory() throws {
        let cluster = try options(["--node", "h:9"]).find(environment: [:])
        #expect(cluster.nodes == [KnownNode(address: Endpoint(host: "h", port: 9))])
    }

    @Test func whoIsNotKnownIsNamedWithWhoIs() throws {
        let scratch = try directory()
        let unknown = failure { _ = try options(["--data", scratch.path, "--node", "n7"]).find(environment: [:]) }
        #expect(unknown?.status == .usage)
        #expect(unknown?.message.contains("did you mean \"n1\"? (its nodes: n1, n2, n3)") == true)
        let nowhere = failure { _ = try options(["--data", "no/such"]).find(environment: [:]) }
        #expect(nowhere?.status == .unreachable)
        #expect(nowhere?.message.contains("no/such/cluster.yaml does not exist") == true)
        let malformed = failure { _ = try options(["--node", "h:x"]).find(environment: [:]) }
        #expect(malformed?.status == .usage && malformed?.message.contains("the port is not a number") == true)
    }

    @Test func nodeNamesAreCompleted() throws {
        let scratch = try directory()
        #expect(KnownCluster.nodeNames(completing: ["coterie", "get", "--data", scratch.path]) == ["n1", "n2", "n3"])
    }
}

@Suite struct LocalPlanTests {
    private func plan(_ arguments: [String], flags: [String] = []) throws -> LocalPlan {
        try LocalPlan(LocalPlanOptions.parse(arguments), settings: NodeSettings.assignments(inFlags: flags))
    }

    private let directory = LocalDirectory("here")

    @Test func fiveNodesByDefault() throws {
        let cluster = try plan([]).newFile().cluster
        #expect(cluster.members.map(\.name) == ["n1", "n2", "n3", "n4", "n5"])
        #expect(cluster.members.map(\.peer.port) == [7_101, 7_102, 7_103, 7_104, 7_105])
        #expect(cluster.members.map(\.http.port) == [8_101, 8_102, 8_103, 8_104, 8_105])
        #expect(cluster.replicas == 3 && cluster.partitions == 256)
    }

    @Test func fewerNodesThanThreeHaveFewerReplicas() throws {
        #expect(try plan(["--nodes", "2"]).newFile().cluster.replicas == 2)
    }

    @Test(arguments: [
        (["--nodes", "0"], "--nodes 0"), (["--nodes", "3", "--replicas", "4"], "--replicas 4"),
        (["--base-port", "65000"], "--base-port 65000"), (["--partitions", "5000"], "5000"),
        (["--default-type", "both"], "allowed are bcounter, counter, flag, gset, hll, lww, map"),
    ])
    func whatCannotBeIsRefusedByName(_ arguments: [String], _ expected: String) {
        let refused = failure { _ = try plan(arguments).newFile() }
        #expect(refused?.status == .usage)
        #expect(refused?.message.contains(expected) == true, "\(refused?.message ?? "nothing was thrown")")
    }

    @Test func theSameDefinitionResumes() throws {
        let file = try plan(["--nodes", "3"], flags: ["--limits-max-value-bytes", "1MiB"]).newFile()
        try plan([]).check(against: file, in: directory)
        try plan(["--nodes", "3", "--base-port", "7100"]).check(against: file, in: directory)
        try plan([], flags: ["--limits-max-value-bytes", "1024KiB"]).check(against: file, in: directory)
    }

    @Test func anotherDefinitionIsRefusedWithAllThatDiffers() throws {
        let file = try plan(["--nodes", "3"]).newFile()
        let refused = failure {
            try plan(["--nodes", "4", "--replicas", "3", "--partitions", "64"], flags: ["--durability", "os"])
                .check(against: file, in: directory)
        }
        #expect(refused?.status == .usage)
        let text = refused?.message ?? ""
        #expect(text.contains("--nodes 4: it has 3") && text.contains("--partitions 64: it has 256"))
        #expect(text.contains("--durability os: it has fsync") && !text.contains("--replicas"))
    }
}
