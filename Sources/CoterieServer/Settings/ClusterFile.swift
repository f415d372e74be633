// The YAML file that nodes are started with: the creation of the cluster, the same on every node, and settings.
// `coterie local up` writes one, every other command finds the nodes by it.

import CoteriePrimitives
import CoterieRing
import CoterieTypes
import Foundation
import Yams

/// One setting with its value as text, and where it was given.
public struct SettingAssignment: Sendable {
    public let setting: Setting
    public let text: String
    public let origin: SettingOrigin

    public init(_ setting: Setting, _ text: String, origin: SettingOrigin) {
        self.setting = setting
        self.text = text
        self.origin = origin
    }
}

/// A cluster's definition and settings, as read from or written to YAML.
public struct ClusterFile: Sendable {
    public var cluster: ClusterDefinition
    /// What else the file says, in its order.
    public var settings: [SettingAssignment]

    public init(cluster: ClusterDefinition, settings: [SettingAssignment] = []) {
        self.cluster = cluster
        self.settings = settings
    }

    /// Reads a file. Every error names the place in it.
    /// - Parameter types: those that bucket types may have.
    public static func read(
        _ path: String, types: TypeRegistry = .builtIn
    ) throws(SettingsError) -> ClusterFile {
        try ClusterFile(source: YAMLSource.read(path), types: types)
    }

    /// Reads a text; `path` is what errors call it.
    public init(parsing text: String, path: String, types: TypeRegistry = .builtIn) throws(SettingsError) {
        try self.init(source: YAMLSource(text: text, path: path), types: types)
    }

    private init(source: YAMLSource, types: TypeRegistry) throws(SettingsError) {
        var cluster: ClusterDefinition?
        var settings: [SettingAssignment] = []
        let root = source.root ?? Node("")
        for (key, keyNode, value) in try source.mapping(root, "the file") {
            if key == "cluster" {
                cluster = try ClusterSection(source: source, types: types).definition(in: value)
            } else {
                try Self.collect(key, keyNode, value, source, into: &settings)
            }
        }
        guard let cluster else {
            throw source.wrong("is missing: it names the cluster and its nodes", at: root, setting: "cluster")
        }
        self.cluster = cluster
        self.settings = settings
    }

    /// Adds the setting called `name`, or all of the section called so.
    private static func collect(
        _ name: String, _ keyNode: Node, _ value: Node, _ source: YAMLSource, into settings: inout [SettingAssignment]
    ) throws(SettingsError) {
        if let setting = SettingsTable.named(name) {
            if source.isEmpty(value) { return }
            let text = try text(of: value, for: setting, source)
            var trial = SettingsTable.defaults
            do throws(RejectedText) {
                try setting.set(text, in: &trial)
            } catch {
                throw source.wrong(error.reason, at: value, setting: name, value: text)
            }
            settings.append(SettingAssignment(setting, text, origin: source.origin(of: value)))
            return
        }
        guard SettingsTable.sections.contains(name) else {
            throw source.wrong(
                "is no setting" + NearestName.suggestion(for: name, among: SettingsTable.knownKeys(beside: name)),
                at: keyNode, value: name)
        }
        for (key, keyNode, value) in try source.mapping(value, name) {
            try collect("\(name).\(key)", keyNode, value, source, into: &settings)
        }
    }

    /// `durability: {interval: 100ms}` is the one value that may be written as a mapping.
    private static func text(
        of value: Node, for setting: Setting, _ source: YAMLSource
    ) throws(SettingsError) -> String {
        guard case .durability = setting.kind, case .mapping = value else {
            return try source.scalar(value, setting.name)
        }
        let pairs = try source.mapping(value, setting.name)
        guard let pair = pairs.first, pairs.count == 1, pair.key == "interval" else {
            throw source.wrong(
                "is no durability: allowed are fsync, os, and {interval: 100ms}", at: value, setting: setting.name)
        }
        return "interval:" + (try source.scalar(pair.value, "\(setting.name).interval"))
    }
}
