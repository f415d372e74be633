// What a run has counted.

import CoterieClient
import CoterieClientMachine
import CoteriePrimitives
import CoterieWire
import Histogram

/// Counts of one thread; added up they are those of the run.
struct BenchRecord: Sendable {
    /// Latencies of what succeeded, in nanoseconds.
    var gets = BenchRecord.histogram
    var puts = BenchRecord.histogram
    var notFound = 0
    /// Reads that found several values.
    var siblings = 0
    var maxSiblings = 0
    var notApplied = 0
    var unknown = 0
    /// By code, with the first message of each.
    var errors: [String: (count: Int, example: String)] = [:]

    /// From a nanosecond to a minute, three digits; grows where need be.
    private static var histogram: Histogram<UInt64> {
        var histogram = Histogram<UInt64>(
            lowestDiscernibleValue: 100, highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .three)
        histogram.autoResize = true
        return histogram
    }

    var operations: Int { Int(gets.totalCount + puts.totalCount) }
    var failures: Int { notApplied + unknown }

    mutating func succeeded(isRead: Bool, nanoseconds: Int64) {
        let value = UInt64(max(nanoseconds, 0))
        if isRead { gets.record(value) } else { puts.record(value) }
    }

    mutating func failed(_ failure: Failure) {
        switch failure.outcome {
        case .notApplied: notApplied += 1
        case .unknown: unknown += 1
        }
        let code = failure.code.description
        errors[code] = ((errors[code]?.count ?? 0) + 1, errors[code]?.example ?? failure.message)
    }

    mutating func add(_ other: BenchRecord) {
        gets.add(other.gets)
        puts.add(other.puts)
        notFound += other.notFound
        siblings += other.siblings
        maxSiblings = max(maxSiblings, other.maxSiblings)
        notApplied += other.notApplied
        unknown += other.unknown
        for (code, error) in other.errors {
            errors[code] = ((errors[code]?.count ?? 0) + error.count, errors[code]?.example ?? error.example)
        }
    }
}

/// What a thread has done since it was last asked: for the line that shows progress.
struct BenchInterval: Sendable {
    var operations = 0
    var failures = 0
    var total = 0
    var latencies = Histogram<UInt32>(
        lowestDiscernibleValue: 1_000, highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .two)

    mutating func add(_ other: BenchInterval) {
        operations += other.operations
        failures += other.failures
        total += other.total
        latencies.add(other.latencies)
    }
}
