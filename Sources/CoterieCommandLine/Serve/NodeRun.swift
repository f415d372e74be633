// A node's life in a process: it runs until a signal stops it gracefully, and a second one at once.

import CoterieServer
import Foundation
import Logging

/// Runs a node under signals.
struct NodeRun: Sendable {
    let settings: NodeSettings
    let logger: Logger

    /// Returns when the node has stopped; throws a `CommandFailure` where it could not start or broke down.
    func run() async throws {
        let node: CoterieNode
        do {
            node = try CoterieNode(settings: settings, logger: logger)
        } catch {
            throw CommandFailure(error.exitStatus, "\(error)")
        }
        let signals = SignalWatch()
        let logger = logger
        let stopping = Task {
            var isFirst = true
            for await signal in signals.listen() {
                guard isFirst else {
                    logger.warning("stopped at once by a second signal", metadata: ["signal": "\(signal)"])
                    exit(ExitStatus.interrupted.rawValue)
                }
                isFirst = false
                logger.notice("stopping; a second signal ends the node at once", metadata: ["signal": "\(signal)"])
                Task { await node.stop() }
            }
        }
        defer { withExtendedLifetime(signals) { stopping.cancel() } }
        do {
            try await node.run()
        } catch let error as NodeStartError {
            throw CommandFailure(error.exitStatus, "\(error)")
        } catch is CancellationError {
            return
        }
        logger.notice("stopped")
    }
}
