// Learning the layout: asked for whenever a node shows a newer epoch than the one known.

import CoteriePrimitives
import CoterieRing
import CoterieWire

extension ClientMachine {
    /// Asks for the layout over this link, or over any. One question at a time.
    mutating func askForLayout(over preferred: LinkID?, at now: Instant, into effects: inout [ClientEffect]) {
        guard layoutAsked == nil, let id = preferred ?? anyLink() else { return }
        layoutAsked = id
        effects.append(.send(id, .layoutRequest(LayoutRequest(epoch: layout?.epoch ?? Epoch(0)))))
        effects.append(.setTimer(.layout, at: now + settings.layoutTimeout))
    }

    private mutating func anyLink() -> LinkID? {
        turn &+= 1
        for i in nodes.indices {
            let node = nodes[(i &+ turn) % nodes.count]
            if node.isRetired || node.isSuspect { continue }
            for link in node.links {
                if let link, link.isUp { return link.id }
            }
        }
        return nil
    }

    /// Whoever was asked is gone, or silent: another is asked.
    mutating func layoutLost(at now: Instant, into effects: inout [ClientEffect]) {
        guard layoutAsked != nil else { return }
        layoutAsked = nil
        effects.append(.cancelTimer(.layout))
        askForLayout(over: nil, at: now, into: &effects)
    }

    /// A layout has come, asked for or not.
    mutating func learn(
        _ reply: LayoutReply, over id: LinkID, at now: Instant, into effects: inout [ClientEffect]
    ) {
        if layoutAsked == id {
            layoutAsked = nil
            effects.append(.cancelTimer(.layout))
        }
        let learnt: Layout
        do {
            learnt = try Layout(decoding: reply.layout)
        } catch {
            effects.append(.trace(.badLayout(nodes[id.node].address, "\(error)")))
            return
        }
        guard learnt.epoch > layout?.epoch ?? Epoch(0) else { return }
        if let clusterName, learnt.clusterName != clusterName {
            let text = "of the cluster \"\(learnt.clusterName)\", not \"\(clusterName)\""
            effects.append(.trace(.badLayout(nodes[id.node].address, text)))
            return
        }
        layout = learnt
        effects.append(.learnt(learnt))
        if settings.routing == .owners { adopt(learnt, at: now, into: &effects) }
        let epoch = learnt.epoch
        for sequence in calls.sequences(where: { $0.waits(forLayoutUpTo: epoch) }) {
            dispatch(sequence, at: now, into: &effects)
        }
        dispatchWaiting(at: now, into: &effects)
    }

    /// Makes the list of nodes that of the layout's members.
    private mutating func adopt(_ layout: Layout, at now: Instant, into effects: inout [ClientEffect]) {
        var places: [MemberNumber: Int] = [:]
        for member in layout.members {
            places[member.number] = place(of: member, taken: Set(places.values))
        }
        nodeOfMember = places
        routes = Routes(layout, places)
        let kept = Set(places.values)
        for index in nodes.indices where !kept.contains(index) && !nodes[index].isRetired {
            retire(index, at: now, into: &effects)
        }
        for member in layout.members {
            if let index = places[member.number] { connectLanes(of: index, at: now, into: &effects) }
        }
    }

    /// The node in the list that is this member, or a new one.
    private mutating func place(of member: Member, taken: Set<Int>) -> Int {
        let free = nodes.indices.filter { !nodes[$0].isRetired && !taken.contains($0) }
        let known = free.first { nodes[$0].isUp && nodes[$0].member == member.number }
        let addressed = free.first {
            nodes[$0].addresses.contains(member.peer) && (!nodes[$0].isUp || nodes[$0].member == member.number)
        }
        guard let index = known ?? addressed else { return addNode(member.peer, member: member.number) }
        nodes[index].member = member.number
        if !nodes[index].addresses.contains(member.peer) { nodes[index].addresses.append(member.peer) }
        return index
    }
}

extension Call {
    fileprivate func waits(forLayoutUpTo epoch: Epoch) -> Bool {
        if case .awaitingLayout(let wanted) = phase { wanted <= epoch } else { false }
    }
}
