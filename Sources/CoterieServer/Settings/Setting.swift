// One row of the table of settings: its names, what it takes, what it is for, and where it goes.

import CoteriePrimitives
import CoterieReplication

/// One setting of a node.
public struct Setting: Sendable {
    /// As in the YAML file, sections joined by dots: `limits.maxValueBytes`.
    public let name: String
    public let kind: Kind
    /// One sentence.
    public let documentation: String
    let read: @Sendable (NodeSettings) -> String
    let write: @Sendable (inout NodeSettings, String) throws(RejectedText) -> Void

    /// What a setting takes; ranges are inclusive.
    public enum Kind: Sendable {
        case count(ClosedRange<Int>)
        case size(ClosedRange<Int>)
        case span(ClosedRange<TimeSpan>)
        case flag
        case text(String)
        case choice([String])
        case durability
    }

    /// `COTERIE_LIMITS_MAX_VALUE_BYTES`.
    public var environmentName: String { "COTERIE_" + words.joined(separator: "_").uppercased() }

    /// `--limits-max-value-bytes`.
    public var flag: String { "--" + words.joined(separator: "-") }

    /// `fsync`, `64MiB`; empty where there is none.
    public var defaultText: String { read(SettingsTable.defaults) }

    /// The value in `settings`, as it would be written.
    public func text(in settings: NodeSettings) -> String { read(settings) }

    /// Puts a text into `settings`; throws what is wrong with it.
    public func set(_ text: String, in settings: inout NodeSettings) throws(RejectedText) {
        try write(&settings, text)
    }

    /// The name's words in lower case: `limits`, `max`, `value`, `bytes`.
    private var words: [String] {
        var words: [String] = [""]
        for character in name {
            if character == "." {
                words.append("")
            } else if character.isUppercase {
                words.append(character.lowercased())
            } else {
                words[words.count - 1].append(character)
            }
        }
        return words
    }
}

extension Setting.Kind: CustomStringConvertible {
    /// What is allowed, for `--help-settings` and for errors.
    public var description: String {
        switch self {
        case .count(let range):
            range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) … \(range.upperBound)"
        case .size(let range):
            range.upperBound == .max
                ? "\(SettingText.text(ofSize: range.lowerBound)) or more"
                : "\(SettingText.text(ofSize: range.lowerBound)) … \(SettingText.text(ofSize: range.upperBound))"
        case .span(let range): "\(SettingText.text(of: range.lowerBound)) … \(SettingText.text(of: range.upperBound))"
        case .flag: "true | false"
        case .text(let what): what
        case .choice(let names): names.joined(separator: " | ")
        case .durability: "fsync | interval:100ms | os"
        }
    }
}

// Rows by kind: each reads and writes one field.
extension Setting {
    static func count<Number: FixedWidthInteger & Sendable>(
        _ name: String, _ field: any WritableKeyPath<NodeSettings, Number> & Sendable, _ range: ClosedRange<Int>,
        _ documentation: String
    ) -> Setting {
        let kind = Kind.count(range)
        return Setting(name: name, kind: kind, documentation: documentation, read: { "\($0[keyPath: field])" }) {
            (settings, text) throws(RejectedText) in
            settings[keyPath: field] = Number(try SettingText.count(text).checked(range, kind))
        }
    }

    static func size<Number: FixedWidthInteger & Sendable>(
        _ name: String, _ field: any WritableKeyPath<NodeSettings, Number> & Sendable, _ range: ClosedRange<Int>,
        _ documentation: String
    ) -> Setting {
        let kind = Kind.size(range)
        return Setting(
            name: name, kind: kind, documentation: documentation,
            read: { SettingText.text(ofSize: Int($0[keyPath: field])) }
        ) { (settings, text) throws(RejectedText) in
            settings[keyPath: field] = Number(try SettingText.size(text).checked(range, kind))
        }
    }

    static func span(
        _ name: String, _ field: any WritableKeyPath<NodeSettings, TimeSpan> & Sendable,
        _ range: ClosedRange<TimeSpan>, _ documentation: String
    ) -> Setting {
        let kind = Kind.span(range)
        return Setting(
            name: name, kind: kind, documentation: documentation, read: { SettingText.text(of: $0[keyPath: field]) }
        ) { (settings, text) throws(RejectedText) in
            settings[keyPath: field] = try SettingText.span(text).checked(range, kind)
        }
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ field: any WritableKeyPath<NodeSettings, Value> & Sendable, _ documentation: String
    ) -> Setting {
        let names = Value.allCases.map(\.rawValue)
        return Setting(
            name: name, kind: .choice(names), documentation: documentation, read: { $0[keyPath: field].rawValue }
        ) { (settings, text) throws(RejectedText) in
            guard let value = Value(rawValue: text) else {
                throw RejectedText("is not allowed: give one of \(names.joined(separator: ", "))")
            }
            settings[keyPath: field] = value
        }
    }
}

extension Comparable {
    /// Itself, if within the range of its setting.
    fileprivate func checked(_ range: ClosedRange<Self>, _ kind: Setting.Kind) throws(RejectedText) -> Self {
        guard range.contains(self) else { throw RejectedText("is out of range: allowed is \(kind)") }
        return self
    }
}
