// `coterie history`: histories that were written to files, judged again and converted.

import ArgumentParser
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieServer
import Foundation
import NIOCore

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Judge and convert recorded histories.",
        discussion: """
            Examples:
              coterie check --history run.jsonl
              coterie history judge run.jsonl
              coterie history convert run.jsonl --to edn --out run.edn
            """,
        subcommands: [HistoryJudgeCommand.self, HistoryConvertCommand.self])
}

/// The forms of a history in a file.
enum HistoryForm: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// Everything: what is read back is judged as the original is.
    case json
    /// Jepsen's, for other checkers: without contexts and receipts.
    case edn
}

struct HistoryJudgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "judge", abstract: "Hold a recorded history to the laws again.",
        discussion: """
            What is read at r=all after everything else counts as the final state of a key, as coterie check leaves it. \
            Exit codes: 0 all laws hold, 20 a law is broken, 65 the file is malformed.

            Examples:
              coterie history judge run.jsonl
              coterie history judge run.jsonl --lost-disks 1
            """)

    @Argument(help: ArgumentHelp("JSON lines.", valueName: "file"), completion: .file()) var file: String
    @Option(help: ArgumentHelp("Copies that may be gone for good: disks that were wiped.", valueName: "count"))
    var lostDisks = 0
    @Option(help: ArgumentHelp("How many siblings a key may have.", valueName: "count")) var siblings = 300

    func run() throws {
        let history = try History(file: file, .json)
        var promise = Promise()
        promise.copies = .stored
        promise.lostDisks = lostDisks
        promise.maximumSiblings = siblings
        let violations = Judge(promise: promise).judge(history, final: history.finalReads)
        let output = Output.standard
        output.line("\(grouped(history.records.count)) operations on \(history.keyCount) keys")
        guard !violations.isEmpty else {
            return output.line(output.styled("All laws hold.", .bold, .green))
        }
        output.line(output.styled("\(violations.count) violations:", .bold, .red))
        for violation in violations { output.line(violation.excerpt(of: history)) }
        throw CommandFailure(.promiseBroken, "")
    }
}

struct HistoryConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Write a history in another form.",
        discussion: """
            Examples:
              coterie history convert run.jsonl --to edn > run.edn
            """)

    @Argument(help: ArgumentHelp("The history.", valueName: "file"), completion: .file()) var file: String
    @Option(help: "The form of the file: json (lines) or edn (Jepsen's).") var from = HistoryForm.json
    @Option(help: "The form to write.") var to = HistoryForm.edn
    @Option(help: ArgumentHelp("Where to write it (default: standard output).", valueName: "file"), completion: .file())
    var out: String?

    func run() throws {
        let history = try History(file: file, from)
        if let out { return try history.export(to: out, to) }
        Output.standard.write(bytes: Array(history.bytes(to).readableBytesView))
    }
}

extension History {
    /// Reads a file; errors name it and the line.
    init(file: String, _ form: HistoryForm) throws {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw CommandFailure(.ioError, "cannot read \(file)")
        }
        do throws(HistoryFormatError) {
            switch form {
            case .json: try self.init(jsonLines: ByteBuffer(bytes: bytes))
            case .edn: try self.init(jepsenEDN: ByteBuffer(bytes: bytes))
            }
        } catch {
            throw CommandFailure(.badData, "\(file): \(error)")
        }
    }

    func bytes(_ form: HistoryForm) -> ByteBuffer { form == .json ? jsonLines() : jepsenEDN() }

    func export(to path: String, _ form: HistoryForm) throws {
        do {
            try Data(bytes(form).readableBytesView).write(to: URL(fileURLWithPath: path))
        } catch {
            throw CommandFailure(.cannotCreate, "cannot write \(path): \(error.localizedDescription)")
        }
    }

    var keyCount: Int { Set(records.map(\.key)).count }

    /// The last read of each key where it asked all replicas and began after every other operation on the key was over.
    var finalReads: FinalState {
        var last: [ObjectKey: Record] = [:]
        var busyUntil: [ObjectKey: Int] = [:]
        for record in records {
            let isFinal = record.action == .get && record.asked.quorum == .all && record.outcome == .ok
            if isFinal {
                last[record.key] = record
            } else {
                if record.action.isWrite { last[record.key] = nil }
                let end = record.outcome == .open ? record.called.order : record.returned?.order ?? record.called.order
                busyUntil[record.key] = max(busyUntil[record.key] ?? 0, end)
            }
        }
        var final = FinalState()
        for (key, record) in last where record.called.order > busyUntil[key] ?? 0 {
            if let reply = record.reply { final.set(key, reply) }
        }
        return final
    }
}
