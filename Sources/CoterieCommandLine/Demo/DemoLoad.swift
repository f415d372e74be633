// Load that keeps a ledger: for each key the last value whose write was acknowledged. A store may answer a later one (of
// a write whose outcome is unknown), never an earlier one and never nothing.

import CoterieClient
import CoteriePrimitives
import CoterieWire
import NIOCore
import Synchronization

/// What became of requests.
struct DemoTally: Hashable, Sendable {
    var writes = 0
    var reads = 0
    /// Reads that answered something older than what was acknowledged before.
    var staleReads = 0
    /// Requests that certainly changed nothing, and why the first of them failed.
    var failed = 0
    /// Those of them that were reads.
    var failedReads = 0
    /// Writes that may have been applied.
    var unknown = 0
    var firstFailure: String?

    static func + (a: Self, b: Self) -> Self {
        DemoTally(
            writes: a.writes + b.writes, reads: a.reads + b.reads, staleReads: a.staleReads + b.staleReads,
            failed: a.failed + b.failed, failedReads: a.failedReads + b.failedReads, unknown: a.unknown + b.unknown,
            firstFailure: a.firstFailure ?? b.firstFailure)
    }
}

/// One key's history as its only writer knows it.
private struct Entry: Sendable {
    var acknowledged = 0
    /// The last number that was tried; the next one is above it, whatever became of this.
    var tried = 0
    var context: KeyContext?
}

/// Writers with keys of their own.
final class DemoLoad: Sendable {
    let keys: [String]
    private let ledger: Mutex<[String: Entry]>
    /// By phase: a request counts in the phase in which it was begun.
    private let tallies = Mutex([DemoTally()])
    private let isStopping = Atomic(false)
    private static let writers = 16
    private let options: RequestOptions

    /// - Parameter options: of all its requests.
    init(keys count: Int, options: RequestOptions = DemoLoad.options) {
        self.options = options
        keys = (0 ..< count).map { "key-\($0)" }
        ledger = Mutex(Dictionary(uniqueKeysWithValues: keys.map { ($0, Entry()) }))
    }

    /// Two of three replicas for every read and write, and only owners count.
    static let options = RequestOptions(r: .count(2), w: .count(2), timeout: .seconds(5))

    /// Ends a phase and begins the next; returns the number of the one that ended.
    @discardableResult func endPhase() -> Int {
        tallies.withLock { tallies in
            tallies.append(DemoTally())
            return tallies.count - 2
        }
    }

    /// What became so far of the requests that were begun in a phase.
    func tally(of phase: Int) -> DemoTally { tallies.withLock { $0[phase] } }

    private func count(_ phase: Int, _ change: (inout DemoTally) -> Void) {
        tallies.withLock { change(&$0[phase]) }
    }

    var currentPhase: Int { tallies.withLock { $0.count - 1 } }

    /// How many keys have an acknowledged write.
    var acknowledgedKeys: Int { ledger.withLock { $0.values.count { $0.acknowledged > 0 } } }

    func stop() { isStopping.store(true, ordering: .relaxed) }

    /// Returns when every key has an acknowledged write; gives up where none has been added for ten seconds.
    func writesEveryKey() async throws {
        var best = acknowledgedKeys
        var idle = 0
        while best < keys.count, idle < 40 {
            try await Task.sleep(for: .milliseconds(250))
            let now = acknowledgedKeys
            idle = now > best ? 0 : idle + 1
            best = now
        }
    }

    /// Writes and reads, until `stop` or cancellation; begins with the keys that are not written yet.
    func run(_ bucket: Bucket) async {
        isStopping.store(false, ordering: .relaxed)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0 ..< Self.writers {
                group.addTask { [self] in
                    let own = Array(stride(from: writer, to: keys.count, by: Self.writers))
                    var index = ledger.withLock { ledger in
                        own.first { (ledger[keys[$0]]?.acknowledged ?? 0) == 0 } ?? writer
                    }
                    while !isStopping.load(ordering: .relaxed), !Task.isCancelled {
                        await write(keys[index % keys.count], bucket)
                        // Another key, which only this writer writes.
                        index += Self.writers
                        if index >= keys.count { index = writer }
                        await read(keys[index % keys.count], bucket)
                    }
                }
            }
        }
    }

    private func write(_ key: String, _ bucket: Bucket) async {
        let phase = currentPhase
        let entry = ledger.withLock { ledger in
            ledger[key, default: Entry()].tried += 1
            return ledger[key, default: Entry()]
        }
        do {
            let stored = try await bucket.put(key, "\(entry.tried)", context: entry.context, options: options)
            ledger.withLock {
                $0[key]?.acknowledged = entry.tried
                $0[key]?.context = stored.context
            }
            count(phase) { $0.writes += 1 }
        } catch {
            note(error, of: .write, phase)
        }
    }

    private func read(_ key: String, _ bucket: Bucket) async {
        let phase = currentPhase
        let before = ledger.withLock { $0[key]?.acknowledged ?? 0 }
        do {
            let newest = try await newest(key, bucket, options)
            count(phase) { tally in
                tally.reads += 1
                if newest < before { tally.staleReads += 1 }
            }
        } catch {
            note(error, of: .read, phase)
        }
    }

    private func newest(_ key: String, _ bucket: Bucket, _ options: RequestOptions) async throws(CoterieError) -> Int {
        let fetched = try await bucket.get(key, options: options)
        return fetched.values.compactMap { Int(String(buffer: $0.value)) }.max() ?? 0
    }

    private enum Kind { case read, write }

    private func note(_ error: CoterieError, of kind: Kind, _ phase: Int) {
        guard error.code != .cancelled, error.code != .closed else { return }
        count(phase) { tally in
            if kind == .write, error.outcome == .unknown { tally.unknown += 1 } else { tally.failed += 1 }
            if kind == .read { tally.failedReads += 1 }
            if error.outcome == .notApplied, tally.firstFailure == nil { tally.firstFailure = "\(error)" }
        }
    }

    /// Reads every key with an acknowledged write; returns those whose write is not there, and what could not be read.
    func lost(_ bucket: Bucket, options: RequestOptions) async -> (lost: [String], unread: String?) {
        let expected = ledger.withLock { ledger in
            keys.compactMap { key in ledger[key].map { (key, $0.acknowledged) } }.filter { $0.1 > 0 }
        }
        return await withTaskGroup(of: (lost: [String], unread: String?).self) { group in
            for reader in 0 ..< Self.writers {
                let share = stride(from: reader, to: expected.count, by: Self.writers).map { expected[$0] }
                group.addTask { [self] in await lost(among: share, bucket, options) }
            }
            var all: (lost: [String], unread: String?) = ([], nil)
            for await part in group {
                all.lost += part.lost
                all.unread = all.unread ?? part.unread
            }
            return (all.lost.sorted(), all.unread)
        }
    }

    private func lost(
        among expected: [(key: String, acknowledged: Int)], _ bucket: Bucket, _ options: RequestOptions
    ) async -> (lost: [String], unread: String?) {
        var lost: [String] = []
        for (key, acknowledged) in expected {
            do {
                let newest = try await newest(key, bucket, options)
                if newest < acknowledged { lost.append("\(key): \(acknowledged) acknowledged, \(newest) read") }
            } catch {
                return (lost, "\(key): \(error)")
            }
        }
        return (lost, nil)
    }
}
