// How a command says that it failed: one message for a person, one code for a script.

import CoterieServer

/// Thrown by commands; the executable prints `coterie: <message>` to standard error and exits with the status.
public struct CommandFailure: Error, CustomStringConvertible, Sendable {
    public let status: ExitStatus
    /// What was wrong, what is allowed, and what to do. May have several lines. Empty: nothing is printed.
    public let message: String

    public init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    public init(_ error: SettingsError) {
        self.init(error.exitStatus, error.description)
    }

    public var description: String { message }
}
