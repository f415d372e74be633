// Configurations that tests start from.

import CoterieServer
import Testing

/// A cluster of three nodes; `more` is appended.
func yaml(_ more: String = "") -> String {
    """
    cluster:
      name: local
      partitions: 64
      replicas: 3
      nodes:
        - {name: n1, number: 1, peer: "127.0.0.1:7101", http: "127.0.0.1:8101", zone: z1}
        - {name: n2, number: 2, peer: "127.0.0.1:7102", http: "127.0.0.1:8102", zone: z2}
        - {name: n3, number: 3, peer: "127.0.0.1:7103", http: "127.0.0.1:8103", weight: 2}

    """ + more
}

func file(_ more: String = "") throws -> ClusterFile {
    try ClusterFile(parsing: yaml(more), path: "node.yaml")
}

/// Loads node n1, with whatever else is said.
func load(
    _ more: String = "", environment: [String: String] = [:], flags: [String] = []
) throws -> NodeSettings.Loaded {
    let named = ["--node", "n1", "--data", "d"] + flags
    return try NodeSettings.load(
        file: file(more), environment: environment, flags: NodeSettings.assignments(inFlags: named))
}

/// The message of the `SettingsError` that `body` throws; fails the test where it throws none.
func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        Issue.record("no error was thrown")
        return ""
    } catch {
        return "\(error)"
    }
}
