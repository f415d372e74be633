// Processes: who they are, how they are started, and what signals do.

import CoterieRing
import CoterieServer
import Foundation
import Testing

@testable import CoterieCommandLine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct ProcessTests {
    private func shell(_ script: String, _ scratch: Scratch, environment: [String: String?] = [:]) throws -> Int32 {
        try Spawn(
            executable: "/bin/sh", arguments: ["-c", script], environment: environment, log: scratch.path + "/log"
        ).start()
    }

    @Test func aProcessIsKnownUntilItEnds() async throws {
        let scratch = try Scratch()
        let pid = try shell("exec sleep 60", scratch)
        let process = try #require(ProcessIdentity(pid: pid))
        #expect(process.state == .running)
        #expect(process.signal(SIGSTOP))
        #expect(await eventually { process.state == .stopped })
        #expect(process.signal(SIGCONT))
        #expect(await eventually { process.state == .running })
        #expect(process.signal(SIGKILL))
        // Gone already as a zombie, before its parent has taken its exit status.
        #expect(await eventually { process.state == .gone })
        #expect(await eventually { LocalCluster.reap(pid) == 128 + SIGKILL })
        #expect(!process.signal(SIGKILL))
    }

    @Test func aProcessUnderAReusedIdIsAnother() throws {
        let own = try #require(ProcessIdentity(pid: getpid()))
        let before = ProcessIdentity(pid: getpid(), start: own.start + "0")
        #expect(own.state == .running)
        #expect(before.state == .gone)
        #expect(!before.signal(0))
    }

    #if os(Linux)
        @Test func aProcessIsGoneWithItsLastThreadNotWithItsFirst() throws {
            let own = try #require(FileManager.default.contents(atPath: "/proc/self/stat"))
            let fields = String(decoding: own, as: UTF8.self).split(separator: " ").map(String.init)
            func state(_ letter: String, threads: Int) -> ProcessIdentity.State? {
                var changed = fields
                (changed[1], changed[2], changed[19]) = ("(a ) b)", letter, "\(threads)")
                return ProcessIdentity.facts(in: changed.joined(separator: " "))?.state
            }
            #expect(state("S", threads: 5) == .running)
            #expect(state("Z", threads: 5) == .running, "the others still hold its files")
            #expect(state("Z", threads: 1) == .gone)
            #expect(state("T", threads: 5) == .stopped)
        }
    #endif

    @Test func aPidFileIsReadBackAndGarbageIsNobody() throws {
        let scratch = try Scratch()
        let file = PidFile(path: scratch.path + "/pid")
        #expect(file.read() == nil)
        let own = try #require(ProcessIdentity(pid: getpid()))
        try file.write(own)
        #expect(file.read() == own)
        for garbage in ["", "x y", "12", "-1 5", "1 5", "99999999999 1"] {
            try scratch.write(garbage, to: "pid")
            #expect(file.read() == nil, "\(garbage)")
        }
    }

    @Test func aChildHasASessionOfItsOwnAndNothingInherited() async throws {
        let scratch = try Scratch()
        // A descriptor and an ignored signal that the child must not have.
        let leak = open(scratch.path, O_RDONLY)
        defer { close(leak) }
        let previous = signal(SIGUSR1, SIG_IGN)
        defer { signal(SIGUSR1, previous) }
        let pid = try shell(
            "echo \"$COTERIE_X:$COTERIE_Y\"; ls /proc/self/fd 2>/dev/null | tr '\\n' ' '; echo; kill -USR1 $$; echo alive",
            scratch, environment: ["COTERIE_X": "set", "COTERIE_Y": nil])
        #expect(getsid(pid) == pid || getsid(pid) == -1)
        var status: Int32?
        #expect(
            await eventually {
                status = LocalCluster.reap(pid)
                return status != nil
            })
        #expect(status == 128 + SIGUSR1)
        let lines = scratch.read("log").split(separator: "\n")
        #expect(lines.first == "set:")
        #if os(Linux)
            // 0, 1, 2 and the one that `ls` reads the folder with.
            #expect(lines.dropFirst().first?.split(separator: " ").count == 4, "\(lines)")
        #endif
    }

    @Test func aProgramThatIsNotThereIsNamed() throws {
        let scratch = try Scratch()
        let spawn = Spawn(executable: "/no/such", arguments: [], log: scratch.path + "/log")
        do {
            _ = try spawn.start()
            Issue.record("it started")
        } catch {
            #expect(error.description == "cannot start /no/such: No such file or directory")
        }
    }

    @Test func aDirectoryIsLockedForOne() throws {
        let scratch = try Scratch()
        let directory = LocalDirectory(scratch.path)
        let lock = try directory.lock()
        let refused = failure { _ = try directory.lock() }
        #expect(refused?.status == .locked)
        #expect(refused?.message.contains("(pid \(getpid()))") == true)
        withExtendedLifetime(lock) {}
    }

    @Test func aLockEndsWithItsHolder() throws {
        let scratch = try Scratch()
        let directory = LocalDirectory(scratch.path)
        do { _ = try directory.lock() }
        _ = try directory.lock()
    }

    @Test func aFolderThatCannotBeMadeIsNamedWithTheReason() throws {
        let scratch = try Scratch()
        try scratch.write("", to: "file")
        let refused = failure { _ = try LocalFiles.makeDirectory(scratch.path + "/file/x/y") }
        #expect(refused?.status == .cannotCreate)
        #expect(refused?.message == "cannot create the directory \(scratch.path)/file/x/y: Not a directory")
        try LocalFiles.makeDirectory(scratch.path + "/a/b/c")
        try LocalFiles.makeDirectory(scratch.path + "/a/b/c")
        #expect(LocalFiles.isDirectory(scratch.path + "/a/b/c"))
    }

    @Test func theLastLinesOfALogAreShown() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.path + "/n1", withIntermediateDirectories: true)
        try scratch.write((1 ... 9_000).map { "line \($0)\n" }.joined(), to: "n1/log")
        #expect(LocalDirectory(scratch.path).lastLines(of: "n1", 2) == ["line 8999", "line 9000"])
        #expect(LocalDirectory(scratch.path).lastLines(of: "n2", 2) == [])
    }
}

@Suite struct SignalWatchTests {
    @Test func aSignalInterruptsAndTheNextOneIsHeardByTheNext() async throws {
        let watch = SignalWatch([SIGUSR2])
        for _ in 0 ..< 2 {
            do {
                try await watch.interrupting {
                    kill(getpid(), SIGUSR2)
                    try await Task.sleep(for: .seconds(30))
                }
                Issue.record("nothing was interrupted")
            } catch let interrupted as Interrupted {
                #expect(interrupted.signal == SIGUSR2)
            }
        }
        let result = try await watch.interrupting { 7 }
        #expect(result == 7)
    }
}
