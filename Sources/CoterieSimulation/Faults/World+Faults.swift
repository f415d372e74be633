// Faults as the world performs them, ends them and heals them all.

import CoterieClientMachine
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage

extension World {
    func drawFault() {
        guard stage == .safety || (stage == .bootstrap && plan.faults.fromTheStart) else { return }
        let members = nodes.map(\.member.number)
        if let fault = faults.draw(members: members, clients: clients.count), isBearable(fault) { perform(fault) }
        faults.schedule(into: &queue, at: now)
    }

    /// Whether the store has promised to bear this now.
    private func isBearable(_ fault: Fault) -> Bool {
        switch fault {
        case .wipe(let member, _):
            switch plan.faults.losses {
            case .none: return false
            case .only(let weak): return member == weak
            // The next disk may only be lost when all that the last one held is back in its place.
            case .inTurn: return nodes.allSatisfy { $0.hasServed && !$0.isIncomplete }
            }
        case .rot(let member, _), .failingReads(let member, _, _): return plan.faults.losses == .only(member)
        case .failingFsyncs(let member, _, _): return plan.faults.mayFailFsyncs(member)
        default: return true
        }
    }

    /// Does it, whatever the plan says. What lasts ends after its time, or with `heal`.
    public func perform(_ fault: Fault) {
        statistics.faults[fault.kind?.rawValue ?? "start", default: 0] += 1
        if trace.isOn { trace.add(now, "--", "fault", "\(fault)") }
        switch fault {
        case .kill(let member, let downFor): stop(member, hard: false, downFor)
        case .powerLoss(let member, let downFor): stop(member, hard: true, downFor)
        case .blackout(let downFor):
            for node in nodes { stop(node.member.number, hard: true, downFor) }
        case .stop(let member, let downFor): askToStop(member, downFor)
        case .wipe(let member, let downFor):
            guard let node = node(member) else { return }
            end(node, hard: true)
            replaceDisk(of: node)
            startLater(node, downFor)
        case .start(let member):
            if let node = node(member), node.state == .down { start(node) }
        case .breakConnection(let one, let other): breakConnections(one, other)
        case .clockJump(let name, let span): withClock(name) { $0.jump(by: span) }
        case .clockDrift(let name, let drift):
            let now = now
            withClock(name) { $0.setDrift(drift, at: now) }
        case .rot(let member, let file): rot(member, file)
        case .clientRestart(let number):
            if clients.indices.contains(number) { restart(clients[number]) }
        case .pause, .cut, .partition, .slowLink, .datagrams, .slowDisk, .fullDisk, .failingFsyncs, .failingAppends,
            .failingReads:
            begin(fault)
        }
    }

    /// Begins what lasts.
    private func begin(_ fault: Fault) {
        apply(fault, isOn: true)
        let number = faults.begin(fault)
        if let during = fault.duration {
            queue.push(.faultEnds, 0, detail: UInt64(number), at: now + during.nanoseconds)
        }
    }

    func endFault(_ number: Int) {
        guard let fault = faults.end(number) else { return }
        if trace.isOn { trace.add(now, "--", "heal", "\(fault)") }
        apply(fault, isOn: false)
    }

    private func apply(_ fault: Fault, isOn: Bool) {
        switch fault {
        case .pause(let member, _): isOn ? pause(member) : resume(member)
        case .cut(let from, let to, let breaks, _): cut(from, to, breaks: breaks, by: isOn ? 1 : -1)
        case .partition(let one, let other, let breaks, _):
            cut(one, other, breaks: breaks, by: isOn ? 1 : -1)
            cut(other, one, breaks: breaks, by: isOn ? 1 : -1)
        case .slowLink(let from, let to, let factor, let rate, _):
            guard let from = process(from), let to = process(to) else { return }
            links[from, to].slowness = isOn ? factor : 1
            links[from, to].added = 0
            links[from, to].bytesPerSecond = isOn && rate > 0 ? rate : plan.network.bytesPerSecond
        case .datagrams(let from, let to, let datagrams, _): setDatagrams(isOn ? datagrams : nil, from, to)
        case .slowDisk(let member, let factor, _): node(member)?.diskSlowness = isOn ? factor : 1
        case .fullDisk(let member, let room, _):
            guard let disk = node(member)?.disk else { return }
            disk.faults.capacity = isOn ? disk.usedBytes + room : nil
        case .failingFsyncs(let member, let permille, _):
            node(member)?.disk.faults.failingFsyncs = isOn ? permille : 0
        case .failingAppends(let member, let permille, _):
            node(member)?.disk.faults.failingAppends = isOn ? permille : 0
        case .failingReads(let member, let permille, _):
            node(member)?.disk.faults.failingReads = isOn ? permille : 0
        case .kill, .powerLoss, .blackout, .stop, .wipe, .start, .breakConnection, .clockJump, .clockDrift, .rot,
            .clientRestart:
            break
        }
    }

    /// Ends all faults and starts all that is down. What the disks have lost stays lost.
    public func heal() {
        for number in faults.activeNumbers { endFault(number) }
        for node in nodes {
            node.disk.faults = SimulatedDisk.Faults()
            if node.state == .down {
                start(node)
            } else if node.needsRestart {
                operatorRestarts(node, life: UInt64(node.life))
            }
        }
    }

    // MARK: Processes

    func node(_ member: MemberNumber) -> SimulatedNode? {
        let index = memberIndex(member)
        return nodes.indices.contains(index) ? nodes[index] : nil
    }

    private func stop(_ member: MemberNumber, hard: Bool, _ downFor: TimeSpan?) {
        guard let node = node(member), node.state != .down else { return }
        end(node, hard: hard)
        startLater(node, downFor)
    }

    private func askToStop(_ member: MemberNumber, _ downFor: TimeSpan?) {
        guard let node = node(member), node.state == .up, !node.isStopping else { return }
        node.isStopping = true
        node.downAfterStop = downFor
        feed(node, .stop)
        settle(node)
    }

    private func pause(_ member: MemberNumber) {
        guard let node = node(member), node.state == .up else { return }
        node.state = .paused
    }

    private func resume(_ member: MemberNumber) {
        guard let node = node(member), node.state == .paused else { return }
        node.state = .up
        resumeDeliveries { _, to in to == node.index }
        settle(node)
    }

    private func withClock(_ name: ProcessName, _ change: (inout ProcessClock) -> Void) {
        guard let process = process(name) else { return }
        if process < plan.nodes { change(&nodes[process].clock) } else { change(&clients[process - plan.nodes].clock) }
    }

    private func rot(_ member: MemberNumber, _ file: Int) {
        guard let disk = node(member)?.disk, let files = try? disk.list(), !files.isEmpty else { return }
        let name = files[file % files.count]
        if let place = disk.rot(name) { note("rot", memberIndex(member), "\(name) at \(place)") }
    }

    // MARK: Links

    private func cut(_ from: [ProcessName], _ to: [ProcessName], breaks: Bool, by change: Int) {
        for one in from.compactMap(process) {
            for other in to.compactMap(process) where one != other {
                links[one, other].cuts += change
                if change > 0, breaks { breakAll(between: one, other) }
            }
        }
        guard change < 0 else { return }
        let links = links
        resumeDeliveries { !links.isCut($0, $1) }
    }

    private func breakConnections(_ one: ProcessName, _ other: ProcessName) {
        guard let one = process(one), let other = process(other) else { return }
        breakAll(between: one, other)
    }

    private func breakAll(between one: Int, _ other: Int) {
        for connection in standingConnections() where !connection.isBroken {
            let ends = (connection[0].process, connection[1].process)
            if ends == (one, other) || ends == (other, one) { breakConnection(connection) }
        }
    }

    /// What was lost on a link is not said again on the same connection: when the mode ends, the connection does.
    private func setDatagrams(_ datagrams: DatagramPlan?, _ one: ProcessName, _ other: ProcessName) {
        guard let from = process(one), let to = process(other) else { return }
        links[from, to].datagrams = datagrams
        if datagrams == nil { breakAll(between: from, to) }
    }
}
