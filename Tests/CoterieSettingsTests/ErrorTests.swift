// What a person reads who mistyped something: the place, the name, what is allowed.

import CoterieServer
import Testing

@Suite struct SettingsErrorTests {
    @Test(arguments: [
        (
            "limits:\n  maxValueBytez: 1\n",
            "node.yaml:10:3: \"limits.maxValueBytez\" is no setting; did you mean \"limits.maxValueBytes\"?"
        ),
        ("limit: {maxValueBytes: 1}\n", "node.yaml:9:1: \"limit\" is no setting; did you mean \"limits\"?"),
        (
            "limits: {maxValueBytes: 16XB}\n",
            "node.yaml:9:25: limits.maxValueBytes: \"16XB\" is not a size: give bytes, or a whole number with KiB, MiB "
                + "or GiB, such as 64MiB"
        ),
        (
            "limits: {maxSiblings: 0}\n",
            "node.yaml:9:23: limits.maxSiblings: \"0\" is out of range: allowed is 1 … 1000000"
        ),
        ("limits: {maxSiblings: [1]}\n", "node.yaml:9:23: limits.maxSiblings: must be a single value"),
        ("limits: 5\n", "node.yaml:9:9: limits: must be a mapping of names to values"),
        (
            "replication: {retryInterval: 5}\n",
            "node.yaml:9:30: replication.retryInterval: \"5\" is not a duration: give a whole number with a unit, "
                + "such as 100ms, 5s, 2m or 1h"
        ),
        (
            "durability: sometimes\n",
            "node.yaml:9:13: durability: \"sometimes\" is no durability: allowed are fsync, os, and interval:100ms "
                + "(any duration)"
        ),
        (
            "durability: {every: 1s}\n",
            "node.yaml:9:13: durability: is no durability: allowed are fsync, os, and {interval: 100ms}"
        ),
        (
            "engine: rocks\n", "node.yaml:9:9: engine: \"rocks\" is not allowed: give one of log, memory"
        ),
    ])
    func aWrongLineIsNamed(_ lines: String, _ expected: String) {
        #expect(message { _ = try file(lines) } == expected)
    }

    @Test(arguments: [
        (
            "name: local\n", "partitionz: 4\n  name: local\n",
            "node.yaml:2:3: cluster: \"partitionz\" is not known here; did you mean \"partitions\"? (known: name, partitions, replicas, nodes, types, defaultType, hashKey)"
        ),
        (
            "partitions: 64", "partitions: 0",
            "node.yaml:3:15: cluster.partitions: \"0\" is out of range: allowed is 1 … 4096"
        ),
        (
            "127.0.0.1:8102", "127.0.0.1",
            "node.yaml:7:59: cluster.nodes[1].http: \"127.0.0.1\" is not an address: the port is missing; write host:port or [IPv6]:port"
        ),
        ("number: 2, ", "", "node.yaml:7:7: cluster.nodes[1].number: is missing"),
        ("  name: local\n", "", "node.yaml:2:3: cluster.name: is missing"),
    ])
    func aWrongClusterIsNamed(_ good: String, _ bad: String, _ expected: String) {
        let text = yaml().replacing(good, with: bad, maxReplacements: 1)
        #expect(message { _ = try ClusterFile(parsing: text, path: "node.yaml") } == expected)
    }

    @Test func whatTheLayoutRefusesIsPlacedAtTheCluster() {
        let twice = yaml().replacing("number: 2", with: "number: 1")
        let text = message { _ = try ClusterFile(parsing: twice, path: "node.yaml") }
        #expect(text.hasPrefix("node.yaml:2:3: cluster: "))
        let many = yaml().replacing("replicas: 3", with: "replicas: 4")
        #expect(message { _ = try ClusterFile(parsing: many, path: "x") }.hasPrefix("x:2:3: cluster: "))
    }

    @Test(arguments: [
        ("cluster: [a\n", "c.yaml:2:1: is not valid YAML: "),
        ("a: {b: c}\na: {d: e}\n", "c.yaml:1:1: is given twice: a"),
        ("", "c.yaml:1:1: cluster: is missing: it names the cluster and its nodes"),
        ("- a\n", "c.yaml:1:1: the file: must be a mapping of names to values"),
    ])
    func whatIsNoConfigurationAtAllIsSaid(_ text: String, _ expected: String) {
        #expect(message { _ = try ClusterFile(parsing: text, path: "c.yaml") }.hasPrefix(expected))
    }

    @Test func aFileThatIsNotThereIsNamed() {
        #expect(message { _ = try ClusterFile.read("no/such.yaml") } == "no/such.yaml: there is no such file")
    }

    @Test(arguments: [
        (["--durabilty", "os"], "--durabilty: there is no such flag; did you mean \"--durability\"?"),
        (["--durability"], "--durability: needs a value: fsync | interval:100ms | os"),
        (["--durability", "--engine"], "--durability: needs a value: fsync | interval:100ms | os"),
        (["--limits-max-siblings", "many"], "--limits-max-siblings: \"many\" is not a whole number"),
    ])
    func aWrongFlagIsBadUsage(_ flags: [String], _ expected: String) {
        #expect(message { _ = try load(flags: flags) }.hasPrefix(expected))
        do {
            _ = try load(flags: flags)
        } catch {
            #expect((error as? SettingsError)?.exitStatus == .usage)
        }
    }

    @Test func aWrongVariableIsNamed() {
        let text = message { _ = try load(environment: ["COTERIE_LOG_LEVEL": "loud"]) }
        #expect(text.hasPrefix("environment variable COTERIE_LOG_LEVEL: \"loud\" is no log level: give one of trace"))
    }

    @Test func aNodeThatIsNotInTheClusterGetsTheNames() {
        #expect(
            message { _ = try load(flags: ["--node", "n4"]) }
                == "--node: \"n4\" is no node of the cluster \"local\"; did you mean \"n1\"? (its nodes: n1, n2, n3)")
        #expect(
            message { _ = try NodeSettings.load(file: file(), environment: [:], flags: []) }
                == "node: is missing: say which of the cluster's nodes this is by --node (n1, n2, n3)")
    }

    @Test func relationsBetweenSettingsAreChecked() {
        #expect(
            message { _ = try load("limits: {maxValueBytes: 100MiB}\n") }
                == "node.yaml:9:25: limits: maxObjectBytes (50331648) must exceed maxValueBytes (104857600) by 65536 or more"
        )
        #expect(
            message { _ = try load(flags: ["--membership-probe-timeout", "2s"]) }
                .hasPrefix("--membership-probe-timeout: probeTimeout (2000ms) must be less than probeInterval"))
        #expect(
            message { _ = try load("limits: {maxKeyBytes: 12KiB, maxBucketBytes: 8KiB}\n") }
                .contains("maxTypeBytes, maxBucketBytes and maxKeyBytes together must not exceed"))
    }
}
