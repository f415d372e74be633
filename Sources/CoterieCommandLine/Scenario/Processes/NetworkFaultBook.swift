// The faults of a play's network: which hold now, and from all of them together each node's table. A node that is down or
// halted gets its table when it is there again.

import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieSimulation
import CoterieTransport

/// Keeps the nodes' tables of faults in agreement with what a timeline does.
actor NetworkFaultBook {
    /// One direction and what is done to it.
    fileprivate struct Entry {
        let from: ProcessName
        let to: ProcessName
        let fault: LinkFault
    }

    private let faults: ClusterFaults
    private let seed: UInt64
    private var active: [Int: [Entry]] = [:]
    private var nextNumber = 1

    init(faults: ClusterFaults, seed: UInt64) {
        self.faults = faults
        self.seed = seed
    }

    func cut(_ from: [ProcessName], _ to: [ProcessName], breaks: Bool) async throws -> [Int] {
        let fault = LinkFault(cut: breaks ? .break : .stall)
        return try await add(from.flatMap { one in to.map { Entry(from: one, to: $0, fault: fault) } })
    }

    func part(_ one: [ProcessName], _ other: [ProcessName], breaks: Bool) async throws -> [Int] {
        try await cut(one, other, breaks: breaks) + cut(other, one, breaks: breaks)
    }

    /// - Parameter rate: bytes per second; 0: as many as there are.
    func slow(_ from: ProcessName, _ to: ProcessName, _ delay: TimeSpan, _ rate: Int64) async throws -> [Int] {
        let fault = LinkFault(
            delay: .constant(Double(delay.microseconds) / 1_000), bytesPerSecond: rate > 0 ? Int(rate) : nil)
        return try await add([Entry(from: from, to: to, fault: fault)])
    }

    func lose(_ from: ProcessName, _ to: ProcessName, permille: Int) async throws -> [Int] {
        try await add([Entry(from: from, to: to, fault: LinkFault(loss: LinkLoss(perMillion: permille * 1_000)))])
    }

    /// Breaks what connects the two; a new connection may be made at once.
    func breakConnection(_ one: ProcessName, _ other: ProcessName) async throws {
        try await end(cut([one], [other], breaks: true))
    }

    private func add(_ entries: [Entry]) async throws -> [Int] {
        let number = nextNumber
        nextNumber += 1
        active[number] = entries.filter { $0.from != $0.to }
        try await apply(to: members(of: entries))
        return [number]
    }

    func end(_ numbers: [Int]) async throws {
        let ended = numbers.compactMap { active.removeValue(forKey: $0) }.flatMap { $0 }
        try await apply(to: members(of: ended))
    }

    func healAll() async throws {
        active = [:]
        try await apply(to: faults.cluster.members)
    }

    /// Gives nodes their tables, those that run; one that has just been started is waited for until it listens.
    func apply(to members: [Member]) async throws {
        for member in members {
            let deadline = ContinuousClock().now + Self.patience
            while faults.cluster.process(of: member)?.state == .running {
                do {
                    try await faults.set(table(of: member.number), at: member)
                    break
                } catch let failure as CommandFailure where failure.status == .unreachable {
                    guard ContinuousClock().now < deadline else { throw failure }
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
        }
    }

    private static let patience = Duration.seconds(30)

    /// Who does something to entries: the sending node; the receiving one where a client sends.
    private func members(of entries: [Entry]) -> [Member] {
        faults.cluster.members.filter { member in entries.contains { $0.doer == member.number } }
    }

    private func table(of member: MemberNumber) -> FaultTable {
        var table = FaultTable(seed: seed)
        for number in active.keys.sorted() {
            for entry in active[number] ?? [] where entry.doer == member {
                guard let link = link(of: entry) else { continue }
                table[link] = (table[link] ?? LinkFault()).joined(with: entry.fault)
            }
        }
        return table
    }

    private func link(of entry: Entry) -> FaultyLinkName? {
        switch (entry.from, entry.to) {
        case (.member, .member(let to)):
            faults.cluster.members.first { $0.number == to }.map { FaultyLinkName(.to, .member($0.name)) }
        case (.member, .client(let index)): FaultyLinkName(.to, .client(named: "c\(index + 1)"))
        case (.client(let index), .member): FaultyLinkName(.from, .client(named: "c\(index + 1)"))
        case (.client, .client): nil
        }
    }
}

extension NetworkFaultBook.Entry {
    fileprivate var doer: MemberNumber? {
        switch (from, to) {
        case (.member(let from), _): from
        case (.client, .member(let to)): to
        case (.client, .client): nil
        }
    }
}

extension LinkFault {
    /// Both at once.
    fileprivate func joined(with other: LinkFault) -> LinkFault {
        var both = self
        if cut != .break { both.cut = other.cut ?? cut }
        both.loss = [loss, other.loss].compactMap { $0 }.max { $0.perMillion < $1.perMillion }
        both.bytesPerSecond = [bytesPerSecond, other.bytesPerSecond].compactMap { $0 }.min()
        if let delay, let more = other.delay {
            both.delay = .sum(delay, more)
        } else {
            both.delay = delay ?? other.delay
        }
        return both
    }
}
