// What `coterie serve --help-settings` prints: the whole table.

/// Text about settings.
public enum SettingsHelp {
    /// Every setting with its flag, environment variable, what it takes and its default.
    public static func text() -> String {
        var lines = [
            "Settings of a node. Strongest first: flags, environment variables, the YAML file (--config), defaults.",
            "Sizes: bytes, or a number with KiB, MiB, GiB. Durations: a number with us, ms, s, m, h.",
            "A setting that takes true or false is true where its flag has no value.",
        ]
        for setting in SettingsTable.all {
            lines.append("")
            lines.append("\(setting.name)")
            lines.append("    \(setting.documentation)")
            lines.append("    \(setting.flag)   \(setting.environmentName)")
            let usual = setting.defaultText
            lines.append("    takes: \(setting.kind)\(usual.isEmpty ? "" : "   default: \(usual)")")
        }
        lines += [
            "",
            "In YAML, sections are mappings (limits: {maxValueBytes: 1MiB}), and the section cluster, which has no flags,",
            "is the creation of the cluster, the same on every node:",
            "",
            "cluster:",
            "  name: local",
            "  partitions: 256",
            "  replicas: 3",
            "  nodes:",
            "    - {name: n1, number: 1, peer: \"127.0.0.1:7101\", http: \"127.0.0.1:8101\", zone: z1, weight: 1}",
            "  types:       # beside the standard ones: default siblings plain no_siblings lww, n1 … nN, lww_n1 … lww_nN",
            "    - {name: carts, n: 3, type: siblings}",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// The settings as they are for one node, each with where it came from.
    public static func text(of loaded: NodeSettings.Loaded) -> String {
        let rows = SettingsTable.all.map { ($0.name, $0.text(in: loaded.settings), "\(loaded.origin(of: $0))") }
        let width = rows.map(\.0.count).max() ?? 0
        let valueWidth = rows.map(\.1.count).max() ?? 0
        return rows.map { name, value, origin in
            name + String(repeating: " ", count: width - name.count + 2) + value
                + String(repeating: " ", count: valueWidth - value.count + 2) + origin
        }.joined(separator: "\n") + "\n"
    }
}
