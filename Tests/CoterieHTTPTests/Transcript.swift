// Golden transcripts: files of requests and the answers they got, over a real connection. A file reads
//
//     # A line of explanation.
//     >>> PUT /buckets/b/keys/k          a request line, then its headers
//     Content-Type: text/plain
//                                        an empty line, then the body
//     milk
//     <<<                                the answer: status line, headers, empty line, body
//     HTTP/1.1 204 No Content
//     ...
//     === context X-Riak-Vclock          names a header of the answer: `$context` stands for it from here on
//     === reachable 1                    so many replicas answer from here on
//     === concurrently b k bread         another client stores a value that it has not seen anything of
//
// `Date` is left out. In bodies a carriage return is shown as ␍, and ∎ ends a body that has no line feed at its end.
// COTERIE_UPDATE_TRANSCRIPTS=1 writes the answers that came into the files.

import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import Foundation
import NIOCore
import Synchronization
import Testing

struct Transcript {
    private enum Line {
        case text(String)
        case request(line: String, headers: [String], body: String?)
        case command([String])
    }

    let name: String
    private var lines: [Line] = []
    /// The whole file.
    let text: String

    static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Transcripts")
    }
    static var isUpdating: Bool { ProcessInfo.processInfo.environment["COTERIE_UPDATE_TRANSCRIPTS"] != nil }

    static var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
    }

    init(_ name: String) throws {
        self.name = name
        text = try String(contentsOf: Self.folder.appending(path: name + ".txt"), encoding: .utf8)
        var rest = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        if rest.last == "" { rest.removeLast() }
        while let line = rest.popFirst() {
            if line.hasPrefix(">>> ") {
                lines.append(Self.request(String(line.dropFirst(4)), &rest))
            } else if line.hasPrefix("=== ") {
                lines.append(.command(line.dropFirst(4).split(separator: " ").map(String.init)))
            } else {
                lines.append(.text(line))
            }
        }
    }

    private static func request(_ line: String, _ rest: inout ArraySlice<String>) -> Line {
        var headers: [String] = []
        while let next = rest.first, !next.isEmpty, !isMark(next) { headers.append(rest.removeFirst()) }
        var body: String?
        if rest.first == "" {
            rest.removeFirst()
            var lines: [String] = []
            while let next = rest.first, !isMark(next) { lines.append(rest.removeFirst()) }
            body = lines.joined(separator: "\n")
        }
        // The answer that the file holds is compared as text, with the whole file.
        if rest.first == "<<<" {
            rest.removeFirst()
            while let next = rest.first, !isMark(next) || next == "<<<" { _ = next; rest.removeFirst() }
        }
        return .request(line: line, headers: headers, body: body)
    }

    private static func isMark(_ line: String) -> Bool {
        line.hasPrefix(">>> ") || line.hasPrefix("=== ") || line == "<<<" || line.hasPrefix("# ")
    }

    /// Plays the requests and gives the file as it is with the answers that came.
    func play(_ connection: inout RawConnection, _ node: FakeNode) async throws -> String {
        var out: [String] = []
        var names: [String: String] = [:]
        var last: RawAnswer?
        func filled(_ text: String) -> String {
            names.reduce(text) { $0.replacingOccurrences(of: "$" + $1.key, with: $1.value) }
        }
        for line in lines {
            switch line {
            case .text(let text): out.append(text)
            case .command(let words):
                out.append("=== " + words.joined(separator: " "))
                switch words.first {
                case "reachable": node.state.withLock { $0.reachable = Int(words[1]) ?? 3 }
                case "concurrently": node.putConcurrently(words[1], words[2], words[3])
                default: names[words[0]] = try #require(last?[words[1]], "\(name): no \(words[1])")
                }
            case .request(let request, let headers, let body):
                out.append(">>> " + request)
                out += headers
                if let body { out += ["", body] }
                last = try await connection.exchange(filled(request), headers.map(filled), body: body.map(filled))
                out.append("<<<")
                if let last { out += Self.shown(last) }
            }
        }
        return out.joined(separator: "\n") + "\n"
    }

    private static func shown(_ answer: RawAnswer) -> [String] {
        var lines = [answer.statusLine]
        lines += answer.headers.filter { $0.name != "Date" }.map { "\($0.name): \($0.value)" }
        if answer.body.readableBytes > 0 {
            let text = answer.text.replacingOccurrences(of: "\r", with: "␍")
            lines.append("")
            let ended = text.hasSuffix("\n") ? String(text.dropLast()) : text + "∎"
            lines += ended.components(separatedBy: "\n")
        }
        return lines
    }
}

@Suite struct TranscriptTests {
    @Test("a transcript is answered as it is written", arguments: Transcript.names)
    func aTranscriptIsAnsweredAsItIsWritten(name: String) async throws {
        let transcript = try Transcript(name)
        let node = FakeNode(defaultKind: name.hasPrefix("lww") ? .lww : .siblings)
        let played = try await withDoor(node) { port in
            try await RawConnection.with(port: port) { try await transcript.play(&$0, node) }
        }
        if Transcript.isUpdating {
            try played.write(
                to: Transcript.folder.appending(path: name + ".txt"), atomically: true, encoding: .utf8)
        } else if played != transcript.text {
            let pairs = zip(
                played.components(separatedBy: "\n"), transcript.text.components(separatedBy: "\n"))
            let first = pairs.first { $0 != $1 }
            Issue.record(
                """
                \(name).txt
                came:    \(first?.0 ?? "more lines")
                written: \(first?.1 ?? "more lines")
                COTERIE_UPDATE_TRANSCRIPTS=1 writes what came
                """)
        }
    }
}
