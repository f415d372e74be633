// `coterie serve`: one node in the foreground of its process, until it is told to stop.

import ArgumentParser
import CoterieRing
import CoterieServer
import Foundation
import Logging

/// Runs one node.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run one node in this process.",
        discussion: """
            The cluster's definition comes from a YAML file, the same for every node. Every setting can be given in \
            that file, as an environment variable COTERIE_…, or as a flag; flags are the strongest. \
            SIGTERM or Ctrl-C stops the node gracefully: requests in flight are finished. A second one ends it at once.

            Examples:
              coterie serve --config cluster.yaml --node n1 --data /var/lib/coterie
              coterie serve --config cluster.yaml --node n1 --data d1 --log-level debug
              coterie serve --help-settings
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("The YAML file with the cluster and settings (COTERIE_CONFIG).", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(
        name: .long, help: ArgumentHelp("Which of the cluster's nodes this is.", valueName: "name"),
        completion: .custom { words, _, _ in Self.nodeNames(completing: words) })
    var node: String?

    @Option(
        name: .long, help: ArgumentHelp("Where this node keeps its data.", valueName: "dir"), completion: .directory)
    var data: String?

    @Flag(name: .long, help: "Show every setting: name, flag, environment variable, range, default.")
    var helpSettings = false

    @Flag(name: .long, help: "Show the settings that this node would have, and where each comes from; start nothing.")
    var showSettings = false

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Any setting of --help-settings, as --name value.", valueName: "--setting value"))
    var settingFlags: [String] = []

    func run() async throws {
        if helpSettings {
            Output.standard.write(SettingsHelp.text())
            return
        }
        let loaded = try load(environment: ProcessInfo.processInfo.environment)
        if showSettings {
            Output.standard.write(SettingsHelp.text(of: loaded))
            return
        }
        let settings = loaded.settings
        var logger = Logger(label: "coterie") { _ in
            LineLogHandler(level: settings.logLevel, format: settings.logFormat)
        }
        logger[metadataKey: "node"] = "\(settings.node)"
        for warning in loaded.warnings { logger.warning("\(warning)") }
        try await NodeRun(settings: settings, logger: logger).run()
    }

    /// The settings from all their sources.
    func load(environment: [String: String]) throws -> NodeSettings.Loaded {
        do {
            var flags: [SettingAssignment] = []
            for (name, text) in [("node", node), ("data", data)] {
                guard let text, let setting = SettingsTable.named(name) else { continue }
                flags.append(SettingAssignment(setting, text, origin: .flag(setting.flag)))
            }
            flags += try NodeSettings.assignments(
                inFlags: settingFlags, beside: ["--config", "--help-settings", "--show-settings"])
            guard let path = config ?? environment["COTERIE_CONFIG"], !path.isEmpty else {
                throw SettingsError(
                    "is missing: give the YAML file with the cluster's definition "
                        + "(coterie serve --help-settings shows one)", setting: "--config")
            }
            return try NodeSettings.load(file: ClusterFile.read(path), environment: environment, flags: flags)
        } catch let error as SettingsError {
            throw CommandFailure(error)
        }
    }

    private static func nodeNames(completing words: [String]) -> [String] {
        guard let path = words.firstIndex(of: "--config").flatMap({ words.dropFirst($0 + 1).first }) else { return [] }
        return (try? ClusterFile.read(path))?.cluster.members.map(\.name) ?? []
    }
}
