// The section `cluster` of a YAML file: the creation of a cluster. Every value is checked here, where its line is known.

import CoteriePrimitives
import CoterieRing
import CoterieTypes
import Yams

/// Reads the section `cluster`.
struct ClusterSection {
    let source: YAMLSource
    /// Those that bucket types may have.
    let types: TypeRegistry

    private static let keys = ["name", "partitions", "replicas", "nodes", "types", "defaultType", "hashKey"]
    private static let nodeKeys = ["name", "number", "peer", "http", "zone", "weight"]
    private static let typeKeys = [
        "name", "n", "type", "r", "w", "pr", "pw", "dw", "nodeConfirms", "basicQuorum", "notfoundOk", "sloppy",
        "returnBody", "timeout",
    ]

    /// The definition in `node`, checked as a whole: a layout can be made of it.
    func definition(in node: Node) throws(SettingsError) -> ClusterDefinition {
        let fields = try Fields(node, "cluster", known: Self.keys, source: source)
        let name = try fields.required("name")
        let replicas = try fields.count("replicas", LayoutLimits.replicas) ?? LayoutLimits.defaultReplicas
        let members = try fields.items("nodes").enumerated().map { (index, item) throws(SettingsError) in
            try member(item, "cluster.nodes[\(index)]")
        }
        let kind = try fields.kind("defaultType", of: types) ?? .siblings
        var bucketTypes = ClusterDefinition.standardBucketTypes(replicas: replicas, defaultKind: kind)
        for (index, item) in try fields.items("types").enumerated() {
            let type = try bucketType(item, "cluster.types[\(index)]", replicas: replicas)
            bucketTypes.removeAll { $0.name == type.name }
            bucketTypes.append(type)
        }
        let definition = ClusterDefinition(
            name: name,
            partitions: try fields.count("partitions", LayoutLimits.partitions)
                ?? LayoutLimits.defaultPartitions,
            replicas: replicas, members: members, bucketTypes: bucketTypes, hashKey: try hashKey(fields))
        do {
            _ = try Layout(first: definition)
        } catch {
            throw source.wrong("\(error)", at: node, setting: "cluster")
        }
        return definition
    }

    private func member(_ node: Node, _ path: String) throws(SettingsError) -> Member {
        let fields = try Fields(node, path, known: Self.nodeKeys, source: source)
        return Member(
            number: MemberNumber(UInt32(try fields.requiredCount("number", 1 ... Int(UInt32.max)))),
            name: try fields.required("name"), zone: try fields.text("zone") ?? Member.defaultZone,
            weight: try fields.count("weight", LayoutLimits.weight) ?? 1,
            peer: try fields.endpoint("peer"), http: try fields.endpoint("http"))
    }

    private func bucketType(_ node: Node, _ path: String, replicas: Int) throws(SettingsError) -> BucketType {
        let fields = try Fields(node, path, known: Self.typeKeys, source: source)
        let overrides = BucketProperties(
            r: try fields.quorum("r"), w: try fields.quorum("w"), pr: try fields.quorum("pr"),
            pw: try fields.quorum("pw"), dw: try fields.quorum("dw"), nodeConfirms: try fields.quorum("nodeConfirms"),
            basicQuorum: try fields.flag("basicQuorum"), notfoundOK: try fields.flag("notfoundOk"),
            sloppy: try fields.flag("sloppy"), returnBody: try fields.flag("returnBody"),
            timeout: try fields.span("timeout"))
        return BucketType(
            name: try fields.required("name"), n: try fields.count("n", 1 ... replicas) ?? replicas,
            kind: try fields.kind("type", of: types) ?? .siblings,
            properties: BucketProperties.standard.merging(overrides: overrides))
    }

    private func hashKey(_ fields: Fields) throws(SettingsError) -> HashKey? {
        guard let text = try fields.text("hashKey") else { return nil }
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { throw fields.wrong("hashKey", text, "is not a key of 32 hexadecimal digits") }
        return HashKey(high, low)
    }
}

/// One mapping whose keys are known: reads its values by kind.
private struct Fields {
    private let source: YAMLSource
    private let node: Node
    private let path: String
    private var values: [String: Node] = [:]

    init(_ node: Node, _ path: String, known: [String], source: YAMLSource) throws(SettingsError) {
        self.source = source
        self.node = node
        self.path = path
        for (key, keyNode, value) in try source.mapping(node, path) {
            guard known.contains(key) else {
                throw source.wrong(
                    "is not known here\(NearestName.suggestion(for: key, among: known)) (known: \(known.joined(separator: ", ")))",
                    at: keyNode, setting: path, value: key)
            }
            values[key] = value
        }
    }

    func wrong(_ key: String, _ text: String, _ reason: String) -> SettingsError {
        source.wrong(reason, at: values[key] ?? node, setting: "\(path).\(key)", value: text)
    }

    func text(_ key: String) throws(SettingsError) -> String? {
        guard let value = values[key], !source.isEmpty(value) else { return nil }
        return try source.scalar(value, "\(path).\(key)")
    }

    func required(_ key: String) throws(SettingsError) -> String {
        guard let text = try text(key) else {
            throw source.wrong("is missing", at: node, setting: "\(path).\(key)")
        }
        return text
    }

    func items(_ key: String) throws(SettingsError) -> [Node] {
        guard let value = values[key] else { return [] }
        return try source.sequence(value, "\(path).\(key)")
    }

    /// Reads a text by `read`, whose rejection becomes an error of this key.
    private func value<Value>(
        _ key: String, _ read: (String) throws(RejectedText) -> Value
    ) throws(SettingsError) -> Value? {
        guard let text = try text(key) else { return nil }
        do throws(RejectedText) {
            return try read(text)
        } catch {
            throw wrong(key, text, error.reason)
        }
    }

    func count(_ key: String, _ range: ClosedRange<Int>) throws(SettingsError) -> Int? {
        try value(key) { text throws(RejectedText) in
            let count = try SettingText.count(text)
            guard range.contains(count) else {
                throw RejectedText("is out of range: allowed is \(range.lowerBound) … \(range.upperBound)")
            }
            return count
        }
    }

    func requiredCount(_ key: String, _ range: ClosedRange<Int>) throws(SettingsError) -> Int {
        _ = try required(key)
        return try count(key, range) ?? range.lowerBound
    }

    func flag(_ key: String) throws(SettingsError) -> Bool? { try value(key, SettingText.flag) }

    func span(_ key: String) throws(SettingsError) -> TimeSpan? { try value(key, SettingText.span) }

    func quorum(_ key: String) throws(SettingsError) -> Quorum? {
        try value(key) { text throws(RejectedText) in
            guard let quorum = Quorum(parsing: text) else {
                throw RejectedText(
                    "is no quorum: allowed are one, quorum, all, and a number from 0 to "
                        + "\(LayoutLimits.replicas.upperBound)")
            }
            return quorum
        }
    }

    func endpoint(_ key: String) throws(SettingsError) -> Endpoint {
        let text = try required(key)
        do throws(EndpointError) {
            return try Endpoint.parse(text)
        } catch {
            throw source.wrong("\(error)", at: values[key] ?? node, setting: "\(path).\(key)")
        }
    }

    func kind(_ key: String, of types: TypeRegistry) throws(SettingsError) -> TypeKind? {
        try value(key) { text throws(RejectedText) in
            let known = types.names
            guard known.contains(text) else {
                throw RejectedText(
                    "is no type\(NearestName.suggestion(for: text, among: known)): give one of "
                        + known.joined(separator: ", "))
            }
            return TypeKind(rawValue: text)
        }
    }
}
