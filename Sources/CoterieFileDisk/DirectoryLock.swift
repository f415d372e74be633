// The lock on a store's directory: `flock` on a file in it. The kernel takes it back with the process, however that ends.
//
// The lock belongs to the open file, not to the process, and a child has a copy of every open file from its fork until
// it becomes another program. So it is given back by an unlock, which counts for all copies; a mere close would leave
// it with a child that another thread starts at that moment.

import CoterieStorage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

enum DirectoryLock {
    /// How long a lock is waited for whose holder has ended or is ending: two seconds.
    private static let patience = (attempts: 200, pause: UInt32(10_000))

    /// Locks an open directory and writes the process's number into the lock's file. Gives the file's descriptor.
    ///
    /// Throws `.locked` naming the process that has it, or `.io`.
    static func take(_ directory: String, _ descriptor: Int32) throws(DiskError) -> Int32 {
        let path = "\(directory)/\(FileDisk.lockFile)"
        let lock = openFile(descriptor, FileDisk.lockFile, O_RDWR | O_CREAT)
        guard lock >= 0 else { throw FileDisk.io(diskError(path)) }
        var attempts = 0
        while retrying({ flock(lock, LOCK_EX | LOCK_NB) }) != 0 {
            let number = errno
            if number == EWOULDBLOCK, attempts < patience.attempts, hasEnded(text(of: lock)) {
                attempts += 1
                usleep(patience.pause)
                continue
            }
            let holder = text(of: lock)
            close(lock)
            guard number == EWOULDBLOCK else { throw FileDisk.io(diskError(path, number)) }
            let process = holder.isEmpty ? "another process" : "process \(holder)"
            throw .locked("\(directory) is in use by \(process), which locks \(path)")
        }
        let digits = Array("\(getpid())\n".utf8)
        _ = ftruncate(lock, 0)
        if let number = digits.withUnsafeBytes({ writeAll(lock, $0) }) {
            // The number is for people only; a full disk must not keep a node from starting.
            guard number == ENOSPC || number == EDQUOT else {
                release(lock)
                throw diskError(path, number)
            }
        }
        return lock
    }

    static func release(_ lock: Int32) {
        _ = flock(lock, LOCK_UN)
        close(lock)
    }

    /// Whether the process of that number has ended, or is ending, and its lock will be free in a moment: a copy of it
    /// may be left in a child that has not yet become another program, and a process's number may stand for no more
    /// than its exit status while some of its threads are still being ended, files in hand.
    private static func hasEnded(_ holder: String) -> Bool {
        guard let number = pid_t(holder), number != getpid() else { return false }
        if kill(number, 0) != 0 { return errno == ESRCH }
        #if os(Linux)
            let status = open("/proc/\(number)/stat", O_RDONLY | O_CLOEXEC)
            guard status >= 0 else { return errno == ENOENT }
            defer { close(status) }
            // The letter behind the command's name, which stands in parentheses.
            let facts = start(of: status, count: 256)
            guard let name = facts.lastIndex(of: UInt8(ascii: ")")), name + 2 < facts.count else { return false }
            return facts[name + 2] == UInt8(ascii: "Z") || facts[name + 2] == UInt8(ascii: "X")
        #else
            return false
        #endif
    }

    private static func text(of descriptor: Int32) -> String {
        let digits = start(of: descriptor, count: 32).prefix { $0 >= 0x30 && $0 <= 0x39 }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func start(of descriptor: Int32, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = bytes.withUnsafeMutableBytes { readAll(descriptor, $0, at: 0) }
        return Array(bytes.prefix(max(0, read)))
    }
}
