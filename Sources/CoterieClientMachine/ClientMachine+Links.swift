// Connections: which are made, which are made anew and when, and what becomes of the calls of one that is lost.

import CoteriePrimitives
import CoterieRing
import CoterieWire

extension ClientMachine {
    /// Tries every seed that is not among the nodes.
    mutating func addSeeds(at now: Instant, into effects: inout [ClientEffect]) {
        for seed in seeds where !nodes.contains(where: { !$0.isRetired && $0.addresses.contains(seed) }) {
            connectLanes(of: addNode(seed, member: nil), at: now, into: &effects)
        }
    }

    /// Puts a node into the first free place.
    mutating func addNode(_ address: Endpoint, member: MemberNumber?) -> Int {
        let node = Node(address: address, member: member, lanes: settings.connectionsPerNode)
        if let free = nodes.firstIndex(where: { $0.isRetired && $0.hasNoLink }) {
            nodes[free] = node
            return free
        }
        nodes.append(node)
        return nodes.count - 1
    }

    /// Begins a connection in each lane that has none. While a node is not known to be reachable, one lane is tried.
    mutating func connectLanes(of index: Int, at now: Instant, into effects: inout [ClientEffect]) {
        let node = nodes[index]
        guard stage == .running || stage == .closing, !node.isRetired, node.pausedUntil == nil else { return }
        for lane in node.links.indices where node.links[lane] == nil {
            guard node.isUp || nodes[index].hasNoLink else { return }
            serials += 1
            let id = LinkID(node: index, lane: lane, serial: serials)
            nodes[index].links[lane] = Link(id: id, address: node.address)
            effects.append(.connect(id, node.address, hello))
            effects.append(.setTimer(.connect(id), at: now + settings.connectTimeout))
        }
    }

    private var hello: Hello {
        Hello(
            clusterName: clusterName ?? "", speaker: .client(name: settings.name), epoch: layout?.epoch ?? Epoch(0),
            layoutDigest: layout?.digest ?? 0)
    }

    private mutating func remove(_ id: LinkID) {
        if nodes[id.node].links[id.lane]?.isUp == true { nodes[id.node].upLanes -= 1 }
        nodes[id.node].links[id.lane] = nil
    }

    /// Whether the link is up. The path of every message: nothing is copied.
    func isUp(_ id: LinkID) -> Bool {
        nodes.indices.contains(id.node) && nodes[id.node].links.indices.contains(id.lane)
            && nodes[id.node].links[id.lane]?.id == id && nodes[id.node].links[id.lane]?.life != nil
    }

    /// The link with that id, unless it is gone.
    func link(_ id: LinkID) -> Link? {
        guard nodes.indices.contains(id.node), nodes[id.node].links.indices.contains(id.lane),
            let link = nodes[id.node].links[id.lane], link.id == id
        else { return nil }
        return link
    }

    /// A node has introduced itself.
    mutating func linkUp(_ id: LinkID, _ hello: Hello, at now: Instant, into effects: inout [ClientEffect]) {
        guard let link = link(id), !link.isUp else { return }
        effects.append(.cancelTimer(.connect(id)))
        guard case .member(let number, _, let life) = hello.speaker else {
            return drop(id, .notConnected("what answers there is a client, not a node"), at: now, into: &effects)
        }
        guard hello.minVersion <= Hello.version, hello.maxVersion >= Hello.version else {
            let text = "it speaks versions \(hello.minVersion) to \(hello.maxVersion), this client \(Hello.version)"
            return drop(id, .notConnected(text), at: now, into: &effects)
        }
        if let clusterName, hello.clusterName != clusterName {
            let text = "it belongs to the cluster \"\(hello.clusterName)\", not to \"\(clusterName)\""
            return drop(id, .notConnected(text), at: now, into: &effects)
        }
        if let expected = nodes[id.node].member, expected != number {
            if layout != nil, nodeOfMember[expected] == id.node {
                askForLayout(over: nil, at: now, into: &effects)
                let text = "it answers as member \(number.rawValue), the layout has member \(expected.rawValue) there"
                return drop(id, .notConnected(text), at: now, into: &effects)
            }
            // A seed is whoever answers there.
            nodes[id.node].member = nil
        }
        if let twin = nodeOfMember[number], twin != id.node {
            return absorb(id, into: twin, at: now, into: &effects)
        }
        settle(onCluster: hello.clusterName)
        welcome(id, number, life, at: now, into: &effects)
        effects.append(.trace(.connected(link.address, number, hello.epoch)))
        if hello.epoch > layout?.epoch ?? Epoch(0) { askForLayout(over: id, at: now, into: &effects) }
        dispatchWaiting(at: now, into: &effects)
        if nodes[id.node].queued > 0 { hasRoom = true }
    }

    private mutating func welcome(
        _ id: LinkID, _ number: MemberNumber, _ life: UInt64, at now: Instant, into effects: inout [ClientEffect]
    ) {
        nodes[id.node].member = number
        nodes[id.node].links[id.lane]?.life = life
        nodes[id.node].upLanes += 1
        nodes[id.node].trouble = nil
        nodes[id.node].isSuspect = false
        nodes[id.node].isStopping = false
        resolveLostWrites(of: id.node, at: now, into: &effects)
        connectLanes(of: id.node, at: now, into: &effects)
    }

    /// A seed turns out to be a member that is in the list already, under the layout's address: one of the two is
    /// enough.
    private mutating func absorb(
        _ id: LinkID, into twin: Int, at now: Instant, into effects: inout [ClientEffect]
    ) {
        let address = nodes[id.node].address
        effects.append(.disconnect(id))
        remove(id)
        retire(id.node, at: now, into: &effects)
        guard !nodes[twin].isUp, !nodes[twin].addresses.contains(address) else { return }
        // The layout's address does not work from here as yet; this one does.
        nodes[twin].addresses.append(address)
        nodes[twin].preferred = nodes[twin].addresses.count - 1
        resume(twin, at: now, into: &effects)
    }

    /// Disconnects a link and treats it as lost.
    mutating func drop(
        _ id: LinkID, _ failure: LinkFailure, at now: Instant, into effects: inout [ClientEffect]
    ) {
        guard link(id) != nil else { return }
        effects.append(.disconnect(id))
        linkDown(id, failure, at: now, into: &effects)
    }

    mutating func linkDown(
        _ id: LinkID, _ failure: LinkFailure, at now: Instant, into effects: inout [ClientEffect]
    ) {
        guard let link = link(id) else { return }
        remove(id)
        nodes[id.node].trouble = failure.description
        let wasUp = link.isUp
        if wasUp {
            effects.append(.trace(.disconnected(link.address, failure.description)))
        } else {
            effects.append(.cancelTimer(.connect(id)))
            effects.append(.trace(.cannotConnect(link.address, failure.description)))
        }
        if !link.wasUseful { nodes[id.node].failures += 1 }
        if !wasUp { nodes[id.node].preferred += 1 }
        if layoutAsked == id { layoutLost(at: now, into: &effects) }
        moveCalls(of: link, at: now, into: &effects)
        if !nodes[id.node].isUp { nodes[id.node].isSuspect = false }
        if nodes[id.node].isRetired {
            return giveUpLostWrites(of: id.node, because: failure.description, into: &effects)
        }
        pause(id.node, at: now, into: &effects)
        if !wasUp, !nodes[id.node].isUp, !nodes[id.node].isConnecting {
            giveUpLostWrites(of: id.node, because: failure.description, into: &effects)
        }
        if cannotReach {
            addSeeds(at: now, into: &effects)
            failUnreachable(at: now, into: &effects)
        }
    }

    /// Connects anew, at once where the link was of use, else after a pause that doubles with each failure.
    private mutating func pause(_ index: Int, at now: Instant, into effects: inout [ClientEffect]) {
        let failures = nodes[index].failures
        guard failures > 0 else { return connectLanes(of: index, at: now, into: &effects) }
        guard nodes[index].pausedUntil == nil else { return }
        let doubled = settings.reconnectDelay * Int64(1 << min(failures - 1, 20))
        let whole = max(min(doubled, settings.maxReconnectDelay).nanoseconds, 2)
        let half = whole / 2
        let drawn = TimeSpan(nanoseconds: half + Int64(generator.below(Int(whole - half) + 1)))
        nodes[index].pausedUntil = now + drawn
        effects.append(.setTimer(.reconnect(node: index), at: now + drawn))
    }

    /// The pause is over.
    mutating func resume(_ index: Int, at now: Instant, into effects: inout [ClientEffect]) {
        guard nodes.indices.contains(index), nodes[index].pausedUntil != nil else { return }
        nodes[index].pausedUntil = nil
        effects.append(.cancelTimer(.reconnect(node: index)))
        connectLanes(of: index, at: now, into: &effects)
    }

    /// Nothing new is sent to the node; it is disconnected when it owes nothing any more.
    mutating func retire(_ index: Int, at now: Instant, into effects: inout [ClientEffect]) {
        nodes[index].isRetired = true
        giveUpLostWrites(of: index, because: "it has left the cluster", into: &effects)
        for sequence in calls.sequences(where: { $0.phase == .queued(node: index) }) {
            dispatch(sequence, at: now, into: &effects)
        }
        if nodes[index].pausedUntil != nil { effects.append(.cancelTimer(.reconnect(node: index))) }
        nodes[index].pausedUntil = nil
        closeIfIdle(index, into: &effects)
    }

    mutating func closeIfIdle(_ index: Int, into effects: inout [ClientEffect]) {
        guard nodes[index].isRetired, nodes[index].load == 0 else { return }
        for lane in nodes[index].links.indices {
            guard let link = nodes[index].links[lane] else { continue }
            if !link.isUp { effects.append(.cancelTimer(.connect(link.id))) }
            effects.append(.disconnect(link.id))
            remove(link.id)
        }
    }
}
