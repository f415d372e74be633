// Bytes on their way: every message is encoded by the production codec into its connection, flushed at the end of the
// tick, and cut into frames and decoded where it arrives.

import CoterieClientMachine
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import NIOCore

extension World {
    // MARK: Sending

    /// Sends to a member at the end of the tick. False: certainly not sent.
    func send(_ message: Message, from node: SimulatedNode, to peer: Int) -> Bool {
        guard node.connections.indices.contains(peer), node.connections[peer] >= 0,
            let connection = connections[node.connections[peer]]
        else { return false }
        let side = connection.side(of: node.index)
        guard connection[side].isUp else { return false }
        if connection[1 - side].inbound.bytesUnderWay >= plan.limits.maxPeerBacklogBytes { return false }
        write(spoiled(message), from: node.index, to: connection, side: 1 - side, dirty: &node.dirty)
        return true
    }

    /// Answers a client's connection, if it still stands.
    func answer(_ message: Message, from node: SimulatedNode, over token: ConnectionToken) {
        guard let connection = connections[Int(token.rawValue)], connection[1].isOpen,
            connection[1].life == node.life, connection[1].process == node.index
        else { return }
        write(message, from: node.index, to: connection, side: 0, dirty: &node.dirty)
    }

    /// Appends a frame to what a tick sends in one direction.
    func write(
        _ message: Message, from process: Int, to connection: Connection, side: Int, dirty: inout [Int]
    ) {
        let end = connection[side]
        let isFirst = end.inbound.outbox.readableBytes == 0
        // Most ticks send little more to one process: one allocation instead of one for each doubling.
        if isFirst { end.inbound.outbox = ByteBufferAllocator().buffer(capacity: 256) }
        let start = end.inbound.outbox.writerIndex
        let length = message.encode(into: &end.inbound.outbox)
        // The length and the checksum of the frame stand for its content.
        let head: UInt64 = end.inbound.outbox.getInteger(at: start) ?? 0
        digest.mix(head ^ UInt64(process) << 56)
        statistics.messages += 1
        statistics.bytes += length
        note("send", process, "\(message.kind) to \(name(end.process)), \(length) bytes: \(message.line)")
        if let datagrams = links[process, end.process].datagrams, end.isUp {
            sendDatagram(connection, side, from: process, datagrams)
        } else if isFirst {
            dirty.append(connection.serial)
        }
    }

    /// What was written in a tick leaves.
    func flush(_ node: SimulatedNode) {
        for serial in node.dirty {
            guard let connection = connections[serial] else { continue }
            flush(connection, from: node.index)
        }
        node.dirty.removeAll(keepingCapacity: true)
    }

    func flush(_ connection: Connection, from process: Int) {
        let side = 1 - connection.side(of: process)
        let end = connection[side]
        guard end.inbound.outbox.readableBytes > 0 else { return }
        let bytes = end.inbound.takeOutbox()
        guard canCarry(connection, to: side, from: process) else { return }
        let left = departure(of: bytes.readableBytes, from: process, to: end.process)
        let arrival = max(left + delay(from: process, to: end.process), end.inbound.lastArrival)
        end.inbound.lastArrival = arrival
        end.inbound.append(Segment(arrival: arrival, bytes: bytes))
        scheduleDelivery(connection, side)
    }

    /// Each frame on its own: lost, repeated, overtaken.
    private func sendDatagram(_ connection: Connection, _ side: Int, from process: Int, _ plan: DatagramPlan) {
        let bytes = connection[side].inbound.takeOutbox()
        guard canCarry(connection, to: side, from: process) else { return }
        let target = connection[side].process
        if networkDraws.chance(plan.lost, in: 1000) {
            probes.reach(.datagramLost)
            note("lost", process, "\(bytes.readableBytes) bytes to \(name(target))")
            return
        }
        let isRepeated = networkDraws.chance(plan.repeated, in: 1000)
        for _ in 0 ..< (isRepeated ? 2 : 1) {
            let isOvertaken = networkDraws.chance(plan.overtaken, in: 1000)
            let left = departure(of: bytes.readableBytes, from: process, to: target)
            var arrival = left + delay(from: process, to: target)
            if isOvertaken {
                arrival += Int64(networkDraws.below(20_000_000))
                probes.reach(.datagramOvertaken)
            } else {
                arrival = max(arrival, connection[side].inbound.lastArrival)
                connection[side].inbound.lastArrival = arrival
            }
            connection[side].inbound.insert(Segment(arrival: arrival, bytes: bytes))
        }
        if isRepeated { probes.reach(.datagramRepeated) }
        scheduleDelivery(connection, side)
    }

    /// Whether bytes have a chance; a process that writes to a machine that has forgotten the connection is told so.
    private func canCarry(_ connection: Connection, to side: Int, from process: Int) -> Bool {
        if connection.isBroken { return false }
        if connection[side].isOpen { return true }
        let target = connection[side].process
        let isMachineUp = target >= plan.nodes || nodes[target].state != .down
        if isMachineUp, !links.isCut(process, target), !links.isCut(target, process) {
            let reset = now + delay(from: process, to: target) + delay(from: target, to: process)
            queue.push(.notice, connection.serial, detail: UInt64(1 - side), at: reset)
        }
        return false
    }

    private func departure(of bytes: Int, from: Int, to: Int) -> Int64 {
        let rate = links[from, to].bytesPerSecond
        guard rate > 0 else { return now }
        let left = min(
            max(now, links[from, to].freeAt) + Int64(bytes) * 1_000_000_000 / rate, now + Self.longestDelay)
        links[from, to].freeAt = left
        return left
    }

    /// At most so long, however slow the link: what was sent before the faults are over arrives within the time that a run
    /// gives to healing.
    private static let longestDelay: Int64 = 20_000_000_000

    func delay(from: Int, to: Int) -> Int64 {
        let drawn = links[from, to].delay.draw(&networkDraws) * links[from, to].slowness + links[from, to].added
        return min(drawn, Self.longestDelay)
    }

    // MARK: Receiving

    func scheduleDelivery(_ connection: Connection, _ side: Int) {
        let end = connection[side]
        guard let arrival = end.inbound.nextArrival, !end.inbound.isStalled else { return }
        let at = max(now, arrival)
        guard at < end.inbound.scheduledAt else { return }
        end.inbound.scheduledAt = at
        queue.push(.deliver, connection.serial, detail: UInt64(side), at: at)
    }

    func deliver(_ serial: Int, to side: Int, dueAt: Int64) {
        guard let connection = connections[serial] else { return }
        let end = connection[side]
        guard end.inbound.scheduledAt == dueAt else { return }
        end.inbound.scheduledAt = .max
        guard !connection.isBroken, end.isOpen else { return }
        if links.isCut(connection[1 - side].process, end.process) || isHalted(end.process) {
            end.inbound.isStalled = true
            return
        }
        while let arrival = end.inbound.nextArrival, arrival <= now, let bytes = end.inbound.popFirst() {
            end.inbound.decoder.append(bytes)
            decode(connection, side, end)
            guard end.isOpen, !connection.isBroken else { break }
        }
        scheduleDelivery(connection, side)
        settle(process: end.process)
    }

    private func decode(_ connection: Connection, _ side: Int, _ end: ConnectionSide) {
        do {
            while end.isOpen, let frame = try end.inbound.decoder.next() {
                let message = try Message.decode(frame)
                digest.mix(UInt64(bitPattern: now) ^ UInt64(connection.serial) << 40 ^ UInt64(frame.body.readableBytes))
                receive(message, connection, side)
            }
        } catch {
            preconditionFailure("what the codec wrote it cannot read: \(error)")
        }
    }

    private func isHalted(_ process: Int) -> Bool { process < plan.nodes && nodes[process].state == .paused }

    private func settle(process: Int) {
        if process < plan.nodes { settle(nodes[process]) }
    }

    private func receive(_ message: consuming Message, _ connection: Connection, _ side: Int) {
        let process = connection[side].process
        if trace.isOn { noteReceived(message, process, from: connection[1 - side].process) }
        if case .hello(let hello) = message { return greeted(connection, side, hello) }
        switch connection.kind {
        case .members:
            let from = nodes[connection[1 - side].process].member.number
            receive(message, from: from, at: nodes[process])
        case .client(let link):
            if side == 0 {
                handle(clients[process - plan.nodes], .received(link, message))
            } else {
                receive(message, over: ConnectionToken(rawValue: UInt64(connection.serial)), at: nodes[process])
            }
        }
    }

    private func noteReceived(_ message: Message, _ process: Int, from other: Int) {
        note("recv", process, "\(message.kind) from \(name(other)): \(message.line)")
    }

    /// A cut is mended or a process goes on: what has waited arrives.
    func resumeDeliveries(where isConcerned: (_ from: Int, _ to: Int) -> Bool) {
        for connection in standingConnections() where !connection.isBroken {
            for side in 0 ..< 2 where connection[side].inbound.isStalled {
                guard isConcerned(connection[1 - side].process, connection[side].process) else { continue }
                connection[side].inbound.isStalled = false
                scheduleDelivery(connection, side)
            }
        }
    }
}
