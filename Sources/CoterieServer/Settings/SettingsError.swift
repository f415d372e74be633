// What is wrong with a configuration: where, which setting, which value, and what would be right.

/// Where a value came from, from the weakest source to the strongest.
public enum SettingOrigin: Hashable, Sendable, CustomStringConvertible {
    case byDefault
    /// A place in a YAML file; lines and columns count from 1.
    case file(path: String, line: Int, column: Int)
    /// An environment variable.
    case environment(String)
    /// A flag of the command line, as it was written.
    case flag(String)

    public var description: String {
        switch self {
        case .byDefault: "default"
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .environment(let name): "environment variable \(name)"
        case .flag(let flag): flag
        }
    }
}

/// A configuration that cannot be used.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the wrong value stands; nil where something is missing altogether.
    public let origin: SettingOrigin?
    /// The setting's name as in `coterie serve --help-settings`; nil where no single one is at fault.
    public let setting: String?
    /// The value as it was written.
    public let value: String?
    /// What is wrong and what is allowed.
    public let reason: String

    public init(_ reason: String, origin: SettingOrigin? = nil, setting: String? = nil, value: String? = nil) {
        self.reason = reason
        self.origin = origin
        self.setting = setting
        self.value = value
    }

    /// One line: `node.yaml:12:18: limits.maxValueBytes: "16XB" is not a size: give …`.
    public var description: String {
        var parts: [String] = []
        if let origin { parts.append("\(origin)") }
        // A flag or a variable is the setting's name already.
        if let setting, isPlaced { parts.append(setting) }
        parts.append(value.map { "\"\($0)\" \(reason)" } ?? reason)
        return parts.joined(separator: ": ")
    }

    /// What a process ends with that cannot go on: a wrong flag is bad usage, all else bad configuration.
    public var exitStatus: ExitStatus {
        if case .flag = origin { return .usage }
        return .badConfiguration
    }

    private var isPlaced: Bool {
        switch origin {
        case .flag, .environment: false
        case .file, .byDefault, nil: true
        }
    }
}
