// What `put` and `delete` say.

import CoterieCausality
import CoterieClient
import CoterieServer
import CoterieWire

/// Tells of an acknowledged write.
struct WriteOutput {
    let name: KeyName
    let flags: RequestFlags
    let cluster: ClusterOptions
    let names: MemberNames

    func show(_ stored: Stored, verb: String) throws {
        guard !flags.json else { return Output.standard.line(try JSONText.of(report(stored))) }
        let output = Output.standard
        output.line("\(verb) \(name.text), context \(stored.context.text)")
        if let values = stored.values, let vtags = stored.vtags {
            if values.count > 1 {
                let lines = DataText.siblings(
                    values, vtags: vtags, context: stored.context.text, of: name, flags: cluster.repeated, on: output)
                for line in lines { output.line(line) }
            } else {
                output.line(values.first.map { DataText.preview($0.value) } ?? "no value")
            }
        }
        guard flags.receipt else { return }
        for line in DataText.receipt(stored.receipt, isWrite: true, names: names, on: .error) {
            Output.error.line(line)
        }
    }

    private func report(_ stored: Stored) -> KeyReport {
        KeyReport(
            type: name.type, bucket: name.bucket, key: name.key, stored: true, context: stored.context.text,
            siblings: stored.values.map { values in
                zip(values, stored.vtags ?? []).map { SiblingReport($0, vtag: $1) }
            },
            receipt: ReceiptReport(stored.receipt, isWrite: true, names: names))
    }
}

/// Contexts from the command line.
enum CausalText {
    static func vector(_ text: String) throws -> VersionVector {
        do {
            return try CausalContext(text: text).vector
        } catch {
            throw CommandFailure(.badData, "\(error)")
        }
    }
}
