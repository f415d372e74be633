// Answers for people: siblings as siblings, with the command that resolves them.

import CoterieClient
import CoteriePrimitives
import CoterieTypes
import CoterieWire
import NIOCore

/// Which key a command speaks of.
struct KeyName {
    let type: String
    let bucket: String
    let key: String

    /// `bucket/key`, with the type in front where it is not the default.
    var text: String { (type == "default" ? "" : "\(type)/") + "\(bucket)/\(key)" }

    /// As the arguments of a command.
    var arguments: String {
        let quoted = [bucket, key].map(LocalDirectory.shellQuoted).joined(separator: " ")
        return quoted + (type == "default" ? "" : " --type \(LocalDirectory.shellQuoted(type))")
    }
}

/// Lines about an answer.
enum DataText {
    /// Every sibling with its number, and the command that resolves them.
    static func siblings(
        _ values: [Content], vtags: [String], context: String, of name: KeyName, flags: String, on output: Output
    ) -> [String] {
        var columns = Columns([
            ("#", .right), ("VTAG", .left), ("WRITTEN", .left), ("TYPE", .left), ("BYTES", .right), ("VALUE", .left),
        ])
        for (index, value) in values.enumerated() {
            columns.add([
                "\(index + 1)", vtags[index], value.written.map { WallClockText.of($0.wall) } ?? "-",
                value.contentType, "\(value.value.readableBytes)", preview(value.value),
            ])
        }
        return [
            output.styled("\(values.count) siblings of \(name.text): written without having seen each other", .bold)
        ]
            + columns.lines(on: output)
            + [
                "to show one of them:  coterie get \(name.arguments)\(flags) --vtag \(vtags.first ?? "VTAG")",
                "to resolve them:      coterie put \(name.arguments) VALUE\(flags) --context \(context)",
            ]
    }

    /// A value in one short line: text in quotes, other bytes as such.
    static func preview(_ value: ByteBuffer) -> String {
        let shown = 48
        let head = value.getSlice(at: value.readerIndex, length: min(value.readableBytes, shown * 4)) ?? ByteBuffer()
        guard
            let text = String(validating: head.readableBytesView, as: UTF8.self)
                ?? (value.readableBytes > shown * 4 ? String(buffer: head) : nil)
        else { return "(not text)" }
        let line = text.map { $0.isNewline ? "\\n" : $0 == "\t" ? "\\t" : String($0) }
        let isCut = line.count > shown || value.readableBytes > head.readableBytes
        let printable = line.prefix(shown).joined().unicodeScalars
            .map { $0.properties.generalCategory == .control ? "·" : String($0) }.joined()
        return "\"\(printable)\"" + (isCut ? "…" : "")
    }

    /// What was asked, what was met, and who answered.
    static func receipt(_ receipt: Receipt, isWrite: Bool, names: MemberNames, on output: Output) -> [String] {
        let asked = receipt.asked
        var parts = ["n=\(asked.n)", "\(isWrite ? "w" : "r")=\(asked.quorum)"]
        if asked.primary > 0 { parts.append("\(isWrite ? "pw" : "pr")=\(asked.primary)") }
        if asked.durable > 0 { parts.append("dw=\(asked.durable)") }
        if asked.nodeConfirms > 0 { parts.append("node-confirms=\(asked.nodeConfirms)") }
        let durable = receipt.metDurable > 0 ? ", \(receipt.metDurable) durable" : ""
        let answers = receipt.responders.map { responder in
            "\(names.name(responder.member)) \(responder.answer.text)"
                + (responder.role == .fallback ? " (fallback)" : "")
        }
        let duration = receipt.duration.microseconds
        return [
            output.styled("asked", .dim) + "    \(parts.joined(separator: " "))",
            output.styled("met", .dim) + "      \(receipt.met), \(receipt.metPrimary) by owners\(durable)",
            output.styled("answers", .dim) + "  \(answers.isEmpty ? "-" : answers.joined(separator: ", "))",
            output.styled("carried", .dim)
                + "  by \(names.name(receipt.coordinator)), epoch \(receipt.epoch.rawValue), "
                + "\(duration / 1_000).\(String(1_000 + duration % 1_000).dropFirst()) ms",
        ]
    }
}
