// A disk that writes down what is durable, at the moment it is: for a crash test that kills a process and then takes
// from its files what the kernel still held and a power cut would not have spared.
//
// One line per event, each by a single write, so that none is lost or torn by a kill:
//     s FILE LENGTH      so many bytes of the file are fsynced
//     r FILE TARGET      it is about to be renamed        R FILE TARGET      it is renamed
//     d FILE             it is about to be removed
//     a NUMBER           the batch is acknowledged

import CoterieStorage
import NIOCore

/// Forwards to a disk, and tells a file descriptor what has become durable.
final class TracedDisk: Disk {
    private let disk: FileDisk
    private let output: Int32

    init(_ disk: FileDisk, output: Int32) {
        self.disk = disk
        self.output = output
    }

    func tell(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        guard bytes.withUnsafeBytes({ writeAll(output, $0) }) == nil else {
            preconditionFailure("the crash test's output cannot be written")
        }
    }

    func list() throws(DiskError) -> [String] { try disk.list() }
    func size(of file: String) throws(DiskError) -> UInt64 { try disk.size(of: file) }
    func append(_ bytes: ByteBuffer, to file: String) throws(DiskError) { try disk.append(bytes, to: file) }
    func read(_ file: String, at offset: UInt64, count: Int) throws(DiskError) -> ByteBuffer {
        try disk.read(file, at: offset, count: count)
    }
    func readNow(_ file: String, at offset: UInt64, count: Int) -> ByteBuffer? {
        disk.readNow(file, at: offset, count: count)
    }

    func fsync(_ file: String) throws(DiskError) {
        let length = try disk.size(of: file)
        try disk.fsync(file)
        tell("s \(file) \(length)")
    }

    func truncate(_ file: String, to size: UInt64) throws(DiskError) {
        try disk.truncate(file, to: size)
        tell("s \(file) \(size)")
    }

    func rename(_ file: String, to target: String) throws(DiskError) {
        tell("r \(file) \(target)")
        try disk.rename(file, to: target)
        tell("R \(file) \(target)")
    }

    func remove(_ file: String) throws(DiskError) {
        tell("d \(file)")
        try disk.remove(file)
    }
}
