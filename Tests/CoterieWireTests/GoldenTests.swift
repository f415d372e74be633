// Bytes that must never change, and what a foreign implementation of protocol buffers says about them.
//
// Each line of golden.txt: sample name, kind, the frame in hexadecimal, the body in protoc's text form. What stands
// there has been on wires: lines are added, never altered. Where `protoc` is installed, the text form is encoded by it
// with coterie.proto and must give the same body; elsewhere that half is passed over.

import CoterieWire
import Foundation
import NIOCore
import Testing

struct GoldenTests {
    struct Line {
        let name: String
        let kind: String
        let hex: String
        let text: String
    }

    static let lines: [String: Line] = {
        guard let url = Bundle.module.url(forResource: "golden", withExtension: "txt"),
            let text = try? String(contentsOf: url, encoding: .utf8)
        else { return [:] }
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            return Line(name: parts[0], kind: parts[1], hex: parts[2], text: parts.count > 3 ? parts[3] : "")
        }
        return Dictionary(uniqueKeysWithValues: lines.map { ($0.name, $0) })
    }()

    @Test func everySampleHasItsBytesForEver() throws {
        #expect(Set(Samples.all.map(\.message.kind)) == Set(MessageKind.allCases), "a kind has no sample")
        for (name, message) in Samples.all {
            var bytes = ByteBuffer()
            message.encode(into: &bytes)
            guard let line = Self.lines[name] else {
                Issue.record("golden.txt lacks: \(name) \(message.kind) \(bytes.hex)")
                continue
            }
            #expect(line.kind == "\(message.kind)", "\(name)")
            #expect(line.hex == bytes.hex, "\(name)")
            #expect(try decodeOne(try #require(ByteBuffer(hex: line.hex))) == message, "\(name)")
        }
        #expect(Set(Self.lines.keys) == Set(Samples.all.map(\.name)), "golden.txt has lines without a sample")
    }

    @Test(.enabled(if: Protoc.path != nil, "protoc is not installed"))
    func protocEncodesTheSameBytes() throws {
        for line in Self.lines.values.sorted(by: { $0.name < $1.name }) {
            let body = try Protoc.encode(line.text, as: Self.schemaName(line.kind))
            #expect(body.hex == line.hex.dropFirst(2 * Frame.headerBytes), "\(line.name): \(line.text)")
        }
    }

    @Test func theSchemaNamesEveryErrorCodeAndRefusal() throws {
        let schema = try String(contentsOfFile: Protoc.schema, encoding: .utf8)
        for code in ErrorCode.allCases {
            let name = "ERROR_\(code.description.uppercased()) = \(code.rawValue);"
            #expect(schema.contains(name), "coterie.proto lacks \(name)")
        }
        for number in UInt8.min ... .max {
            guard let reason = Refusal.Reason(rawValue: number) else { continue }
            let snake = "\(reason)".reduce(into: "") { $0 += $1.isUppercase ? "_\($1)" : $1.uppercased() }
            #expect(schema.contains("REASON_\(snake) = \(number);"), "coterie.proto lacks \(snake) = \(number)")
        }
        for kind in MessageKind.allCases {
            #expect(schema.contains("// Kind \(kind.rawValue)."), "coterie.proto lacks kind \(kind.rawValue), \(kind)")
            #expect(schema.contains("message \(Self.schemaName("\(kind)")) {"))
        }
    }

    private static func schemaName(_ kind: String) -> String {
        switch kind {
        case "refused": "Refusal"
        case "properties": "PropertiesUpdate"
        default: kind.prefix(1).uppercased() + kind.dropFirst()
        }
    }
}

/// The protocol compiler, where it is installed.
private enum Protoc {
    static let path: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/protoc" }.first(where: FileManager.default.isExecutableFile(atPath:))

    static let schema = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/CoterieWire/coterie.proto").path

    static func encode(_ text: String, as message: String) throws -> ByteBuffer {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path ?? "protoc")
        let folder = URL(fileURLWithPath: schema).deletingLastPathComponent().path
        process.arguments = ["--proto_path=\(folder)", "--encode=coterie.v1.\(message)", schema]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return ByteBuffer(bytes: data)
    }
}
