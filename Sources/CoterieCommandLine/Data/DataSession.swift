// A client for the time of one command, and what its errors mean to a shell.

import CoterieCausality
import CoterieClient
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieWire

/// Connects to the cluster that the command line names.
struct DataSession {
    let cluster: KnownCluster
    let client: CoterieClient

    init(_ cluster: KnownCluster) throws {
        self.cluster = cluster
        var configuration = CoterieClient.Configuration(seeds: cluster.nodes.compactMap(\.peerToTry))
        configuration.settings.name = "coterie command line"
        // `--node` means that node and no other.
        configuration.settings.routing = cluster.isChosen ? .seeds : .owners
        // A person waits: whoever cannot be reached at once is named at once.
        configuration.settings.reachPatience = .zero
        client = try CoterieClient(configuration: configuration)
    }

    /// Runs `body` with a client and closes it; failures are told as the flags ask.
    static func run(
        _ options: ClusterOptions, _ flags: RequestFlags, isWrite: Bool,
        _ body: (DataSession) async throws -> Void
    ) async throws {
        let session = try DataSession(options.find())
        do {
            try await body(session)
            await session.client.close()
        } catch let error as CoterieError {
            let names = MemberNames(session.client.layout)
            await session.client.close(grace: .zero)
            let failure = session.failure(error)
            guard flags.json else {
                if flags.receipt, let receipt = error.receipt {
                    for line in DataText.receipt(receipt, isWrite: isWrite, names: names, on: .error) {
                        Output.error.line(line)
                    }
                }
                throw failure
            }
            Output.standard.line(try JSONText.of(FailureReport(error, names: names)))
            throw CommandFailure(failure.status, "")
        } catch {
            await session.client.close(grace: .zero)
            throw error
        }
    }

    private func failure(_ error: CoterieError) -> CommandFailure {
        var message = error.message
        if error.code == .unreachable {
            message =
                (cluster.isChosen
                    ? "the node of --node cannot be reached" : "no node of \(cluster.source) can be reached")
                + "\n  "
                + message.replacing("no node can be reached: ", with: "").replacing("; ", with: "\n  ")
            if cluster.nodes.contains(where: { $0.address != nil }) {
                message +=
                    "\n(the native protocol is on a node's peer port, 7101 and up by default, not on its HTTP port)"
            }
        } else {
            message = "\(error.code): \(message)"
            if error.outcome == .unknown {
                message += "\nthe outcome is unknown: the write may have been applied, or may still appear"
            }
        }
        return CommandFailure(error.exitStatus, message)
    }
}

extension CoterieError {
    /// The exit code of a command that ended with this.
    var exitStatus: ExitStatus {
        if outcome == .unknown { return .unknownOutcome }
        switch code {
        case .unreachable: return .unreachable
        case .insufficientReplicas, .timeout, .notInSync, .overloaded, .shuttingDown, .ownerLost: return .quorumNotMet
        case .preconditionFailed, .operationRefused: return .preconditionFailed
        case .badRequest, .unknownBucketType, .nMismatch, .badQuorum, .keyTooLarge, .valueTooLarge, .badOperation,
            .wrongType:
            return .usage
        case .malformedContext, .contextTooLarge, .contextOfAnotherKey, .unreadableContent: return .badData
        case .cancelled: return .interrupted
        default: return .failed
        }
    }
}

/// Members' names for people; numbers where the layout is not known.
struct MemberNames: Sendable {
    let layout: Layout?

    init(_ layout: Layout?) { self.layout = layout }

    func name(_ number: MemberNumber) -> String { layout?.member(number)?.name ?? number.description }
}
