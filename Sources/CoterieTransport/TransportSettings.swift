// What may be set about connections, each with its name in the configuration and its default.

import CoteriePrimitives
import CoterieRing
import NIOCore

/// Configuration section `transport`.
public struct TransportSettings: Sendable {
    /// Where to listen instead of the member's own peer endpoint: all interfaces, another port behind a forwarding.
    public var listen: Endpoint?
    /// The pause before the first attempt to reach a peer again; it doubles with each failure.
    public var reconnectInitial = TimeSpan.milliseconds(10)
    /// The longest such pause.
    public var reconnectMax = TimeSpan.milliseconds(250)
    /// How long the operating system may take to connect.
    public var connectTimeout = TimeSpan.milliseconds(2_000)
    /// How long the other end may take for its hello.
    public var helloTimeout = TimeSpan.milliseconds(5_000)
    /// How long a connected member may take to show that it lives when another process comes under its number.
    public var probeTimeout = TimeSpan.milliseconds(1_000)
    /// How long a connection that is being closed may take to send what is left.
    public var lingerTimeout = TimeSpan.milliseconds(1_000)
    /// Bytes of the longest frame before both hellos are exchanged.
    public var maxHelloBytes = 65_536
    /// Inbound connections of clients, and as many again that have not said who they are.
    public var maxInboundConnections = 4_096
    /// Unsent bytes beyond which nothing is read any more from a client that does not read its answers.
    public var pauseClientBytes = 1 << 20
    /// Unsent bytes beyond which a client is disconnected; a single frame may be longer.
    public var maxClientBacklogBytes = 64 << 20
    /// The largest piece that is read from a connection at once. What is kept of a value's bytes keeps the piece.
    public var readBytes = 256 << 10
    /// Whether links can be broken and slowed on purpose (`Network.setFaults`). For tests of a cluster, never for use.
    public var allowsFaults = false

    /// Runs on the event loop for each new channel, before anything is read or written: the place to add TLS.
    public var prepareChannel: (@Sendable (any Channel, ConnectionSide) throws -> Void)?

    public init() {}

    /// Names the first relation between settings that does not hold; nil where all do.
    public var problem: String? {
        if reconnectInitial < .milliseconds(1) {
            return "reconnectInitial must be 1 ms or more, not \(reconnectInitial)"
        }
        if reconnectMax < reconnectInitial {
            return "reconnectMax (\(reconnectMax)) must not be less than reconnectInitial (\(reconnectInitial))"
        }
        if helloTimeout < probeTimeout * 2 {
            return "helloTimeout (\(helloTimeout)) must be at least twice probeTimeout (\(probeTimeout))"
        }
        if maxHelloBytes < 1_024 { return "maxHelloBytes must be at least 1024, not \(maxHelloBytes)" }
        if maxInboundConnections < 1 { return "maxInboundConnections must be at least 1, not \(maxInboundConnections)" }
        if maxClientBacklogBytes < pauseClientBytes {
            return "maxClientBacklogBytes (\(maxClientBacklogBytes)) must not be less than pauseClientBytes "
                + "(\(pauseClientBytes))"
        }
        if !(4_096 ... 16 << 20).contains(readBytes) {
            return "readBytes must lie in 4096 to \(16 << 20), not \(readBytes)"
        }
        return nil
    }
}

/// Which end of a connection one is.
public enum ConnectionSide: Hashable, Sendable {
    case accepted
    case dialled
}

extension TimeSpan {
    var timeAmount: TimeAmount { .nanoseconds(nanoseconds) }
}
