// What a timeline does to real processes and their links.

import CoterieClient
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieSimulation
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension ProcessPlay {
    func perform(_ fault: Fault) async throws {
        switch fault {
        case .kill(let number, let downFor):
            let member = try member(number)
            await cluster.kill([member])
            start(member, after: downFor)
        case .stop(let number, let downFor):
            let member = try member(number)
            await cluster.stop([member])
            start(member, after: downFor)
        case .wipe(let number, let downFor):
            let member = try member(number)
            state.withLock { _ = $0.wiped.insert(number) }
            await cluster.kill([member])
            try cluster.wipe(member)
            start(member, after: downFor)
        case .start(let number): try startIfDown(try member(number))
        case .pause(let number, let during):
            let member = try member(number)
            guard let process = cluster.process(of: member), process.signal(SIGSTOP) else { return }
            while process.state == .running { await pause(.milliseconds(2)) }
            later(during) { try await $0.resume(member) }
        case .cut(let from, let to, let breaks, let during):
            try await lasting(during) { try await self.network.cut(from, to, breaks: breaks) }
        case .partition(let one, let other, let breaks, let during):
            try await lasting(during) { try await self.network.part(one, other, breaks: breaks) }
        case .breakConnection(let one, let other): try await network.breakConnection(one, other)
        case .slowLink(let from, let to, let factor, let rate, let during):
            // Loopback takes about a twentieth of a millisecond.
            let delay = TimeSpan.microseconds(50 * factor)
            try await lasting(during) { try await self.network.slow(from, to, delay, rate) }
        case .datagrams(let from, let to, let plan, let during):
            try await lasting(during) { try await self.network.lose(from, to, permille: plan.lost) }
        case .clientRestart(let index): try clients.restart(index)
        case .powerLoss, .blackout, .clockJump, .clockDrift, .slowDisk, .fullDisk, .failingFsyncs, .failingAppends,
            .failingReads, .rot:
            throw CommandFailure(
                .usage, "\(scenario.path): \(fault) cannot be played on processes; play it on the simulator")
        }
    }

    func slow(_ one: ProcessName, _ other: ProcessName, _ delay: TimeSpan, _ rate: Int64) async throws -> [Int] {
        try await network.slow(one, other, delay, rate) + network.slow(other, one, delay, rate)
    }

    /// Does something to the network, and undoes it after a while.
    func lasting(_ during: TimeSpan?, _ begin: () async throws -> [Int]) async throws {
        let numbers = try await begin()
        later(during) { try await $0.network.end(numbers) }
    }

    private func start(_ member: Member, after span: TimeSpan?) {
        later(span) { try $0.startIfDown(member) }
    }

    private func startIfDown(_ member: Member) throws {
        guard cluster.process(of: member) == nil else { return }
        try start(member)
    }

    /// Starts a node, and gives it the faults of its links as soon as it listens.
    func start(_ member: Member) throws {
        _ = try cluster.start(member)
        later(.zero) { try await $0.network.apply(to: [member]) }
    }

    func resume(_ member: Member) async throws {
        guard let process = cluster.process(of: member), process.state == .stopped else { return }
        process.signal(SIGCONT)
        while process.state == .stopped { await pause(.milliseconds(2)) }
        // What was asked of it meanwhile could not be done.
        try await network.apply(to: [member])
    }

    /// Does something after a while, unless the play ends before; its failure ends the play.
    private func later(_ span: TimeSpan?, _ body: @escaping @Sendable (ProcessPlay) async throws -> Void) {
        guard let span else { return }
        let task = Task {
            try? await Task.sleep(for: .nanoseconds(span.nanoseconds))
            guard !Task.isCancelled else { return }
            do {
                try await body(self)
            } catch {
                // Whatever was to be undone is healed with everything else.
                if Task.isCancelled { return }
                self.state.withLock { $0.failure = $0.failure ?? error }
            }
        }
        state.withLock { $0.pending.append(task) }
    }

    func heal(_ scope: HealScope) async throws {
        if scope == .all || scope == .nodes {
            for member in cluster.members {
                if cluster.process(of: member) == nil { try startIfDown(member) } else { try await resume(member) }
            }
        }
        if scope == .all || scope == .network { try await network.healAll() }
    }
}
