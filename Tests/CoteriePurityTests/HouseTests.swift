// Reads all sources and holds them against the rules of the house.

import Foundation
import Testing

@Suite struct HouseTests {
    private let tree = SourceTree.here

    private func manifest() throws -> PackageManifest {
        PackageManifest(try #require(tree.file("Package.swift")).text)
    }

    @Test(arguments: Rules.pureModules)
    func aPureModuleHasNoClockNoRandomnessAndNoIO(_ module: String) throws {
        let files = tree.swiftFiles(under: "Sources/\(module)")
        let isDeclared = try manifest().arrows[module] != nil
        #expect(!files.isEmpty || !isDeclared, "no sources in Sources/\(module)")
        for breach in files.flatMap(Rules.impurities(in:)) { Issue.record("\(breach)") }
    }

    @Test func everyImportIsAnArrowThatThePackageDeclares() throws {
        let manifest = try manifest()
        for folder in ["Sources", "Tests"] {
            for file in tree.swiftFiles(under: folder) {
                let target = String(file.path.split(separator: "/")[1])
                for breach in Rules.undeclared(in: file, of: target, by: manifest) { Issue.record("\(breach)") }
            }
        }
    }

    @Test func theDesignsForbiddenArrowsDoNotExist() throws {
        #expect(Rules.forbidden(in: try manifest()) == [])
    }

    @Test func everyFileIsTidy() {
        let folders = ["Sources", "Tests"].flatMap {
            tree.files(under: $0, ending: [".swift", ".md", ".proto", ".c", ".h"])
        }
        let others = ["README.md", "Makefile", ".ci/run", "Package.swift"].compactMap { tree.file($0) }
        for breach in (folders + others).flatMap(Rules.untidiness(in:)) { Issue.record("\(breach)") }
    }

    @Test func everySourceFileOpensWithWhatItIs() {
        for file in tree.swiftFiles(under: "Sources") where !file.text.hasPrefix("//") {
            Issue.record("\(file.path):1: opens without a comment that says what it is and why")
        }
    }
}

/// The rules themselves, on files that break them.
@Suite struct RulesTests {
    private func file(_ text: String) -> SourceFile { SourceFile(path: "Sources/X/X.swift", text: text) }

    @Test(arguments: [
        "import Foundation", "import struct Foundation.Date", "@preconcurrency import Dispatch", "public import Glibc",
        "let now = Date()", "let x = Int.random(in: 0 ..< 9)", "let y = list.shuffled()", "let h = key.hashValue",
        "let id = UUID()", "let clock = ContinuousClock()", "print(\"x\")",
    ])
    func anImpureLineIsFound(_ line: String) {
        #expect(Rules.impurities(in: file("// A file.\n\(line)\n")).count == 1)
    }

    @Test(arguments: [
        "import NIOCore", "import CoteriePrimitives", "// Date() would be wrong here",
        "let text = \"Date() in a text\"",
        "let date = update", "let x = Int.random(in: 0 ..< 9, using: &generator)", "let footprint(",
        "/* import Foundation */", "let long = \"\"\"", "func hash(into hasher: inout Hasher) {}",
    ])
    func aPureLineIsNot(_ line: String) {
        #expect(Rules.impurities(in: file(line + "\n")) == [])
    }

    @Test func anUndeclaredArrowIsFound() {
        let manifest = PackageManifest(
            """
            module("Ring", uses: ["Primitives", "C_CZlib"], [nioCore]),
            tests("Ring", uses: ["Ring"]),
            .executableTarget(name: "coterie", dependencies: ["CoterieCommandLine"], swiftSettings: strict),
            """)
        #expect(manifest.arrows["CoterieRing"] == ["CoteriePrimitives", "CZlib"])
        #expect(manifest.arrows["CoterieRingTests"] == ["CoterieRing"])
        #expect(manifest.arrows["coterie"] == ["CoterieCommandLine"])
        let good = file("import CoteriePrimitives\nimport NIOCore\n")
        #expect(Rules.undeclared(in: good, of: "CoterieRing", by: manifest) == [])
        let bad = file("import CoterieWire\n")
        #expect(Rules.undeclared(in: bad, of: "CoterieRing", by: manifest).map(\.line) == [1])
    }

    @Test func aForbiddenArrowIsFound() {
        let manifest = PackageManifest("module(\"Transport\", uses: [\"Wire\", \"Replication\"]),")
        #expect(Rules.forbidden(in: manifest) == ["CoterieTransport -> CoterieReplication"])
    }

    @Test func notesAndLongFilesAreFound() {
        let note = Rules.notes[0]
        #expect(Rules.untidiness(in: file("// A\n// \(note): later\n")).map(\.line) == [2])
        #expect(Rules.untidiness(in: file("// A path: \(Rules.machinePaths[0])me\n")).count == 1)
        #expect(Rules.untidiness(in: file(String(repeating: "// A\n", count: 601))).count == 1)
        #expect(Rules.untidiness(in: file(String(repeating: "// A\n", count: 600))) == [])
    }
}
