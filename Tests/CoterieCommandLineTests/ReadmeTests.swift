// The README tells the truth: its console examples are run, in their order, on a real cluster of five, and what they
// print is compared with what stands there. What differs from run to run (contexts, vtags, times) is made equal first;
// the ports are moved to free ones.

import Foundation
import Testing

@testable import CoterieCommandLine

/// One command of the README, and what it says that the command prints.
private struct Example {
    var command: String
    var output: [String] = []
}

@Suite(.serialized, .enabled(if: Binary.path != nil, "the binary was not built"))
struct ReadmeTests {
    private static let readme: String = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (try? String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)) ?? ""
    }()

    /// The commands of all `console` blocks.
    private static var examples: [Example] {
        var examples: [Example] = []
        var isConsole = false
        for line in readme.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                isConsole = line == "```console"
            } else if isConsole, line.hasPrefix("$ ") {
                examples.append(Example(command: String(line.dropFirst(2))))
            } else if isConsole, !examples.isEmpty {
                examples[examples.count - 1].output.append(line)
            }
        }
        return examples
    }

    /// Makes equal what differs from run to run.
    private static func normalised(_ text: String) -> String {
        var text = text
        for (pattern, name) in [
            (#"\bA[A-Z][A-Za-z0-9_-]{6,}"#, "CONTEXT"), (#"\b[0-9A-Za-z]{22}\b"#, "VTAG"),
            (#"\d{4}-\d\d-\d\dT[0-9:.]+Z"#, "TIME"), (#"after \d+\.\d+ s"#, "after SECONDS"),
            (#"(?m)^VTAG|(?<=  )VTAG {1,}"#, "VTAG "), (#" +"#, " "),
        ] {
            text = text.replacingOccurrences(of: pattern, with: name, options: .regularExpression)
        }
        return withSiblingsInOrder(text)
    }

    /// Siblings come in an order that says nothing: their lines are sorted, without their numbers.
    private static func withSiblingsInOrder(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let siblings = lines.filter { $0.contains(#/^\d+ VTAG /#) }.map { String($0.drop { $0 != "V" }) }.sorted()
        var next = siblings.makeIterator()
        return lines.map { line in line.contains(#/^\d+ VTAG /#) ? next.next() ?? line : line }.joined(separator: "\n")
    }

    @Test func itsCommandsPrintWhatItSays() async throws {
        let scratch = try Scratch()
        let base = try #require(PortCheck.freeBasePort(nodes: 5))
        let binary = try #require(Binary.path)
        let bin = scratch.path + "/bin"
        try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: bin + "/coterie", withDestinationPath: binary)
        let up = try await Binary.run(
            ["local", "up", "--nodes", "5", "--base-port", "\(base)", "--detach"], in: scratch)
        #expect(up.status == 0, "\(up.errors)")
        let examples = Self.examples
        #expect(examples.count >= 10, "the README has console examples")
        for example in examples {
            let command = Self.moved(example.command, to: base)
            let printed = try await Self.shell(command, path: bin, in: scratch)
            let wanted = Self.moved(example.output.joined(separator: "\n"), to: base)
            #expect(
                Self.normalised(printed) == Self.normalised(wanted),
                "$ \(command)\nprinted:\n\(printed)\nthe README says:\n\(wanted)")
        }
        _ = try await Binary.run(["local", "down"], in: scratch)
    }

    /// The README's ports, moved to those of this run.
    private static func moved(_ text: String, to base: Int) -> String {
        var text = text
        for node in 1 ... 5 {
            text = text.replacingOccurrences(of: "127.0.0.1:\(7_100 + node)", with: "127.0.0.1:\(base + node)")
            text = text.replacingOccurrences(
                of: "127.0.0.1:\(8_100 + node)", with: "127.0.0.1:\(base + 1_000 + node)")
        }
        return text
    }

    private static func shell(_ command: String, path: String, in scratch: Scratch) async throws -> String {
        let environment = ["PATH": path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")]
        let ran = try await Binary.start(
            ["-c", "exec 2>&1\n" + command], in: scratch, environment: environment, of: "/bin/sh"
        )
        .end()
        var text = ran.output
        while text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}
