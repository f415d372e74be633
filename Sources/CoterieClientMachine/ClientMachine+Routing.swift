// To whom a call goes. Writes go to the first owner in the order of the preference list that can take them: one key's
// writes then come from one owner, which keeps its contexts short. Reads go to the owner with the least to do. A node
// that is no owner passes requests on, so without a layout, or without an owner, any node will do.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import DequeModule

extension ClientMachine {
    private enum Destination {
        case link(node: Int, lane: Int)
        case queue(node: Int)
        case nowhere
    }

    /// Sends a call, or queues it, or lets it wait for a connection.
    mutating func dispatch(_ sequence: UInt64, at now: Instant, into effects: inout [ClientEffect]) {
        guard let call = calls[sequence] else { return }
        switch destination(of: call) {
        case .link(let node, let lane):
            guard let link = nodes[node].links[lane]?.id else { return }
            send(sequence, over: link, at: now, into: &effects)
        case .queue(let node):
            move(sequence, to: .queued(node: node))
            look(by: call.deadline, into: &effects)
        case .nowhere:
            if now >= call.started + settings.reachPatience, cannotReach {
                return end(sequence, .unreachable, unreachableText, into: &effects)
            }
            move(sequence, to: .waiting)
            look(by: min(call.deadline, max(call.started + settings.reachPatience, now)), into: &effects)
        }
    }

    /// Hands a call to a connection.
    mutating func send(
        _ sequence: UInt64, over link: LinkID, at now: Instant, into effects: inout [ClientEffect]
    ) {
        move(sequence, to: .sent(Call.Attempt(link: link, at: now)))
        transmit(sequence, over: link, at: now, into: &effects)
    }

    /// Asks a second node for a read.
    mutating func hedge(
        _ sequence: UInt64, after first: Call.Attempt, over link: LinkID, at now: Instant,
        into effects: inout [ClientEffect]
    ) {
        move(sequence, to: .hedged(first, Call.Attempt(link: link, at: now)))
        transmit(sequence, over: link, at: now, into: &effects)
    }

    private mutating func transmit(
        _ sequence: UInt64, over link: LinkID, at now: Instant, into effects: inout [ClientEffect]
    ) {
        let epoch = settings.routing == .owners ? layout?.epoch ?? Epoch(0) : Epoch(0)
        let hedgeAfter = settings.hedgeAfter
        let origin = origin
        let sent: (request: Request, attention: Instant)? = calls.update(sequence) { call in
            call.sends += 1
            let request = Request(
                id: call.requestID(from: origin), epoch: epoch,
                timeLeft: max(call.nodeDeadline - now, .milliseconds(1)), request: call.request)
            return (request, call.attention(hedgeAfter: hedgeAfter))
        }
        guard let sent else { return }
        effects.append(.send(link, .request(sent.request)))
        look(by: sent.attention, into: &effects)
        if nodes[link.node].links[link.lane]?.silentSince == nil {
            nodes[link.node].links[link.lane]?.silentSince = now
            look(by: now + settings.probeAfter, into: &effects)
        }
    }

    /// Another node that could be asked for a read at once; nil where there is none.
    mutating func alternative(for call: Call, beside busy: Int) -> LinkID? {
        var call = call
        call.avoided = busy
        guard case .link(let node, let lane) = destination(of: call), node != busy else { return nil }
        return nodes[node].links[lane]?.id
    }

    private mutating func destination(of call: Call) -> Destination {
        var best = Candidate()
        turn &+= 1
        if settings.routing == .owners, let owners = routes?.owners(of: call.key) {
            // Among equals the reads take turns.
            let shift = call.isWrite ? 0 : turn % owners.count
            for i in 0 ..< owners.count {
                let place = i + shift < owners.count ? i + shift : i + shift - owners.count
                let node = owners[owners.startIndex + place]
                best.improve(nodes[node], node, isOwner: true, byLoad: !call.isWrite, call.avoided, limit: laneLimit)
            }
        }
        if best.tier > .busyOwner {
            for i in nodes.indices {
                let node = (i &+ turn) % nodes.count
                best.improve(nodes[node], node, isOwner: false, byLoad: true, call.avoided, limit: laneLimit)
            }
        }
        guard best.tier != .never else { return .nowhere }
        if let lane = nodes[best.node].freestLane(limit: laneLimit) { return .link(node: best.node, lane: lane) }
        return .queue(node: best.node)
    }

    private var laneLimit: Int { settings.maxInFlightPerConnection }

    /// Sends what was queued for nodes that have room now.
    mutating func fillRoom(at now: Instant, into effects: inout [ClientEffect]) {
        hasRoom = false
        for node in nodes.indices where nodes[node].queued > 0 {
            while let lane = nodes[node].freestLane(limit: laneLimit),
                let link = nodes[node].links[lane]?.id, let sequence = nodes[node].queue.popFirst()
            {
                guard calls[sequence]?.phase == .queued(node: node) else { continue }
                send(sequence, over: link, at: now, into: &effects)
            }
        }
    }

    /// Gives every waiting call another chance: a node came up, or the layout changed.
    mutating func dispatchWaiting(at now: Instant, into effects: inout [ClientEffect]) {
        let sequences = waiting
        waiting.removeAll(keepingCapacity: true)
        for sequence in sequences where calls[sequence]?.phase == .waiting {
            dispatch(sequence, at: now, into: &effects)
        }
    }

    /// No node is connected and none is being tried.
    var cannotReach: Bool {
        !nodes.contains { !$0.isRetired && !$0.hasNoLink }
    }

    /// Names the nodes and what is wrong with them, the first few.
    var unreachableText: String {
        let troubles = nodes.filter { !$0.isRetired }.map { "\($0.address): \($0.trouble ?? "not tried yet")" }
        let shown = troubles.prefix(5).joined(separator: "; ")
        let rest = troubles.count > 5 ? "; and \(troubles.count - 5) more" : ""
        return "no node can be reached: \(shown)\(rest)"
    }
}

/// The best node for a call so far.
private struct Candidate {
    /// How willingly a node is asked, the lowest first.
    enum Tier: Int, Comparable {
        case owner, busyOwner, other, busyOther, lastResort, busyLastResort, never

        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    var tier = Tier.never
    var node = 0
    private var load = 0

    /// Takes the node at `index` where it is better; of equally good ones the first.
    @inline(__always)
    mutating func improve(
        _ node: borrowing Node, _ index: Int, isOwner: Bool, byLoad: Bool, _ avoided: Int?, limit: Int
    ) {
        guard !node.isRetired, node.isUp else { return }
        let hasRoom = node.queued == 0 && node.hasRoom(limit: limit)
        let tier: Tier =
            if node.isSuspect || node.isStopping || index == avoided {
                hasRoom ? .lastResort : .busyLastResort
            } else if isOwner {
                hasRoom ? .owner : .busyOwner
            } else {
                hasRoom ? .other : .busyOther
            }
        guard tier <= self.tier else { return }
        let load = byLoad || tier == .busyOwner ? node.load : 0
        guard tier < self.tier || load < self.load else { return }
        self.tier = tier
        self.node = index
        self.load = load
    }
}
