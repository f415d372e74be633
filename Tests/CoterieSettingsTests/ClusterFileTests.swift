// What is written is read back.

import CoteriePrimitives
import CoterieRing
import CoterieServer
import Testing

@Suite struct ClusterFileTests {
    private func readBack(_ file: ClusterFile) throws -> ClusterFile {
        try ClusterFile(parsing: file.text, path: "written.yaml")
    }

    @Test func theExampleIsReadBack() throws {
        let file = try file()
        #expect(file.cluster.members.map(\.zone) == ["z1", "z2", Member.defaultZone])
        #expect(file.cluster.members.map(\.weight) == [1, 1, 2])
        #expect(try readBack(file).cluster == file.cluster)
    }

    @Test func standardTypesAreAlwaysThereAndOwnOnesBesideThem() throws {
        let text = yaml().replacing(
            "  nodes:",
            with:
                "  types:\n    - {name: carts, n: 2, type: lww, r: one, pw: quorum, notfoundOk: false, timeout: 3s}\n  nodes:"
        )
        let cluster = try ClusterFile(parsing: text, path: "x").cluster
        for name in ["default", "siblings", "plain", "no_siblings", "lww", "n1", "n2", "n3", "lww_n3", "carts"] {
            #expect(cluster.bucketTypes.contains { $0.name == name }, "\(name)")
        }
        let carts = try #require(cluster.bucketTypes.first { $0.name == "carts" })
        #expect(carts.n == 2 && carts.kind == .lww && carts.properties.r == .one && carts.properties.w == .quorum)
        #expect(carts.properties.pw == .quorum && carts.properties.notfoundOK == false)
        #expect(try readBack(ClusterFile(cluster: cluster)).cluster == cluster)
    }

    @Test func theDefaultTypesKindAndTheHashKeyAreKept() throws {
        let text = yaml().replacing(
            "  nodes:", with: "  defaultType: lww\n  hashKey: \"00000000000000010123456789abcdef\"\n  nodes:")
        let cluster = try ClusterFile(parsing: text, path: "x").cluster
        #expect(cluster.bucketTypes.first { $0.name == "default" }?.kind == .lww)
        #expect(cluster.hashKey == HashKey(1, 0x0123_4567_89AB_CDEF))
        let again = try readBack(ClusterFile(cluster: cluster)).cluster
        #expect(Set(again.bucketTypes) == Set(cluster.bucketTypes) && again.hashKey == cluster.hashKey)
    }

    @Test func settingsAreKeptInTheirSections() throws {
        let file = try file(
            "durability: {interval: 50ms}\nlimits: {maxValueBytes: 1MiB, maxSiblings: 7}\nstorage: {segmentBytes: 1MiB}\n"
        )
        let again = try readBack(file)
        #expect(
            Set(again.settings.map { "\($0.setting.name)=\($0.text)" }) == [
                "durability=interval:50ms", "limits.maxValueBytes=1MiB", "limits.maxSiblings=7",
                "storage.segmentBytes=1MiB",
            ])
    }

    @Test(arguments: [
        "plain", "with space", "a: b", "quote\"d", "back\\slash", "-dash", "null", "ünïcode", "#x", "true", "é",
    ])
    func anyDataDirectoryIsQuotedAsNeeded(_ path: String) throws {
        let setting = try #require(SettingsTable.named("data"))
        var file = try file()
        file.settings = [SettingAssignment(setting, path, origin: .flag("--data"))]
        #expect(try readBack(file).settings.map(\.text) == [path])
    }

    @Test func addressesOfIPv6StandInBrackets() throws {
        let text = yaml().replacing("127.0.0.1:7101", with: "[::1]:7101")
        let file = try ClusterFile(parsing: text, path: "x")
        #expect(file.cluster.members.first?.peer == Endpoint(host: "::1", port: 7101))
        #expect(try readBack(file).cluster == file.cluster)
    }
}
