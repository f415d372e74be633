// Rows whose values are words: names, levels, policies.

import CoteriePrimitives
import CoterieReplication
import Logging

extension Setting {
    /// A text that must not be empty.
    static func text(
        _ name: String, _ field: any WritableKeyPath<NodeSettings, String> & Sendable, _ what: String,
        _ documentation: String
    ) -> Setting {
        Setting(name: name, kind: .text(what), documentation: documentation, read: { $0[keyPath: field] }) {
            (settings, text) throws(RejectedText) in
            guard !text.isEmpty else { throw RejectedText("is empty: give \(what)") }
            settings[keyPath: field] = text
        }
    }

    /// A text that may be left out.
    static func optionalText(
        _ name: String, _ field: any WritableKeyPath<NodeSettings, String?> & Sendable, _ what: String,
        _ documentation: String
    ) -> Setting {
        Setting(name: name, kind: .text(what), documentation: documentation, read: { $0[keyPath: field] ?? "" }) {
            (settings, text) throws(RejectedText) in
            guard !text.isEmpty else { throw RejectedText("is empty: give \(what)") }
            settings[keyPath: field] = text
        }
    }

    static func flag(
        _ name: String, _ field: any WritableKeyPath<NodeSettings, Bool> & Sendable, _ documentation: String
    ) -> Setting {
        Setting(name: name, kind: .flag, documentation: documentation, read: { "\($0[keyPath: field])" }) {
            (settings, text) throws(RejectedText) in
            settings[keyPath: field] = try SettingText.flag(text)
        }
    }

    static func durability(
        _ name: String, _ field: any WritableKeyPath<NodeSettings, Durability> & Sendable, _ documentation: String
    ) -> Setting {
        Setting(
            name: name, kind: .durability, documentation: documentation,
            read: { SettingText.text(of: $0[keyPath: field]) }
        ) { (settings, text) throws(RejectedText) in
            settings[keyPath: field] = try SettingText.durability(text)
        }
    }

    static func logLevel(
        _ name: String, _ field: any WritableKeyPath<NodeSettings, Logger.Level> & Sendable, _ documentation: String
    ) -> Setting {
        let names = Logger.Level.allCases.map(\.rawValue)
        return Setting(
            name: name, kind: .choice(names), documentation: documentation, read: { $0[keyPath: field].rawValue }
        ) { (settings, text) throws(RejectedText) in
            guard let level = Logger.Level(rawValue: text.lowercased()) else {
                throw RejectedText("is no log level: give one of \(names.joined(separator: ", "))")
            }
            settings[keyPath: field] = level
        }
    }
}
