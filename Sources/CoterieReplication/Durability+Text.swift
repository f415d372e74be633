// How a durability policy is written in flags, environment and YAML.

import CoteriePrimitives

extension SettingText {
    /// `fsync`, `os`, or `interval:` and a duration.
    public static func durability(_ text: String) throws(RejectedText) -> Durability {
        switch text {
        case "fsync": return .fsync
        case "os": return .os
        default:
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0] == "interval" else {
                throw RejectedText("is no durability: allowed are fsync, os, and interval:100ms (any duration)")
            }
            let every = try span(parts[1])
            guard every >= .milliseconds(1) else { throw RejectedText("is too short an interval: at least 1ms") }
            return .interval(every)
        }
    }

    public static func text(of durability: Durability) -> String {
        switch durability {
        case .fsync: "fsync"
        case .os: "os"
        case .interval(let every): "interval:\(text(of: every))"
        }
    }
}
