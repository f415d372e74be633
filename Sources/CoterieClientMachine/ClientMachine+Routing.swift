// To whom a call goes. Writes go to the first owner in the order of the preference list that can take them: one key's
// writes then come from one owner, which keeps its contexts short. Reads go to the owner with the least to do. A node
// that is no owner passes requests on, so without a layout, or without an owner, any node will do.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import DequeModule
import NIOCore

extension ClientMachine {
    private enum Destination {
        case link(node: Int, lane: Int)
        case queue(node: Int)
        case nowhere
    }

    /// How willingly a node is asked, the lowest first.
    private enum Tier: Int, Comparable {
        case owner, busyOwner, other, busyOther, lastResort, busyLastResort, never

        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
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
                id: RequestID(origin: origin, sequence: sequence), epoch: epoch,
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
        var best = Tier.never
        var chosen = 0
        var chosenLoad = 0
        turn &+= 1
        func consider(_ node: Int, isOwner: Bool, byLoad: Bool) {
            let tier = tier(of: node, isOwner: isOwner, avoided: call.avoided)
            guard tier != .never, tier <= best else { return }
            let load = byLoad || tier == .busyOwner ? nodes[node].load : 0
            guard tier < best || load < chosenLoad else { return }
            best = tier
            chosen = node
            chosenLoad = load
        }
        if let owners = owners(of: call.request.key) {
            // Among equals the reads take turns.
            let shift = call.isWrite ? 0 : turn
            for i in owners.indices {
                guard let node = nodeOfMember[owners[(i &+ shift) % owners.count]] else { continue }
                consider(node, isOwner: true, byLoad: !call.isWrite)
            }
        }
        if best > .busyOwner {
            for i in nodes.indices { consider((i &+ turn) % nodes.count, isOwner: false, byLoad: true) }
        }
        guard best != .never else { return .nowhere }
        if let lane = nodes[chosen].freestLane(limit: settings.maxInFlightPerConnection) {
            return .link(node: chosen, lane: lane)
        }
        return .queue(node: chosen)
    }

    private func tier(of index: Int, isOwner: Bool, avoided: Int?) -> Tier {
        let node = nodes[index]
        guard !node.isRetired, node.isUp else { return .never }
        let hasRoom = node.queued == 0 && node.freestLane(limit: settings.maxInFlightPerConnection) != nil
        if node.isSuspect || node.isStopping || index == avoided { return hasRoom ? .lastResort : .busyLastResort }
        if isOwner { return hasRoom ? .owner : .busyOwner }
        return hasRoom ? .other : .busyOther
    }

    /// The owners of a key, preferred ones first; nil where they are not known or not wanted.
    private mutating func owners(of key: ObjectKey) -> [MemberNumber]? {
        guard settings.routing == .owners, let layout, let n = replicas(of: key, in: layout) else { return nil }
        return layout.preferenceList(for: layout.group(for: key, n: n)).primaries
    }

    /// The `n` of the key's bucket type. Most keys are of the type of the key before.
    private mutating func replicas(of key: ObjectKey, in layout: Layout) -> Int? {
        if let lastType, key.begins(with: lastType.prefix) { return lastType.n }
        let type = key.type
        guard let n = layout.bucketType(named: type)?.n else { return nil }
        // The type's component ends before the bucket's begins: a prefix with an empty bucket, less its terminator.
        let prefix = ObjectKey.bucketPrefix(type: type, bucket: ByteBuffer())
        lastType = (Array(prefix.readableBytesView.dropLast(2)), n)
        return n
    }

    /// Sends what was queued for nodes that have room now.
    mutating func fillRoom(at now: Instant, into effects: inout [ClientEffect]) {
        hasRoom = false
        for node in nodes.indices where nodes[node].queued > 0 {
            while let lane = nodes[node].freestLane(limit: settings.maxInFlightPerConnection),
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

extension ObjectKey {
    fileprivate func begins(with prefix: [UInt8]) -> Bool {
        bytes.withUnsafeReadableBytes { raw in
            raw.count >= prefix.count && raw.prefix(prefix.count).elementsEqual(prefix)
        }
    }
}
