// Flags over environment over file over defaults; and what follows from other settings.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieServer
import CoterieStorage
import CoterieTransport
import CoterieWire
import Testing

@Suite struct PrecedenceTests {
    private let name = "limits.maxValueBytes"

    @Test func aSettingThatNobodyGivesHasItsDefault() throws {
        let loaded = try load()
        #expect(loaded.settings.limits.maxValueBytes == Limits().maxValueBytes)
        #expect(loaded.origin(of: try #require(SettingsTable.named(name))) == .byDefault)
    }

    @Test func theFileOverridesTheDefault() throws {
        let loaded = try load("limits:\n  maxValueBytes: 1MiB\n")
        #expect(loaded.settings.limits.maxValueBytes == 1 << 20)
        #expect(loaded.origins[name] == .file(path: "node.yaml", line: 10, column: 18))
    }

    @Test func theEnvironmentOverridesTheFile() throws {
        let loaded = try load(
            "limits: {maxValueBytes: 1MiB}\n", environment: ["COTERIE_LIMITS_MAX_VALUE_BYTES": "2MiB"])
        #expect(loaded.settings.limits.maxValueBytes == 2 << 20)
        #expect(loaded.origins[name] == .environment("COTERIE_LIMITS_MAX_VALUE_BYTES"))
    }

    @Test func aFlagOverridesTheEnvironment() throws {
        let loaded = try load(
            "limits: {maxValueBytes: 1MiB}\n", environment: ["COTERIE_LIMITS_MAX_VALUE_BYTES": "2MiB"],
            flags: ["--limits-max-value-bytes=3MiB"])
        #expect(loaded.settings.limits.maxValueBytes == 3 << 20)
        #expect(loaded.origins[name] == .flag("--limits-max-value-bytes"))
    }

    @Test(arguments: [
        (["--allow-faults"], true), (["--allow-faults", "--log-level", "debug"], true),
        (["--allow-faults", "false"], false), (["--allow-faults=true"], true), ([], false),
    ])
    func aSwitchThatIsNamedIsOn(_ flags: [String], _ isOn: Bool) throws {
        #expect(try load(flags: flags).settings.transport.allowsFaults == isOn)
    }

    @Test func theNodeMayBeNamedByTheEnvironment() throws {
        let loaded = try NodeSettings.load(
            file: file(), environment: ["COTERIE_NODE": "n2", "COTERIE_DATA": "/d"], flags: [])
        #expect(loaded.settings.member?.name == "n2")
        #expect(loaded.settings.dataDirectory == "/d")
    }

    @Test func aVariableThatIsNoSettingIsAWarningWithASuggestion() throws {
        let loaded = try load(environment: ["COTERIE_DURABILTY": "os", "COTERIE_NODES": "a:1", "PATH": "/bin"])
        #expect(loaded.warnings.count == 1)
        #expect(loaded.warnings.first?.contains("did you mean \"COTERIE_DURABILITY\"?") == true)
        #expect(loaded.settings.replication.durability == .fsync)
    }

    @Test(arguments: [
        ("durability: fsync", Durability.fsync), ("durability: os", .os),
        ("durability: {interval: 250ms}", .interval(.milliseconds(250))),
        ("durability: interval:2s", .interval(.seconds(2))),
    ])
    func durabilityIsAWordOrAnInterval(_ line: String, _ expected: Durability) throws {
        #expect(try load(line + "\n").settings.replication.durability == expected)
    }

    @Test func theStoreTakesKeysAndObjectsThatRequestsMayMake() throws {
        let settings = try load("limits: {maxKeyBytes: 8KiB, maxFrameBytes: 128MiB}\n").settings
        #expect(settings.storage.limits.maxKeyBytes >= 8 << 10 + 1 << 10 + 128)
        #expect(settings.storage.limits.maxValueBytes == 128 << 20)
        #expect(settings.storage.problem == nil)
    }
}
