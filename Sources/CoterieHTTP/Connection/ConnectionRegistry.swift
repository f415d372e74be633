// The door's open connections, so that they can be asked to end: each finishes the request it is in and closes.

import NIOCore
import Synchronization

/// The connections of one door. Any thread.
final class ConnectionRegistry: Sendable {
    private struct State {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var isStopping = false
    }

    private let state = Mutex(State())

    /// Whether the door takes no new requests.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Remembers the listening channel; closes it at once where the door is stopping.
    func listen(on channel: any Channel) {
        let isStopping = state.withLock { state in
            state.listener = channel
            return state.isStopping
        }
        if isStopping { channel.close(promise: nil) }
    }

    /// Remembers a connection; asks it to end at once where the door is stopping.
    func add(_ channel: any Channel) {
        let isStopping = state.withLock { state in
            state.connections[ObjectIdentifier(channel)] = channel
            return state.isStopping
        }
        if isStopping { Self.quiesce(channel) }
    }

    func remove(_ channel: any Channel) {
        state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    /// Closes the listening channel and asks every connection to end behind its request in progress.
    func stop() {
        let (listener, connections) = state.withLock { state in
            state.isStopping = true
            return (state.listener, Array(state.connections.values))
        }
        listener?.close(promise: nil)
        for channel in connections { Self.quiesce(channel) }
    }

    /// Closes every connection, whatever it is in.
    func closeAll() {
        for channel in state.withLock({ Array($0.connections.values) }) { channel.close(promise: nil) }
    }

    private static func quiesce(_ channel: any Channel) {
        channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }
}
