// Why a node does not start, in words that say what to do, and with the exit code that goes with it.

import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieTransport

public enum NodeStartError: Error, Sendable, CustomStringConvertible {
    /// The configuration names no such member.
    case unknownNode(name: String, known: [String])
    /// The cluster's definition cannot be laid out.
    case layout(LayoutError)
    /// The configuration contradicts itself.
    case configuration(String)
    /// The layout has a bucket type of a type that this program does not know.
    case unknownType(String)
    /// The data directory belongs to another cluster, or to another definition of this one.
    case otherCluster(directory: String, difference: String)
    case cannotCreate(directory: String, reason: String)
    /// Another process has the data directory.
    case locked(String)
    case store(StorageOpenError)
    case peerPort(ListenError)
    case httpPort(HTTPDoorError)
    /// The store could not be written at the start.
    case notWritable(String)

    public var description: String {
        switch self {
        case .unknownNode(let name, let known):
            "the cluster has no node '\(name)'; it has: \(known.joined(separator: ", "))"
        case .layout(let error): "the cluster's definition is wrong: \(error)"
        case .unknownType(let objection): "cannot serve this cluster: \(objection)"
        case .configuration(let problem): "the configuration is wrong: \(problem)"
        case .otherCluster(let directory, let difference):
            "\(directory) holds the data of another cluster: \(difference). Use another directory, or start with the "
                + "definition that this data was created with"
        case .cannotCreate(let directory, let reason): "cannot use \(directory) as data directory: \(reason)"
        case .locked(let text): text
        case .store(let error): "\(error)"
        case .peerPort(let error): "\(error)"
        case .httpPort(let error): "\(error)"
        case .notWritable(let text): "the store cannot be written: \(text)"
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .unknownNode, .layout, .configuration, .unknownType, .otherCluster: .badConfiguration
        case .cannotCreate: .cannotCreate
        case .locked: .locked
        case .store(.disk(.locked)): .locked
        case .store(.disk(.full)), .notWritable: .cannotCreate
        case .store: .ioError
        case .peerPort, .httpPort: .unreachable
        }
    }
}
