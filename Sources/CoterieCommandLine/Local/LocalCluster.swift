// The processes of a local cluster: start, stop, and what may be done to them.

import CoteriePrimitives
import CoterieRing
import CoterieServer
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A cluster whose nodes are processes of this machine.
struct LocalCluster: Sendable {
    let directory: LocalDirectory
    let file: ClusterFile
    /// The program that nodes are started with.
    var executable = Bundle.main.executablePath ?? CommandLine.arguments[0]

    init(directory: LocalDirectory, file: ClusterFile) {
        self.directory = directory
        self.file = file
    }

    /// The cluster that lies in a directory.
    init(in directory: LocalDirectory) throws {
        self.init(directory: directory, file: try directory.read())
    }

    var members: [Member] { file.cluster.members }

    /// The member called so; fails with the names there are.
    func member(named name: String) throws -> Member {
        if let member = members.first(where: { $0.name == name }) { return member }
        let names = members.map(\.name)
        throw CommandFailure(
            .usage,
            "there is no node \"\(name)\" in \(directory.path)"
                + NearestName.suggestion(for: name, among: names) + " (its nodes: \(names.joined(separator: ", ")))")
    }

    /// The process of a node, running or stopped by SIGSTOP; nil where there is none.
    func process(of member: Member) -> ProcessIdentity? {
        guard let process = directory.pidFile(member.name).read(), process.state != .gone else { return nil }
        return process
    }

    /// Whether the last process of a node ended without having been asked to.
    func diedUnasked(_ member: Member) -> Bool {
        guard let process = directory.pidFile(member.name).read() else { return false }
        return process.state == .gone
    }

    /// Starts a node's process; it is not yet ready. Fails where one of its ports is taken.
    func start(_ member: Member) throws -> ProcessIdentity {
        try directory.makeDirectories(file)
        try checkPorts(of: member)
        let spawn = Spawn(
            executable: executable,
            arguments: [
                "serve", "--config", directory.clusterFile, "--node", member.name, "--data",
                directory.data(member.name),
            ],
            environment: Self.withoutSettings, log: directory.log(member.name))
        let pid: Int32
        do {
            pid = try spawn.start()
        } catch {
            throw CommandFailure(.failed, "\(member.name): \(error)")
        }
        // A child that is already gone is found by its readiness check, with its exit status.
        let process = ProcessIdentity(pid: pid) ?? ProcessIdentity(pid: pid, start: "gone")
        do {
            try directory.pidFile(member.name).write(process)
        } catch {
            process.signal(SIGKILL)
            throw error
        }
        return process
    }

    /// Node settings of this shell are not the nodes': theirs are in the cluster file, the same at every start.
    private static var withoutSettings: [String: String?] {
        let names = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("COTERIE_") }
        return Dictionary(uniqueKeysWithValues: names.map { ($0, String?.none) })
    }

    /// Fails where one of the node's ports is taken.
    func checkPorts(of member: Member) throws {
        for (what, endpoint) in [("peer", member.peer), ("http", member.http)] {
            guard let problem = PortCheck.problem(listeningOn: endpoint) else { continue }
            throw CommandFailure(
                .unreachable,
                "\(member.name) cannot listen on its \(what) address \(endpoint): \(problem)"
                    + "; free it, or make a cluster on other ports (--base-port, --data)")
        }
    }

    /// Stops processes gracefully: SIGTERM to all at once, and SIGKILL after `patience` to those that are still there.
    /// Paused ones are resumed first, as only then can they end. Returns the names of those that had to be killed.
    @discardableResult
    func stop(_ members: [Member], patience: TimeSpan = .seconds(15)) async -> [String] {
        var waiting = members.compactMap { member in process(of: member).map { (member, $0) } }
        for (_, process) in waiting {
            process.signal(SIGTERM)
            process.signal(SIGCONT)
        }
        let clock = ContinuousClock()
        let deadline = clock.now + .nanoseconds(patience.nanoseconds)
        while !waiting.isEmpty, clock.now < deadline {
            waiting = waiting.filter { ended($0.1, $0.0) == false }
            if !waiting.isEmpty { await pause(.milliseconds(20)) }
        }
        for (member, process) in waiting {
            process.signal(SIGKILL)
            while !ended(process, member) { await pause(.milliseconds(5)) }
        }
        for member in members { directory.pidFile(member.name).remove() }
        return waiting.map(\.0.name)
    }

    /// Kills processes at once; their pid files stay as the sign that nobody asked them to end.
    func kill(_ members: [Member]) async {
        let processes = members.compactMap { process(of: $0) }
        for process in processes { process.signal(SIGKILL) }
        for process in processes {
            while process.state != .gone { await pause(.milliseconds(5)) }
            _ = Self.reap(process.pid)
        }
    }

    private func ended(_ process: ProcessIdentity, _ member: Member) -> Bool {
        guard process.state == .gone else { return false }
        _ = Self.reap(process.pid)
        return true
    }

    /// Takes the exit status of a child that has ended; nil where it has not, or is no child of this process.
    static func reap(_ pid: Int32) -> Int32? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

/// Waits, also where the surrounding task is cancelled: stopping must go on.
func pause(_ span: TimeSpan) async {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(span.nanoseconds))) {
            continuation.resume()
        }
    }
}
