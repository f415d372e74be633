// Both ends of a refill: the replica that was lost asks and merges, the owners that serve answer from their stores.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

/// A scan that waits for a record on disk.
struct ScanInProgress {
    let scan: Scan
    let from: MemberNumber
    /// Of the scan's beginning.
    let clock: PartitionClock?
    /// When the first object was read.
    let round: UInt64
    var items: [ScannedObject]
    var bytes: Int
    /// The keys that are left of this step, the one that is read first.
    var keys: ArraySlice<ByteBuffer>
}

extension NodeMachine {
    /// What is here vouches for nothing any more: everything is taken from the other owners.
    mutating func beginRefill(_ effects: inout Effects) {
        service = .refilling
        knowledge.giveUp()
        markers.restart()
        refill = Refill(layout: layout, me: me)
        // Of a group with one owner nobody else can tell: what is here counts.
        for group in layout.groups where layout.preferenceList(for: group).primaries == [me] {
            sweepAlone(group, &effects)
        }
        for member in peers.keys.sorted() { greet(member, &effects) }
        askForMore(&effects)
    }

    /// A source is (again) connected.
    mutating func resumeRefill(from member: MemberNumber, _ effects: inout Effects) { askForMore(&effects) }

    /// A source is gone.
    mutating func interruptRefill(from member: MemberNumber) { refill?.interrupt(member) }

    mutating func askForMore(_ effects: inout Effects) {
        // A full disk takes nothing: it goes on when there is room again.
        // Without a round it could not tell what is too old.
        guard var refill, !isReadOnly, rounds.current > 0 else { return }
        var exchange = exchanges.nextExchange()
        while let (part, start) = refill.ask(
            exchange, atOnce: settings.scansAtOnce, retry: retries,
            life: { peers[$0].flatMap { $0.isConnected ? $0.nonce : nil } })
        {
            let scan = Scan(
                exchange: exchange, epoch: layout.epoch, group: part.group, start: start,
                maxBytes: settings.scanBatchBytes)
            effects.append(.send(.scan(scan), to: part.source))
            exchange = exchanges.nextExchange()
        }
        self.refill = refill
        guard refill.isComplete, sweeps == 0 else { return }
        switch service {
        case .refilling where isAcquainted:
            self.refill = nil
            serve(&effects)
        case .serving: self.refill = nil
        default: break
        }
    }

    mutating func receive(
        _ reply: ScanReply, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        guard let part = refill?.asked[reply.exchange]?.part, part.source == member else { return }
        switch reply.status {
        case .refused(let code):
            // Asked again later, when the source may serve.
            refill?.refused(reply.exchange, code)
        case .batch where refuses(reply.round):
            counters.tooOld += 1
            refill?.unsent(reply.exchange)
            askForMore(&effects)
        case .batch(let items, let next, let clock):
            refill?.receiving(reply.exchange, items.map(\.key), clock: clock)
            for item in items {
                guard let object = item.object else { continue }
                let store = Store(
                    exchange: 0, epoch: layout.epoch, round: reply.round, group: part.group, key: item.key,
                    object: object, event: nil, durable: false)
                receive(scanned: store, from: member, now, &effects)
            }
            if let part = refill?.received(reply.exchange, next: next) {
                adopt(part.group, &effects)
                if service == .refilling, let refill {
                    effects.append(.note(.refillProgress(done: refill.done, of: refill.total)))
                }
            }
            askForMore(&effects)
        }
    }

    /// Something that a scan brought, or the sweep behind it, could not be stored: the group is not complete.
    mutating func refillFailed(_ group: Group) {
        guard service == .refilling else {
            refill?.abandon(group)
            return
        }
        refill?.restart(group, from: layout.preferenceList(for: group).primaries.filter { $0 != me })
    }

    /// Asks again for what was refused or lost.
    mutating func retryRefill(_ effects: inout Effects) {
        refill?.giveUp(at: retries)
        askForMore(&effects)
    }
}

extension NodeMachine {
    /// Another owner of a group wants its objects.
    /// `hasWaited`: for the budget, which has room for it now.
    mutating func receive(
        _ scan: Scan, from member: MemberNumber, hasWaited: Bool = false, _ now: Now, _ effects: inout Effects
    ) {
        guard scan.epoch == layout.epoch else {
            if scan.epoch < layout.epoch { sendLayout(to: member, &effects) }
            answer(scan, .refused(.wrongEpoch), member, &effects)
            return
        }
        guard service == .serving else {
            answer(scan, .refused(.notInSync), member, &effects)
            return
        }
        guard Int(scan.group.n) <= layout.replicas, scan.group.n > 0,
            Int(scan.group.partition.rawValue) < layout.partitionCount, layout.isOwner(me, of: scan.group)
        else {
            answer(scan, .refused(.notOwner), member, &effects)
            return
        }
        guard hasWaited || mayAnswer(.scan(scan), of: member, now, &effects) else { return }
        let keys = engine.keys(in: scan.group, from: scan.start, limit: Self.keysPerScan + 1)
        // Before anything is read: whatever is read later knows at least this.
        let clock = scan.start.readableBytes == 0 ? knowledge[scan.group].durable : nil
        collect(
            ScanInProgress(
                scan: scan, from: member, clock: clock, round: rounds.current, items: [], bytes: 0, keys: keys[...]),
            &effects)
    }

    private static let keysPerScan = 1024

    /// Reads objects until the batch is full; stops where one lies on disk, and goes on when it has come.
    private mutating func collect(_ progress: ScanInProgress, _ effects: inout Effects) {
        var progress = progress
        while let key = progress.keys.first {
            let isFull = progress.items.count == Self.keysPerScan || progress.bytes >= Int(progress.scan.maxBytes)
            if isFull || (!progress.items.isEmpty && !background.hasCredit(.refill)) {
                answer(progress, next: key, &effects)
                return
            }
            switch engine.get(progress.scan.group, key) {
            case .pending(let ticket):
                guard let objectKey = ObjectKey(encoded: key) else { preconditionFailure("a stored key is encoded") }
                loads.insert(.scan(progress), progress.scan.group, objectKey, ticket)
                return
            case let result: add(result, &progress, &effects)
            }
        }
        answer(progress, next: nil, &effects)
    }

    mutating func scanLoaded(_ result: ReadResult, _ progress: ScanInProgress, _ effects: inout Effects) {
        var progress = progress
        add(result, &progress, &effects)
        collect(progress, &effects)
    }

    /// Takes one record. A corrupt one is not this scan's to give: the other owners have it. But it is there.
    private mutating func add(_ result: ReadResult, _ progress: inout ScanInProgress, _ effects: inout Effects) {
        guard let bytes = progress.keys.popFirst(), let key = ObjectKey(encoded: bytes) else { return }
        background.spend(.refill, bytes: result.size)
        switch interpret(result, key, &effects) {
        case .object:
            guard case .found(let object) = result else { return }
            progress.items.append(ScannedObject(key: key, object: object))
            progress.bytes += object.readableBytes + key.bytes.readableBytes
        case .corrupt:
            progress.items.append(ScannedObject(key: key, object: nil))
            progress.bytes += key.bytes.readableBytes
        case .absent, .pending: break
        }
    }

    private func answer(_ progress: ScanInProgress, next: ByteBuffer?, _ effects: inout Effects) {
        let reply = ScanReply(
            exchange: progress.scan.exchange, epoch: layout.epoch, round: progress.round,
            status: .batch(progress.items, next: next, clock: progress.clock))
        effects.append(.send(.scanReply(reply), to: progress.from))
    }

    private func answer(
        _ scan: Scan, _ status: ScanReply.Status, _ member: MemberNumber, _ effects: inout Effects
    ) {
        let reply = ScanReply(exchange: scan.exchange, epoch: layout.epoch, status: status)
        effects.append(.send(.scanReply(reply), to: member))
    }
}
