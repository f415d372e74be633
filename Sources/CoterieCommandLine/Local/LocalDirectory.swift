// Where a local cluster keeps what: `DIR/cluster.yaml`, and for each node `DIR/<name>/` with its data, log and pid file.

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

/// The directory of a local cluster.
struct LocalDirectory: Hashable, Sendable {
    /// As the user wrote it.
    let path: String

    init(_ path: String?) {
        self.path = path ?? KnownCluster.defaultDirectory
    }

    var clusterFile: String { KnownCluster.file(in: path) }
    func node(_ name: String) -> String { "\(path)/\(name)" }
    func data(_ name: String) -> String { "\(path)/\(name)/data" }
    func log(_ name: String) -> String { "\(path)/\(name)/log" }
    func pidFile(_ name: String) -> PidFile { PidFile(path: "\(path)/\(name)/pid") }

    var exists: Bool { FileManager.default.fileExists(atPath: clusterFile) }

    /// The cluster that lies here; fails where there is none.
    func read() throws -> ClusterFile {
        guard exists else {
            throw CommandFailure(
                .unreachable,
                "there is no cluster in \(path): \(clusterFile) does not exist "
                    + "(coterie local up\(flag) makes one)")
        }
        do {
            return try ClusterFile.read(clusterFile)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Writes the cluster file and makes the nodes' directories.
    func write(_ file: ClusterFile) throws {
        try makeDirectories(file)
        try LocalFiles.write(file.text, to: clusterFile)
    }

    /// Undoes `write`, but for folders in which something lies.
    func takeBack(_ file: ClusterFile) {
        try? FileManager.default.removeItem(atPath: clusterFile)
        for member in file.cluster.members {
            rmdir(data(member.name))
            rmdir("\(path)/\(member.name)")
        }
    }

    func makeDirectories(_ file: ClusterFile) throws {
        for member in file.cluster.members { try LocalFiles.makeDirectory(data(member.name)) }
    }

    /// Takes the right to run the cluster in the foreground; fails where another process has it.
    func lock() throws -> DirectoryLock {
        try LocalFiles.makeDirectory(path)
        return try DirectoryLock.take(path + "/lock", directory: path)
    }

    /// The last lines of a node's log.
    func lastLines(of name: String, _ count: Int) -> [String] {
        guard let handle = FileHandle(forReadingAtPath: log(name)) else { return [] }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: size > 65_536 ? size - 65_536 : 0)
        let bytes = (try? handle.readToEnd()) ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(count).map(String.init)
    }

    /// ` --data DIR` where it is not the default, for commands that are shown.
    var flag: String { path == KnownCluster.defaultDirectory ? "" : " --data \(Self.shellQuoted(path))" }

    static func shellQuoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
                || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
                || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
                || [UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":")]
                    .contains(byte)
        }
        return plain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}

/// Held as long as a `coterie local up` runs; the kernel takes it back with the process.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Owns the descriptor from here on.
    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Unlocks for every copy: a child that is just being started has one.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Takes the lock, or fails with the id of the process that has it.
    static func take(_ path: String, directory: String) throws(CommandFailure) -> DirectoryLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw CommandFailure(.cannotCreate, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        let lock = DirectoryLock(descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let pid = lock.text
            throw CommandFailure(
                .locked,
                "\(directory) is in use: another `coterie local up` runs there\(pid.isEmpty ? "" : " (pid \(pid))")"
                    + "; stop it, or give another directory by --data")
        }
        lock.write("\(getpid())\n")
        return lock
    }

    private var text: String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func write(_ text: String) {
        ftruncate(descriptor, 0)
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }
}
