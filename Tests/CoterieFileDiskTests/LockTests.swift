// A directory's lock when there is more than one copy of its descriptor: a child has one from its fork until it becomes
// another program. Here the child is a program that keeps it.

import CoterieStorage
import Foundation
import Testing

@testable import CoterieFileDisk

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `cat`, which inherits a descriptor and runs until `end`.
private final class Heir {
    let process: pid_t
    private var input: Int32

    init(of descriptor: Int32) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        // Others that are started meanwhile must not keep this one alive.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_adddup2(&actions, descriptor, 200)
        var number: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("cat"), nil]
        defer { free(arguments[0]) }
        try #require(posix_spawn(&number, "/bin/cat", &actions, nil, &arguments, nil) == 0)
        close(ends[0])
        process = number
        input = ends[1]
    }

    func end() {
        guard input >= 0 else { return }
        close(input)
        input = -1
        waitpid(process, nil, 0)
    }

    deinit { end() }
}

@Suite struct LockTests {
    private let directory = TemporaryDirectory()

    @Test func aChildThatHasACopyOfTheLockDoesNotKeepAClosedStoreLocked() throws {
        var disk: FileDisk? = try FileDisk(directory: directory.path)
        let heir = try Heir(of: try #require(disk?.lockDescriptor))
        #expect(throws: DiskError.self, "locked while it is open") { try FileDisk(directory: directory.path) }
        disk = nil
        disk = try FileDisk(directory: directory.path)
        #expect(kill(heir.process, 0) == 0, "the child still has its copy")
        #expect(throws: DiskError.self, "the child's end is not the store's") {
            heir.end()
            _ = try FileDisk(directory: directory.path)
        }
        withExtendedLifetime(disk) {}
    }

    @Test func aDeadHoldersLockIsWaitedForWhileAChildHasACopy() throws {
        do { _ = try FileDisk(directory: directory.path) }
        let lock = open(directory.path + "/" + FileDisk.lockFile, O_RDWR | O_CLOEXEC)
        try #require(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        // The number of a process that is no more.
        let gone = try Heir(of: lock)
        gone.end()
        let heir = try Heir(of: lock)
        let text = "\(gone.process)\n"
        #expect(ftruncate(lock, 0) == 0 && pwrite(lock, text, text.utf8.count, 0) == text.utf8.count)
        close(lock)
        Thread.detachNewThread { [process = heir.process] in
            usleep(100_000)
            kill(process, SIGKILL)
        }
        _ = try FileDisk(directory: directory.path)
        heir.end()
    }

    @Test func aLivingHoldersLockIsNotWaitedFor() throws {
        do { _ = try FileDisk(directory: directory.path) }
        let lock = open(directory.path + "/" + FileDisk.lockFile, O_RDWR | O_CLOEXEC)
        try #require(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        let heir = try Heir(of: lock)
        let text = "\(heir.process)\n"
        #expect(ftruncate(lock, 0) == 0 && pwrite(lock, text, text.utf8.count, 0) == text.utf8.count)
        close(lock)
        do {
            _ = try FileDisk(directory: directory.path)
            Issue.record("opened twice")
        } catch {
            #expect("\(error)".contains("in use by process \(heir.process)"), "\(error)")
        }
        #expect(kill(heir.process, 0) == 0)
    }
}
