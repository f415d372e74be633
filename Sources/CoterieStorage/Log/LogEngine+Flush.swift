// Group commit. One write is in flight at a time; all that is applied meanwhile, and all barriers asked for meanwhile,
// go into the next one, which ends with one fsync if any of its barriers asks for it.

import CoteriePrimitives
import NIOCore

/// Barriers that wait, and the write in flight.
struct FlushState {
    struct Barrier {
        let ticket: BarrierTicket
        let strength: BarrierStrength
    }
    struct Flush {
        let id: UInt64
        let barriers: [Barrier]
        let kind: Kind
    }
    enum Kind {
        /// Writes the log up to `end`, which is `position` of the active segment.
        case write(end: UInt64, position: LogPosition, durable: Bool, sealed: [UInt32], steps: StepCounts)
        /// Writes nothing: its barriers fail.
        case refusal(StorageFailure)
    }
    struct StepCounts {
        var bytes = 0
        var fsyncs = 0
    }

    var waiting: [Barrier] = []
    var inFlight: Flush?
    var nextTicket: UInt64 = 1
    /// A checkpoint waits for the log to become durable.
    var wantsDurability = false
    /// With a full disk: write again what has failed.
    var wantsProbe = false
    var refusals = 0
}

extension LogEngine {
    public func barrier(_ strength: BarrierStrength) -> BarrierTicket {
        let ticket = BarrierTicket(rawValue: flushes.nextTicket)
        flushes.nextTicket += 1
        flushes.waiting.append(FlushState.Barrier(ticket: ticket, strength: strength))
        mayHaveWork = true
        return ticket
    }

    /// With a full disk: asks for writing to be tried again. The answer is `StorageEvent.writableChanged`, or nothing
    /// while the disk is still full. Does nothing in other states.
    public func probeWritable() {
        guard case .readOnly(.diskFull) = writability else { return }
        flushes.wantsProbe = true
        mayHaveWork = true
    }

    func noteRefusal() {
        flushes.refusals += 1
        if flushes.refusals % settings.refusalsPerProbe == 0 { probeWritable() }
    }

    func nextFlush() -> DiskWork? {
        guard flushes.inFlight == nil else { return nil }
        switch writability {
        case .writable:
            let wantsDurability = flushes.wantsDurability && queue.durableEnd < queue.appliedEnd
            guard !flushes.waiting.isEmpty || !queue.isEmpty || wantsDurability else { return nil }
            return startFlush(durable: wantsDurability, isRetry: false)
        case .readOnly(let failure):
            if flushes.wantsProbe {
                flushes.wantsProbe = false
                return startFlush(durable: true, isRetry: true)
            }
            guard !flushes.waiting.isEmpty else { return nil }
            let work = makeWork(.write, [])
            flushes.inFlight = FlushState.Flush(id: work.id, barriers: takeWaiting(), kind: .refusal(failure))
            return work
        }
    }

    private func takeWaiting() -> [FlushState.Barrier] {
        defer { flushes.waiting.removeAll(keepingCapacity: true) }
        return flushes.waiting
    }

    private func startFlush(durable wanted: Bool, isRetry: Bool) -> DiskWork {
        let barriers = takeWaiting()
        let durable = wanted || barriers.contains { $0.strength == .durable }
        let mark = queue.appendMark(index.digest)
        if mark > 0, let active = queue.active { segments.update(active) { $0.length += mark } }
        let chunks = queue.take()
        var steps = isRetry ? cutting(chunks) : []
        var counts = FlushState.StepCounts()
        var sealed: [UInt32] = []
        for chunk in chunks {
            let file = file(of: chunk.segment)
            if chunk.bytes.readableBytes > 0 {
                steps.append(.append(chunk.bytes, file: file))
                counts.bytes += chunk.bytes.readableBytes
            }
            if chunk.seals {
                steps.append(.fsync(file: file))
                counts.fsyncs += 1
                sealed.append(chunk.segment)
            }
        }
        if durable, queue.durableEnd < queue.appliedEnd, let active = queue.active {
            steps.append(.fsync(file: file(of: active)))
            counts.fsyncs += 1
        }
        let work = makeWork(.write, steps)
        let kind = FlushState.Kind.write(
            end: queue.appliedEnd, position: queue.end, durable: durable, sealed: sealed, steps: counts)
        flushes.inFlight = FlushState.Flush(id: work.id, barriers: barriers, kind: kind)
        return work
    }

    /// Cuts back what an earlier attempt has written of the chunks, the newest segment first: a segment must not be
    /// there, not even empty, while the one before is incomplete (L2).
    private func cutting(_ chunks: [WriteQueue.Chunk]) -> [DiskWork.Step] {
        var steps: [DiskWork.Step] = []
        for (place, chunk) in chunks.enumerated().reversed() {
            guard place == 0 || chunks[place - 1].segment != chunk.segment else { continue }
            let file = file(of: chunk.segment)
            steps.append(chunk.base == 0 ? .remove(file: file) : .truncate(file: file, to: UInt64(chunk.base)))
        }
        return steps
    }

    func completeFlush(_ completion: DiskCompletion, into events: inout [StorageEvent]) {
        guard let flush = flushes.inFlight else { return }
        flushes.inFlight = nil
        switch (flush.kind, completion.outcome) {
        case (.refusal(let failure), _):
            fail(flush.barriers, with: failure, into: &events)
        case (.write(let end, let position, let durable, let sealed, let counts), .done):
            queue.wrote(upTo: end, durable: durable, active: position)
            for number in sealed { segments.update(number) { $0.isDurable = true } }
            if !sealed.isEmpty { compaction.mayHaveCandidate = true }
            counters.writtenBytes += counts.bytes
            counters.fsyncs += counts.fsyncs
            counters.flushes += 1
            if writability != .writable {
                writability = .writable
                events.append(.writableChanged(.writable))
            }
            for barrier in flush.barriers { events.append(.barrierCompleted(barrier.ticket)) }
        case (.write, .failed(let error)):
            queue.failed()
            failWriting(with: error, flush.barriers, into: &events)
        }
    }

    /// Goes read-only. All barriers that wait fail: what they cover stands behind the bytes that could not be written.
    private func failWriting(
        with error: DiskError, _ barriers: [FlushState.Barrier], into events: inout [StorageEvent]
    ) {
        let failure = StorageFailure(error)
        fail(barriers + takeWaiting(), with: failure, into: &events)
        guard writability != .readOnly(failure) else { return }
        writability = .readOnly(failure)
        events.append(.writableChanged(writability))
    }

    private func fail(
        _ barriers: [FlushState.Barrier], with failure: StorageFailure, into events: inout [StorageEvent]
    ) {
        for barrier in barriers { events.append(.barrierFailed(barrier.ticket, failure)) }
    }
}

extension StorageFailure {
    /// What a failed write says to the callers.
    init(_ error: DiskError) {
        switch error {
        case .full(let text): self = .diskFull(text)
        case .notFound(let text), .io(let text), .locked(let text): self = .io(text)
        }
    }
}
