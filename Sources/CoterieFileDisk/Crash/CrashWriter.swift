// The victim of a crash test: writes batches to a log store as fast as it can until it is killed, and tells what it has
// acknowledged and what is fsynced (see `TracedDisk`). Run as a process of its own; `CrashVerifier` looks at what is
// left.

import CoteriePrimitives
import CoterieStorage
import NIOCore

/// Writes until killed.
public enum CrashWriter {
    /// Goes on where the store in `directory` stands, for ever or until `limit` batches are written. The lines go to
    /// `output`, a file descriptor.
    ///
    /// Throws what opening throws: an error here is a finding.
    public static func run(directory: String, seed: UInt64, output: Int32 = 1, limit: Int = .max) throws {
        let disk = TracedDisk(try FileDisk(directory: directory), output: output)
        let engine = try LogEngine.open(disk: disk, settings: CrashBatches.settings)
        var run = Run(engine: engine, disk: disk, batches: CrashBatches(seed: seed))
        try run.write(limit)
    }

    private struct Run {
        let engine: LogEngine
        let disk: TracedDisk
        let batches: CrashBatches
        var generator: SeededGenerator
        var number: Int
        /// Work handed out and not done: it is done a while later, so that batches are applied while a flush is in
        /// flight.
        var waiting: [DiskWork] = []
        var tickets: [BarrierTicket: Int] = [:]

        init(engine: LogEngine, disk: TracedDisk, batches: CrashBatches) {
            self.engine = engine
            self.disk = disk
            self.batches = batches
            number = CrashBatches.number(in: engine)
            generator = SeededGenerator(seed: batches.seed &+ UInt64(number))
        }

        mutating func write(_ limit: Int) throws {
            let end = limit == .max ? Int.max : number + limit
            while number < end {
                for _ in 0 ... generator.below(4) {
                    number += 1
                    try engine.apply(batches.batch(number))
                }
                if generator.chance(2, in: 3) { tickets[engine.barrier(.durable)] = number }
                while let work = engine.nextWork() { waiting.append(work) }
                if generator.chance(2, in: 3), !waiting.isEmpty { try perform(waiting.removeFirst()) }
            }
        }

        private mutating func perform(_ work: DiskWork) throws {
            var events: [StorageEvent] = []
            engine.complete(work.perform(on: disk), into: &events)
            for event in events {
                switch event {
                case .barrierCompleted(let ticket):
                    if let number = tickets.removeValue(forKey: ticket) { disk.tell("a \(number)") }
                case .barrierFailed(_, let failure): throw failure
                case .faultFound(let fault): throw fault
                case .loaded, .writableChanged: break
                }
            }
        }
    }
}
