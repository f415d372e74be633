// From flags, environment and file to the settings of a node, checked as a whole.

import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTransport
import CoterieWire

extension NodeSettings {
    /// A node's settings, where each came from, and what an operator should know about them.
    public struct Loaded: Sendable {
        public var settings: NodeSettings
        /// By setting name; a name that is not here has its default.
        public var origins: [String: SettingOrigin] = [:]
        /// Environment variables that look like settings and are none.
        public var warnings: [String] = []

        public func origin(of setting: Setting) -> SettingOrigin { origins[setting.name] ?? .byDefault }
    }

    /// Puts the sources together: flags over environment over file over defaults.
    public static func load(
        file: ClusterFile, environment: [String: String], flags: [SettingAssignment]
    ) throws(SettingsError) -> Loaded {
        var loaded = Loaded(settings: NodeSettings(node: "", dataDirectory: "", cluster: file.cluster))
        let (fromEnvironment, warnings) = assignments(in: environment)
        loaded.warnings = warnings
        for assignment in file.settings + fromEnvironment + flags {
            try loaded.apply(assignment)
        }
        try loaded.checkIdentity()
        try loaded.checkRelations()
        loaded.settings.deriveStorageLimits()
        return loaded
    }

    /// Reads `--limits-max-value-bytes 1MiB` and `--limits-max-value-bytes=1MiB`. `others` are the command's own flags,
    /// for suggestions.
    public static func assignments(
        inFlags words: [String], beside others: [String] = []
    ) throws(SettingsError) -> [SettingAssignment] {
        var found: [SettingAssignment] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard word.hasPrefix("--"), let setting = SettingsTable.all.first(where: { $0.flag == parts[0] }) else {
                let flags = SettingsTable.all.map(\.flag) + others
                throw SettingsError(
                    "there is no such flag" + NearestName.suggestion(for: parts[0], among: flags)
                        + " (all settings: coterie serve --help-settings)", origin: .flag(word))
            }
            if case .flag = setting.kind, parts.count == 1, rest.first?.hasPrefix("--") ?? true {
                // A switch that is named is on.
                found.append(SettingAssignment(setting, "true", origin: .flag(parts[0])))
                continue
            }
            guard let text = parts.count == 2 ? parts[1] : rest.popFirst(), parts.count == 2 || !text.hasPrefix("--")
            else {
                throw SettingsError("needs a value: \(setting.kind)", origin: .flag(parts[0]), setting: setting.name)
            }
            found.append(SettingAssignment(setting, text, origin: .flag(parts[0])))
        }
        return found
    }

    /// The settings in `COTERIE_*`, and a warning for each other variable that is so called.
    private static func assignments(in environment: [String: String]) -> ([SettingAssignment], [String]) {
        var found: [SettingAssignment] = []
        var warnings: [String] = []
        let names = SettingsTable.all.map(\.environmentName)
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("COTERIE_") {
            if let setting = SettingsTable.all.first(where: { $0.environmentName == name }) {
                found.append(SettingAssignment(setting, text, origin: .environment(name)))
            } else if !clientVariables.contains(name) {
                let suggestion = NearestName.suggestion(for: name, among: names)
                warnings.append("environment variable \(name) is no setting and is ignored\(suggestion)")
            }
        }
        return (found, warnings)
    }

    /// Variables that are ours and no settings of a node.
    public static let clientVariables = ["COTERIE_NODES", "COTERIE_CONFIG"]
}

extension NodeSettings.Loaded {
    mutating func apply(_ assignment: SettingAssignment) throws(SettingsError) {
        do throws(RejectedText) {
            try assignment.setting.set(assignment.text, in: &settings)
        } catch {
            throw SettingsError(
                error.reason, origin: assignment.origin, setting: assignment.setting.name, value: assignment.text)
        }
        origins[assignment.setting.name] = assignment.origin
    }

    /// Who the node is and where its data lies must be said.
    func checkIdentity() throws(SettingsError) {
        let names = settings.cluster.members.map(\.name)
        guard !settings.node.isEmpty else {
            throw SettingsError(
                "is missing: say which of the cluster's nodes this is by --node "
                    + "(\(names.joined(separator: ", ")))", setting: "node")
        }
        guard settings.member != nil else {
            throw SettingsError(
                "is no node of the cluster \"\(settings.cluster.name)\""
                    + NearestName.suggestion(for: settings.node, among: names)
                    + " (its nodes: \(names.joined(separator: ", ")))",
                origin: origins["node"], setting: "node", value: settings.node)
        }
        guard !settings.dataDirectory.isEmpty || settings.engine == .memory else {
            throw SettingsError("is missing: say where the node keeps its data by --data DIR", setting: "data")
        }
    }

    /// Relations between settings, which no single range can say.
    func checkRelations() throws(SettingsError) {
        var derived = settings
        derived.deriveStorageLimits()
        for (section, problem) in [
            ("limits", settings.limits.problem ?? settings.keyProblem),
            ("membership", settings.replication.membership.problem), ("replication", settings.replication.problem),
            ("storage", derived.storage.problem), ("transport", settings.transport.problem),
        ] {
            guard let problem else { continue }
            let mentioned = SettingsTable.all.filter { setting in
                setting.name.hasPrefix("\(section).") && problem.contains(setting.name.dropFirst(section.count + 1))
                    && origins[setting.name] != nil
            }
            throw SettingsError(problem, origin: mentioned.first.flatMap { origins[$0.name] }, setting: section)
        }
    }
}

extension NodeSettings {
    /// What an `ObjectKey` adds to the names that it is made of, and what an element's sub-key may add to it.
    private static let keyOverhead = 64
    /// The longest key that a store takes.
    private static let longestStoredKey = 16_384

    /// Names in one key must fit the store's longest key.
    fileprivate var keyProblem: String? {
        let sum = limits.maxTypeBytes + limits.maxBucketBytes + limits.maxKeyBytes + Self.keyOverhead
        guard sum > Self.longestStoredKey else { return nil }
        return "maxTypeBytes, maxBucketBytes and maxKeyBytes together must not exceed "
            + "\(Self.longestStoredKey - Self.keyOverhead), and are \(sum - Self.keyOverhead)"
    }

    /// The store's limits follow from those of requests: a key is all three names, a value is an object with its siblings.
    fileprivate mutating func deriveStorageLimits() {
        storage.limits.maxKeyBytes = min(
            limits.maxTypeBytes + limits.maxBucketBytes + limits.maxKeyBytes + Self.keyOverhead, Self.longestStoredKey)
        storage.limits.maxValueBytes = limits.maxFrameBytes
        storage.limits.maxBatchBytes = max(limits.maxFrameBytes * 2, 64 << 20)
    }

    /// Checks values and relations of settings for nodes that are started later.
    public static func check(_ assignments: [SettingAssignment]) throws(SettingsError) {
        var trial = Loaded(settings: SettingsTable.defaults)
        for assignment in assignments { try trial.apply(assignment) }
        try trial.checkRelations()
    }
}
