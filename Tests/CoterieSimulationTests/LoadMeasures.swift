// What the tests of overload and background work measure: of the requests that were made in a stretch of time, how many
// succeeded and how long they took.

import CoterieHistory
import CoteriePrimitives
import CoterieReplication

@testable import CoterieSimulation

/// Requests that were made in a stretch of time.
struct Stretch: CustomStringConvertible {
    var made = 0
    var succeeded = 0
    /// Writes that a node refused.
    var refusedWrites = 0
    /// In milliseconds, of those that succeeded, ascending.
    var latencies: [Double] = []

    var share: Double { made == 0 ? 1 : Double(succeeded) / Double(made) }

    /// Below which `percent` of the latencies lie.
    func latency(_ percent: Int) -> Double {
        latencies.isEmpty ? 0 : latencies[min(latencies.count - 1, latencies.count * percent / 100)]
    }

    var description: String {
        "\(succeeded) of \(made), \(refusedWrites) writes refused, p50 \(latency(50)) ms, p90 \(latency(90)) ms"
    }
}

extension WorkloadPlan.Mix {
    /// Gets, and puts with the context that was seen last; nothing else.
    static func only(get: Int, put: Int) -> Self {
        var mix = Self()
        mix.get = get
        mix.blindPut = 0
        mix.put = put
        mix.update = 0
        mix.blindDelete = 0
        mix.delete = 0
        mix.conditional = 0
        return mix
    }
}

extension World {
    /// Those that were made in the given seconds of the stage of the workload.
    func stretch(_ from: Double, _ to: Double, since start: Int64) -> Stretch {
        let (first, last) = (start + Int64(from * 1e9), start + Int64(to * 1e9))
        var stretch = Stretch()
        for record in history.records where record.called.nanoseconds >= first && record.called.nanoseconds < last {
            stretch.made += 1
            switch record.outcome {
            case .ok, .nothingToDelete:
                stretch.succeeded += 1
                guard let returned = record.returned else { continue }
                stretch.latencies.append(Double(returned.nanoseconds - record.called.nanoseconds) / 1e6)
            case .notApplied: if record.action.isWrite { stretch.refusedWrites += 1 }
            case .unknown, .open: break
            }
        }
        stretch.latencies.sort()
        return stretch
    }

    /// Requests that nodes have under way, and inputs that wait for them.
    var queued: Int { nodes.reduce(0) { $0 + ($1.machine?.underWay ?? 0) + $1.inbox.count } }

    /// How often something happened at all nodes in their present lives.
    func counted(_ counter: (Counters) -> Int) -> Int {
        nodes.reduce(0) { $0 + ($1.machine.map { counter($0.counters) } ?? 0) }
    }
}
