// A benchmark, fully decided.

import CoterieClient
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieWire

/// What a run does. A value: the same for all threads.
struct BenchPlan: Sendable {
    var seeds: [Endpoint]
    var routing: ClientSettings.Routing
    var workload: Workload
    /// Of 100 requests.
    var reads: Int
    var keys: Int
    var distribution: KeyDistribution
    var theta: Double
    var valueSize: Int
    var type: String
    var bucket: String
    var duration: TimeSpan
    var warmup: TimeSpan
    var count: Int?
    var rate: Double?
    var connections: Int
    var pipeline: Int
    var threads: Int
    var options: RequestOptions
    var isBlind: Bool
    var preloads: Bool
    var seed: UInt64

    init(_ command: BenchCommand, _ cluster: KnownCluster) {
        seeds = cluster.nodes.compactMap(\.peerToTry)
        routing = cluster.isChosen ? .seeds : .owners
        workload = command.workload
        reads =
            switch command.workload {
            case .put: 0
            case .get: 100
            case .mixed: command.reads
            }
        keys = command.keys
        distribution = command.distribution
        theta = command.theta
        valueSize = command.valueSize
        type = command.type
        bucket = command.bucket
        duration = command.duration.span
        warmup = command.warmup.span
        count = command.count
        rate = command.rate
        connections = command.connections
        pipeline = command.pipeline
        threads = command.threads
        options = RequestOptions()
        options.r = command.r?.quorum
        options.w = command.w?.quorum
        options.dw = command.dw?.quorum
        options.timeout = command.timeout.span
        isBlind = command.blind
        preloads = command.preload && (reads > 0 || !command.blind)
        seed = command.seed
    }

    /// Requests under way in a closed loop.
    var inFlight: Int { connections * pipeline }

    /// How many requests an open loop may have under way: what comes on top is counted as refused.
    static let maxOpenInFlight = 100_000

    var clientSettings: ClientSettings {
        var settings = ClientSettings()
        settings.name = "coterie bench"
        settings.routing = routing
        settings.connectionsPerNode = max(1, connections / threads)
        settings.maxPending = rate == nil ? max(inFlight, 256) + 16 : Self.maxOpenInFlight
        settings.maxPendingBytes = 1 << 40
        settings.maxInFlightPerConnection = settings.maxPending
        // What is measured is one request, not the better of two.
        settings.hedgeAfter = nil
        return settings
    }

    /// One line about what is done.
    var title: String {
        let what =
            switch workload {
            case .put: "put"
            case .get: "get"
            case .mixed: "\(reads) % get, \(100 - reads) % put"
            }
        let skew = distribution == .zipfian ? "zipfian \(theta)" : "uniform"
        let quorums = [("r", options.r), ("w", options.w), ("dw", options.dw)]
            .compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: " ")
        return "\(what), \(valueSize)-byte values, \(grouped(keys)) keys (\(skew)), type \(type)"
            + (quorums.isEmpty ? "" : ", \(quorums)")
    }

    var loopTitle: String {
        let until = count.map { "\(grouped($0)) requests" } ?? SettingText.text(of: duration)
        let client =
            "\(threads) thread\(threads == 1 ? "" : "s"), "
            + "\(connections) connection\(connections == 1 ? "" : "s") to each node"
        let warmup = SettingText.text(of: warmup)
        if let rate { return "open loop: \(grouped(Int(rate))) requests/s, \(client), \(until) after \(warmup)" }
        return
            "closed loop: \(inFlight) requests under way (\(connections) × \(pipeline)), "
            + "\(client), \(until) after \(warmup)"
    }
}

/// `1,234,567`.
func grouped(_ number: Int) -> String {
    var digits = String(number.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
        groups.insert(String(digits.suffix(3)), at: 0)
        digits.removeLast(3)
    }
    return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}
