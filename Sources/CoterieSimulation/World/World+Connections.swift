// How connections begin and end: who dials, what the hellos tell, who sees a break and when. Of two members the one
// with the smaller number dials and alone tries again, as in production's transport.

import CoterieClientMachine
import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import NIOCore

extension World {
    // MARK: Members

    func scheduleDial(_ node: SimulatedNode, _ peer: Int, at time: Int64) {
        guard node.index < peer, node.state != .down else { return }
        node.dialAt[peer] = time
        queue.push(.dial, node.index, detail: UInt64(peer), at: time)
    }

    /// The pause before the next attempt, between half and whole of what doubles with each failure.
    func drawRetry(_ node: SimulatedNode, failures: Int = 0) -> Int64 {
        let initial = plan.network.reconnectInitial.nanoseconds
        let whole = min(plan.network.reconnectMax.nanoseconds, initial << Int64(min(failures, 20)))
        return whole / 2 + Int64(networkDraws.below(Int(whole / 2 + 1)))
    }

    func dial(_ node: SimulatedNode, _ peer: Int) {
        guard node.state != .down, node.dialAt[peer] == now else { return }
        node.dialAt[peer] = .max
        if node.state == .paused { return scheduleDial(node, peer, at: now + 50_000_000) }
        if node.connections[peer] >= 0, let standing = connections[node.connections[peer]] {
            if standing[0].isUp { return }
            // The hello has taken too long.
            close(standing, side: 0)
            node.connections[peer] = -1
        }
        let connection = open(.members, from: node.index, to: peer)
        node.connections[peer] = connection.serial
        guard !connection.isBroken else { return }
        greet(connection, from: node.index, hello(of: node))
        scheduleDial(node, peer, at: now + plan.network.connectTimeout.nanoseconds)
    }

    private func hello(of node: SimulatedNode) -> Hello {
        Hello(
            clusterName: layout.clusterName,
            speaker: .member(number: node.member.number, name: node.member.name, nonce: node.nonce),
            epoch: layout.epoch, layoutDigest: layout.digest)
    }

    /// Says hello over a connection.
    func greet(_ connection: Connection, from process: Int, _ hello: Hello) {
        var dirty: [Int] = []
        let side = 1 - connection.side(of: process)
        write(.hello(hello), from: process, to: connection, side: side, dirty: &dirty)
        flush(connection, from: process)
    }

    /// The other end has introduced itself. The dialled end answers with its own hello; then messages pass.
    func greeted(_ connection: Connection, _ side: Int, _ hello: Hello) {
        guard !connection[side].isUp else { return }
        let process = connection[side].process
        connection[side].isUp = true
        switch connection.kind {
        case .members:
            let node = nodes[process]
            let peer = connection[1 - side].process
            if side == 1 { accept(connection, at: node, from: peer) }
            guard case .member(let number, _, let nonce) = hello.speaker else {
                preconditionFailure("a member says hello as \(hello.speaker)")
            }
            node.dialFailures[peer] = 0
            statistics.connections += 1
            feed(node, .memberConnected(number, nonce: nonce))
        case .client(let link):
            if side == 1 {
                greet(connection, from: process, self.hello(of: nodes[process]))
            } else {
                handle(clients[process - plan.nodes], .linkUp(link, hello))
            }
        }
    }

    /// The dialled member: a newcomer takes the place of what it had.
    private func accept(_ connection: Connection, at node: SimulatedNode, from peer: Int) {
        if node.connections[peer] >= 0, let old = connections[node.connections[peer]] {
            probes.reach(.replacedConnection)
            let wasUp = old[1].isUp
            close(old, side: 1)
            if wasUp { feed(node, .memberDisconnected(nodes[peer].member.number)) }
        }
        node.connections[peer] = connection.serial
        greet(connection, from: node.index, hello(of: node))
    }

    // MARK: Beginning and ending

    /// A connection whose dialler may say hello, or one that fails when the dialler can see it.
    func open(_ kind: Connection.Kind, from: Int, to: Int) -> Connection {
        let target = nodes[to]
        let connection = Connection(
            serial: connections.count, kind: kind, from: (from, life(of: from)), to: (to, target.life),
            frame: plan.limits.maxFrameBytes)
        connections.append(connection)
        standing.append(connection.serial)
        let roundTrip = delay(from: from, to: to) + delay(from: to, to: from)
        let isCut = links.isCut(from, to) || links.isCut(to, from)
        if isCut || target.state == .down {
            connection.isBroken = true
            connection.sides.1.isOpen = false
            let after = isCut ? plan.network.connectTimeout.nanoseconds : roundTrip
            queue.push(.notice, connection.serial, detail: 0, at: now + after)
        } else {
            // The hello follows what TCP exchanges first.
            connection.sides.1.inbound.lastArrival = now + roundTrip
        }
        return connection
    }

    private func life(of process: Int) -> UInt32 {
        process < plan.nodes ? nodes[process].life : clients[process - plan.nodes].life
    }

    /// One process lets go of a connection; what it has sent still arrives, then the other end sees it.
    func close(_ connection: Connection, side: Int) {
        guard connection[side].isOpen else { return }
        connection[side].isOpen = false
        connection[side].inbound.clear()
        let other = 1 - side
        guard connection[other].isOpen else {
            connections[connection.serial] = nil
            return
        }
        let seen = max(now, connection[other].inbound.lastArrival)
        queue.push(
            .notice, connection.serial, detail: UInt64(other),
            at: seen + delay(from: connection[side].process, to: connection[other].process))
    }

    /// A connection breaks: what is on its way is lost, and each end sees it in its own time.
    func breakConnection(_ connection: Connection) {
        guard !connection.isBroken else { return }
        connection.isBroken = true
        statistics.breaks += 1
        note("break", connection[0].process, "connection with \(name(connection[1].process))")
        for side in 0 ..< 2 {
            connection[side].inbound.clear()
            guard connection[side].isOpen else { continue }
            let within = Int(plan.network.noticeWithin.nanoseconds)
            queue.push(
                .notice, connection.serial, detail: UInt64(side), at: now + Int64(networkDraws.below(within + 1)))
        }
    }

    /// All that something may still happen to, in the order in which they were begun.
    func standingConnections() -> [Connection] {
        standing.removeAll { connections[$0] == nil }
        return standing.compactMap { connections[$0] }
    }

    /// A process is gone, and all its connections with it.
    func closeAll(of process: Int, hard: Bool) {
        for connection in standingConnections() {
            for side in 0 ..< 2 where connection[side].process == process && connection[side].isOpen {
                if hard {
                    closeHard(connection, side)
                } else {
                    close(connection, side: side)
                }
            }
        }
    }

    /// The machine is gone: nobody says so, the other end finds out.
    private func closeHard(_ connection: Connection, _ side: Int) {
        connection[side].isOpen = false
        connection[side].inbound.clear()
        let other = 1 - side
        if networkDraws.chance(1, in: 2) { connection[other].inbound.clear() }
        guard connection[other].isOpen else {
            connections[connection.serial] = nil
            return
        }
        let within = Int(plan.network.noticePowerLossWithin.nanoseconds)
        queue.push(.notice, connection.serial, detail: UInt64(other), at: now + Int64(networkDraws.below(within + 1)))
    }

    /// One end sees that its connection is no more.
    func noticeBreak(_ serial: Int, side: Int) {
        guard let connection = connections[serial], connection[side].isOpen else { return }
        let process = connection[side].process
        let isUp = connection[side].isUp
        connection[side].isOpen = false
        connection[side].inbound.clear()
        if connection.isGone { connections[serial] = nil }
        digest.mix(UInt64(bitPattern: now) ^ UInt64(serial) << 40 ^ 0x6e)
        switch connection.kind {
        case .members: lost(connection, at: nodes[process], peer: connection[1 - side].process, wasUp: isUp)
        case .client(let link):
            if side == 0 {
                lost(link, at: clients[process - plan.nodes], wasUp: isUp)
            } else if isUp {
                feed(nodes[process], .connectionClosed(ConnectionToken(rawValue: UInt64(serial))))
                settle(nodes[process])
            }
        }
    }

    private func lost(_ connection: Connection, at node: SimulatedNode, peer: Int, wasUp: Bool) {
        guard node.connections[peer] == connection.serial else { return }
        node.connections[peer] = -1
        note("notice", node.index, "connection with \(nodes[peer].member.number) is lost")
        if wasUp { feed(node, .memberDisconnected(nodes[peer].member.number)) }
        if node.index < peer {
            let retry = drawRetry(node, failures: node.dialFailures[peer])
            node.dialFailures[peer] += 1
            scheduleDial(node, peer, at: now + retry)
        }
        settle(node)
    }

    /// Whether every member that is up sees all others alive.
    var allMembersAreAlive: Bool { nodes.allSatisfy { $0.machine?.seesAllAlive ?? true } }

    /// Whether all others that are up see the member so.
    func isSeen(_ member: MemberNumber, _ status: MemberStatus) -> Bool {
        nodes.allSatisfy { node in
            guard node.member.number != member, node.state == .up, let machine = node.machine else { return true }
            return machine.standings.first { $0.member == member }?.status == status
        }
    }

    /// Whether every two members that are up are connected both ways.
    var allMembersAreConnected: Bool {
        for node in nodes {
            for peer in node.connections.indices where peer < plan.nodes && peer != node.index {
                guard node.connections[peer] >= 0, let connection = connections[node.connections[peer]],
                    connection[0].isUp, connection[1].isUp, connection[0].isOpen, connection[1].isOpen,
                    !connection.isBroken
                else { return false }
            }
        }
        return true
    }
}
