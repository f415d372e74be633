// Client processes: the production client machine, over the same network as the nodes.

import CoterieClientMachine
import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import NIOCore

/// A client's process.
final class SimulatedClient {
    struct Timer {
        let name: ClientTimer
        let serial: UInt64
        let at: Instant
    }

    let index: Int
    @exclusivity(unchecked) var clock: ProcessClock
    @exclusivity(unchecked) var machine: ClientMachine
    @exclusivity(unchecked) var life: UInt32 = 1
    @exclusivity(unchecked) var effects: [ClientEffect] = []
    /// Room for the effects that are being performed; empty between two inputs.
    @exclusivity(unchecked) var performed: [ClientEffect] = []
    /// What has come while another input was handled.
    @exclusivity(unchecked) var pending: [ClientInput] = []
    @exclusivity(unchecked) var isHandling = false
    /// The machine's names for its connections.
    @exclusivity(unchecked) var links: [(link: LinkID, serial: Int)] = []
    @exclusivity(unchecked) var timers: [Timer] = []
    @exclusivity(unchecked) var dirty: [Int] = []

    init(index: Int, clock: ProcessClock, machine: ClientMachine) {
        self.index = index
        self.clock = clock
        self.machine = machine
    }
}

extension World {
    func makeClients() {
        for number in 0 ..< plan.workload.clients {
            clients.append(
                SimulatedClient(index: plan.nodes + number, clock: drawClock(), machine: newMachine()))
        }
        makeSessions()
    }

    private func newMachine() -> ClientMachine {
        ClientMachine(
            settings: plan.client, seeds: layout.members.map(\.peer), clusterName: layout.clusterName,
            origin: max(1, processDraws.next()))
    }

    func start(_ client: SimulatedClient) {
        handle(client, .start)
        startSessions(of: client)
    }

    /// The process dies with its requests and connections; another takes its place.
    func restart(_ client: SimulatedClient) {
        closeAll(of: client.index, hard: false)
        client.links = []
        client.timers = []
        client.dirty = []
        client.life += 1
        client.machine = newMachine()
        note("up", client.index, "life \(client.life)")
        loseSessions(of: client)
        start(client)
    }

    func handle(_ client: SimulatedClient, _ input: ClientInput) {
        guard !client.isHandling else {
            client.pending.append(input)
            return
        }
        client.isHandling = true
        handleOne(client, input)
        while !client.pending.isEmpty { handleOne(client, client.pending.removeFirst()) }
        client.isHandling = false
        for serial in client.dirty {
            guard let connection = connections[serial] else { continue }
            flush(connection, from: client.index)
        }
        client.dirty.removeAll(keepingCapacity: true)
        if plan.checkEvery > 0, statistics.events % plan.checkEvery == 0 { client.machine.checkInvariants() }
    }

    private func handleOne(_ client: SimulatedClient, _ input: ClientInput) {
        client.machine.handle(input, at: client.clock.now(at: now), into: &client.effects)
        guard !client.effects.isEmpty else { return }
        var effects: [ClientEffect] = []
        swap(&effects, &client.performed)
        swap(&effects, &client.effects)
        effects.reverse()
        while let effect = effects.popLast() { perform(effect, of: client) }
        swap(&effects, &client.performed)
    }

    private func perform(_ effect: ClientEffect, of client: SimulatedClient) {
        switch effect {
        case .connect(let link, let endpoint, let hello): connect(client, link, endpoint, hello)
        case .disconnect(let link):
            guard let place = client.links.firstIndex(where: { $0.link == link }) else { return }
            let serial = client.links.remove(at: place).serial
            if let connection = connections[serial] { close(connection, side: 0) }
        case .send(let link, let message): send(message, from: client, over: link)
        case .complete(let id, let completion): completed(id, completion, by: client)
        case .setTimer(let name, let instant):
            client.timers.removeAll { $0.name == name }
            timerSerial += 1
            client.timers.append(SimulatedClient.Timer(name: name, serial: timerSerial, at: instant))
            queue.push(
                .clientTimer, client.index - plan.nodes, detail: timerSerial,
                at: client.clock.time(of: instant, notBefore: now))
        case .cancelTimer(let name): client.timers.removeAll { $0.name == name }
        case .learnt: probes.reach(.clientLearntLayout)
        case .closed: break
        case .trace(let trace): note("trace", client.index, "\(trace)")
        }
    }

    private func connect(_ client: SimulatedClient, _ link: LinkID, _ endpoint: Endpoint, _ hello: Hello) {
        guard let target = nodeOfEndpoint[endpoint] else { preconditionFailure("nobody listens at \(endpoint)") }
        let connection = open(.client(link), from: client.index, to: target)
        client.links.append((link, connection.serial))
        if !connection.isBroken { greet(connection, from: client.index, hello) }
    }

    private func send(_ message: Message, from client: SimulatedClient, over link: LinkID) {
        guard let place = client.links.firstIndex(where: { $0.link == link }),
            let connection = connections[client.links[place].serial]
        else { return }
        if case .request(let request) = message,
            connection[1].inbound.bytesUnderWay >= plan.limits.maxPeerBacklogBytes
        {
            client.pending.append(.notSent(link, request.id))
            return
        }
        write(message, from: client.index, to: connection, side: 1, dirty: &client.dirty)
    }

    /// A connection of the client's is no more.
    func lost(_ link: LinkID, at client: SimulatedClient, wasUp: Bool) {
        guard let place = client.links.firstIndex(where: { $0.link == link }) else { return }
        client.links.remove(at: place)
        handle(client, .linkDown(link, wasUp ? .lost("the connection broke") : .notConnected("nobody answers")))
    }

    func timerIsDue(_ client: SimulatedClient, _ serial: UInt64) {
        guard let place = client.timers.firstIndex(where: { $0.serial == serial }) else { return }
        let timer = client.timers[place]
        if client.clock.now(at: now).monotonic < timer.at {
            queue.push(
                .clientTimer, client.index - plan.nodes, detail: serial,
                at: client.clock.time(of: timer.at, notBefore: now + 1))
            return
        }
        client.timers.remove(at: place)
        digest.mix(UInt64(bitPattern: now) ^ UInt64(client.index) << 56 ^ 0x63)
        handle(client, .timer(timer.name))
    }
}
