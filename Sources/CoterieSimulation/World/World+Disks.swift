// Disks in virtual time: each lane's work runs one after the other, takes as long as the plan and its faults say, and
// is performed on the simulated disk when that time is over. What is under way when a process ends is done in part.

import CoteriePrimitives
import CoterieReplication
import CoterieStorage
import NIOCore

extension World {
    /// No piece of work takes longer, however slow the disk: it ends within the time that a run gives to healing.
    private static let longestDiskWork: Int64 = 20_000_000_000

    func submit(_ work: DiskWork, of node: SimulatedNode) {
        node.lanes[work.lane.index].waiting.append(work)
        startWork(node, work.lane.index)
    }

    private func startWork(_ node: SimulatedNode, _ lane: Int) {
        while !node.lanes[lane].waiting.isEmpty, node.lanes[lane].running.count < node.lanes[lane].width {
            let work = node.lanes[lane].waiting.removeFirst()
            workSerial += 1
            node.lanes[lane].running.append(SimulatedLane.Running(serial: workSerial, work: work))
            queue.push(.disk, node.index, detail: workSerial << 2 | UInt64(lane), at: now + duration(of: work, node))
        }
    }

    private func duration(of work: DiskWork, _ node: SimulatedNode) -> Int64 {
        var time = plan.disk.access.draw(&diskDraws)
        for step in work.steps {
            switch step {
            case .append(let bytes, _):
                time += Int64(bytes.readableBytes) * 1_000_000_000 / plan.disk.bytesPerSecond
            case .read(_, _, let count): time += Int64(count) * 1_000_000_000 / plan.disk.bytesPerSecond
            case .fsync, .truncate, .rename, .remove: time += plan.disk.fsync.draw(&diskDraws)
            }
        }
        return min(time * node.diskSlowness, Self.longestDiskWork)
    }

    func diskDone(_ node: SimulatedNode, _ detail: UInt64) {
        let lane = Int(detail & 3)
        let serial = detail >> 2
        guard let place = node.lanes[lane].running.firstIndex(where: { $0.serial == serial }) else { return }
        let work = node.lanes[lane].running.remove(at: place).work
        let completion = broken(work).perform(on: node.disk)
        statistics.diskWork += 1
        digest.mix(UInt64(bitPattern: now) ^ UInt64(node.index) << 56 ^ UInt64(lane) << 48 ^ work.id)
        if case .failed(let error) = completion.outcome {
            statistics.diskFailures += 1
            note("disk", node.index, "work \(work.id) failed: \(error)")
        } else {
            note("disk", node.index, "work \(work.id) of lane \(work.lane): \(work.steps.count) steps")
        }
        startWork(node, lane)
        feed(node, .disk(completion))
        settle(node)
    }

    /// The process ends: of the work under way a part is done, what waits is not.
    func interruptDisk(of node: SimulatedNode) {
        for lane in node.lanes.indices {
            for running in node.lanes[lane].running where lane != DiskWork.Lane.read.index {
                performPart(of: broken(running.work), on: node.disk)
            }
            node.lanes[lane].running = []
            node.lanes[lane].waiting = []
        }
    }

    private func performPart(of work: DiskWork, on disk: SimulatedDisk) {
        let count = diskDraws.below(work.steps.count + 1)
        var steps = Array(work.steps.prefix(count))
        if count < work.steps.count, case .append(let bytes, let file) = work.steps[count] {
            let length = diskDraws.below(bytes.readableBytes + 1)
            if let part = bytes.getSlice(at: bytes.readerIndex, length: length), length > 0 {
                steps.append(.append(part, file: file))
            }
        }
        _ = DiskWork(id: work.id, lane: work.lane, steps: steps).perform(on: disk)
    }

    /// Another disk in the place of the old one, empty.
    func replaceDisk(of node: SimulatedNode) {
        node.disk = newDisk()
        node.isIncomplete = true
        statistics.disksLost += 1
        digest.mix(UInt64(bitPattern: now) ^ UInt64(node.index) << 56 ^ 0x6c)
        note("wipe", node.index, "the disk is lost, an empty one takes its place")
    }
}
