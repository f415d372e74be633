// Every number of the client in one place, with its default, and the relations between them.

import CoteriePrimitives

/// What a user of the client may set about connections, patience and bounds.
public struct ClientSettings: Hashable, Sendable {
    /// Where requests go.
    public enum Routing: Hashable, Sendable {
        /// To an owner of the key, by the layout that the cluster tells.
        case owners
        /// To the seeds alone, in turn: they pass requests on. For a client that wants one certain node.
        case seeds
    }

    /// What the nodes are told of who this is, for their logs.
    public var name = "swift"
    public var routing = Routing.owners
    /// Connections to each node, 1 to 64.
    public var connectionsPerNode = 1
    /// Requests that wait for an answer at once, sent or not; more are answered `overloaded`.
    public var maxPending = 16_384
    /// Bytes of the values of all writes that wait for an answer.
    public var maxPendingBytes = 256 << 20
    /// Requests sent and unanswered over one connection; more wait in the client.
    public var maxInFlightPerConnection = 1_024

    /// How long a request may take if it does not say.
    public var defaultTimeout = TimeSpan.seconds(10)
    /// How much longer the client waits than it tells the node, so that the node's own account of a timeout arrives.
    public var answerGrace = TimeSpan.milliseconds(200)
    /// How long a call waits for any node to be reachable before it fails.
    public var reachPatience = TimeSpan.seconds(2)

    /// How long a connection and its hello may take.
    public var connectTimeout = TimeSpan.seconds(2)
    /// The pause after the first failed attempt to connect; doubles with each further one, drawn between half and
    /// whole.
    public var reconnectDelay = TimeSpan.milliseconds(50)
    public var maxReconnectDelay = TimeSpan.seconds(5)

    /// How often one request is sent at most, the first time included; 1 to 8.
    public var maxAttempts = 4
    /// A read without an answer for so long is also asked of another owner; nil: never.
    public var hedgeAfter: TimeSpan? = .milliseconds(250)
    /// Repeated and hedged requests that may be saved up.
    public var retryCapacity = 1_024
    /// Repeated and hedged requests that each hundred calls earn.
    public var retriesPerHundredCalls = 20

    /// A connection that owes an answer and was silent for so long is asked for a sign of life.
    public var probeAfter = TimeSpan.milliseconds(500)
    /// Silent for so long, it is asked last.
    public var suspectAfter = TimeSpan.milliseconds(1_500)
    /// Silent for so long, it is given up and made anew.
    public var abandonAfter = TimeSpan.seconds(5)
    /// How long a node may take to tell the layout before another is asked.
    public var layoutTimeout = TimeSpan.seconds(1)
    /// Deadlines are looked at in steps of this.
    public var timerStep = TimeSpan.milliseconds(5)

    public init() {}

    /// Names the first setting that is out of range, or the first relation that does not hold; nil where all do.
    public var problem: String? {
        let atLeast: [(String, Int, Int)] = [
            ("maxPending", maxPending, 1), ("maxPendingBytes", maxPendingBytes, 1),
            ("maxInFlightPerConnection", maxInFlightPerConnection, 1), ("maxAttempts", maxAttempts, 1),
            ("retryCapacity", retryCapacity, 0), ("retriesPerHundredCalls", retriesPerHundredCalls, 0),
        ]
        for (name, value, least) in atLeast where value < least {
            return "\(name) must be at least \(least), not \(value)"
        }
        guard (1 ... 64).contains(connectionsPerNode) else {
            return "connectionsPerNode must be 1 to 64, not \(connectionsPerNode)"
        }
        guard maxAttempts <= 8 else { return "maxAttempts must be at most 8, not \(maxAttempts)" }
        guard maxPending <= 1 << 24 else { return "maxPending must be at most \(1 << 24), not \(maxPending)" }
        let positive: [(String, TimeSpan)] = [
            ("defaultTimeout", defaultTimeout), ("connectTimeout", connectTimeout), ("reconnectDelay", reconnectDelay),
            ("probeAfter", probeAfter), ("layoutTimeout", layoutTimeout), ("timerStep", timerStep),
            ("hedgeAfter", hedgeAfter ?? .milliseconds(1)),
        ]
        for (name, value) in positive where value <= .zero { return "\(name) must be more than 0, not \(value)" }
        for (name, value) in [("answerGrace", answerGrace), ("reachPatience", reachPatience)] where value < .zero {
            return "\(name) must not be negative, and is \(value)"
        }
        let ordered: [(String, TimeSpan, String, TimeSpan)] = [
            ("reconnectDelay", reconnectDelay, "maxReconnectDelay", maxReconnectDelay),
            ("probeAfter", probeAfter, "suspectAfter", suspectAfter),
            ("suspectAfter", suspectAfter, "abandonAfter", abandonAfter),
        ]
        for (name, value, otherName, other) in ordered where value > other {
            return "\(name) (\(value)) must not exceed \(otherName) (\(other))"
        }
        return nil
    }
}
