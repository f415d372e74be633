// The table itself: complete, without doubles, and its texts read back.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieServer
import CoterieStorage
import CoterieWire
import Foundation
import Testing

@Suite struct SettingsTableTests {
    /// Fields of `value` that have no row in a section, but those that are known to need none.
    private func missing(_ value: Any, section: String, except: Set<String> = []) -> [String] {
        Mirror(reflecting: value).children.compactMap(\.label).filter { field in
            SettingsTable.named("\(section).\(field)") == nil && !except.contains(field)
        }
    }

    @Test func everyLimitAndEverySettingHasARow() {
        #expect(missing(Limits(), section: "limits") == [])
        let others: Set = ["durability", "membership", "background", "omitted"]
        #expect(missing(ReplicationSettings(), section: "replication", except: others) == [])
        #expect(missing(ReplicationSettings().membership, section: "membership") == [])
        #expect(missing(ReplicationSettings().background, section: "background") == [])
        // The store's limits follow from those of requests.
        #expect(missing(LogEngine.Settings(), section: "storage", except: ["limits"]) == [])
    }

    @Test func noTwoRowsShareAName() {
        let all = SettingsTable.all
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(Set(all.map(\.flag)).count == all.count)
        #expect(Set(all.map(\.environmentName)).count == all.count)
    }

    @Test(arguments: SettingsTable.all.filter { !$0.defaultText.isEmpty }.map(\.name))
    func aDefaultIsAllowedAndReadsBack(_ name: String) throws {
        let setting = try #require(SettingsTable.named(name))
        var settings = try load().settings
        try setting.set(setting.defaultText, in: &settings)
        #expect(setting.text(in: settings) == setting.defaultText)
    }

    @Test func theHelpNamesEveryRow() {
        let help = SettingsHelp.text()
        for setting in SettingsTable.all {
            #expect(help.contains(setting.flag) && help.contains(setting.environmentName))
        }
    }

    @Test func theExampleInTheHelpIsAConfiguration() throws {
        let help = SettingsHelp.text()
        let start = try #require(help.range(of: "cluster:\n"))
        let text = String(help[start.lowerBound...]).replacing("replicas: 3", with: "replicas: 1")
            .replacing("n: 3", with: "n: 1")
        #expect(try ClusterFile(parsing: text, path: "help").cluster.bucketTypes.contains { $0.name == "carts" })
    }
}

@Suite struct SettingTextTests {
    @Test(arguments: [
        ("100ms", TimeSpan.milliseconds(100)), ("5s", .seconds(5)), ("2m", .seconds(120)), ("1h", .seconds(3_600)),
        ("250us", .microseconds(250)), ("250µs", .microseconds(250)), ("7ns", TimeSpan(nanoseconds: 7)),
        ("1d", .seconds(86_400)), ("0s", .zero), ("1_000 ms", .seconds(1)),
    ])
    func aDurationIsRead(_ text: String, _ expected: TimeSpan) throws {
        #expect(try SettingText.span(text) == expected)
    }

    @Test(arguments: ["", "5", "s", "-1s", "1.5s", "1 week", "9999999999999999999s", "99999999999h", "٣s"])
    func whatIsNoDurationIsRefused(_ text: String) {
        #expect(throws: RejectedText.self) { try SettingText.span(text) }
    }

    @Test(arguments: [
        ("64MiB", 64 << 20), ("1024", 1_024), ("1KiB", 1_024), ("2kB", 2_000), ("3GiB", 3 << 30), ("1_000", 1_000),
        ("10B", 10), ("0", 0),
    ])
    func aSizeIsRead(_ text: String, _ expected: Int) throws {
        #expect(try SettingText.size(text) == expected)
    }

    @Test(arguments: ["", "MiB", "-1", "1.5MiB", "16XB", "99999999999TiB", "1mib"])
    func whatIsNoSizeIsRefused(_ text: String) {
        #expect(throws: RejectedText.self) { try SettingText.size(text) }
    }

    @Test func textsOfRandomValuesReadBack() throws {
        let seed: UInt64 = 0x5E77
        var generator = SeededGenerator(seed: seed)
        for _ in 0 ..< 2_000 {
            let shift = generator.next() % 62
            let number = Int64(generator.next() >> (shift + 2))
            let span = TimeSpan(nanoseconds: number)
            #expect(try SettingText.span(SettingText.text(of: span)) == span, "seed \(seed)")
            #expect(try SettingText.size(SettingText.text(ofSize: Int(number))) == Int(number), "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("durabilty", "durability"), ("limits.maxvaluebytes", "limits.maxValueBytes"), ("lgo", "log"), ("nod", "node"),
    ])
    func aSlipFindsWhatWasMeant(_ typed: String, _ meant: String) {
        #expect(NearestName.of(typed, among: ["durability", "limits.maxValueBytes", "log", "node", "data"]) == meant)
    }

    @Test func aStrangerFindsNothing() {
        #expect(NearestName.of("quorum", among: ["durability", "log"]) == nil)
    }
}
