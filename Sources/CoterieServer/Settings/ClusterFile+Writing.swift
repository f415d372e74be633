// A cluster file as a person would write it: one line for a node, nothing that says the default.

import CoteriePrimitives
import CoterieRing
import Foundation

extension ClusterFile {
    /// The YAML text; reading it gives this file back.
    public var text: String {
        var lines = ["cluster:", "  name: \(Self.quoted(cluster.name))"]
        lines.append("  partitions: \(cluster.partitions)")
        lines.append("  replicas: \(cluster.replicas)")
        if let key = cluster.hashKey {
            lines.append("  hashKey: \"\(Self.hexadecimal(key.k0))\(Self.hexadecimal(key.k1))\"")
        }
        lines.append("  nodes:")
        lines += cluster.members.map { "    - \(Self.line(of: $0))" }
        let types = ownTypes
        if !types.isEmpty { lines.append("  types:") }
        lines += types.map { "    - \(Self.line(of: $0))" }
        lines += settingLines
        return lines.joined(separator: "\n") + "\n"
    }

    /// The types that a reader of this file would not add by itself.
    private var ownTypes: [BucketType] {
        let standard = ClusterDefinition.standardBucketTypes(replicas: cluster.replicas)
        return cluster.bucketTypes.filter { !standard.contains($0) }
    }

    private var settingLines: [String] {
        var lines: [String] = []
        var section = ""
        let ordered =
            settings.filter { !$0.setting.name.contains(".") }
            + settings.filter { $0.setting.name.contains(".") }
            .sorted { $0.setting.name < $1.setting.name }
        for assignment in ordered {
            let parts = assignment.setting.name.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                lines.append("\(parts[0]): \(Self.quoted(assignment.text))")
                continue
            }
            if parts[0] != section { lines.append("\(parts[0]):") }
            section = parts[0]
            lines.append("  \(parts[1]): \(Self.quoted(assignment.text))")
        }
        return lines
    }

    private static func line(of member: Member) -> String {
        var fields = ["name: \(quoted(member.name))", "number: \(member.number.rawValue)"]
        fields.append("peer: \"\(member.peer)\"")
        fields.append("http: \"\(member.http)\"")
        if member.zone != Member.defaultZone { fields.append("zone: \(quoted(member.zone))") }
        if member.weight != 1 { fields.append("weight: \(member.weight)") }
        return "{\(fields.joined(separator: ", "))}"
    }

    private static func line(of type: BucketType) -> String {
        var fields = ["name: \(quoted(type.name))", "n: \(type.n)", "type: \(type.kind.rawValue)"]
        let standard = BucketProperties.standard
        let own = type.properties
        for (name, value, usual) in [
            ("r", own.r, standard.r), ("w", own.w, standard.w), ("pr", own.pr, standard.pr),
            ("pw", own.pw, standard.pw),
            ("dw", own.dw, standard.dw), ("nodeConfirms", own.nodeConfirms, standard.nodeConfirms),
        ] {
            if let value, value != usual { fields.append("\(name): \(value)") }
        }
        for (name, value, usual) in [
            ("basicQuorum", own.basicQuorum, standard.basicQuorum), ("notfoundOk", own.notfoundOK, standard.notfoundOK),
            ("sloppy", own.sloppy, standard.sloppy), ("returnBody", own.returnBody, standard.returnBody),
        ] {
            if let value, value != usual { fields.append("\(name): \(value)") }
        }
        if let timeout = own.timeout { fields.append("timeout: \(SettingText.text(of: timeout))") }
        return "{\(fields.joined(separator: ", "))}"
    }

    /// A plain scalar where YAML would read it back as this text, else a quoted one.
    private static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a") ... UInt8(ascii: "z"), UInt8(ascii: "A") ... UInt8(ascii: "Z"),
                UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"),
                UInt8(ascii: "."):
                return true
            default: return false
            }
        }
        if plain, let first = text.first, first.isLetter || first.isNumber || first == "/", text.lowercased() != "null"
        {
            return text
        }
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
