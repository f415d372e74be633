// A directory of the file system as a `Disk`: plain files, appended to, read at offsets, fsynced.
//
// Threads: the event loop calls `readNow`; the write, read and background lanes call everything else, side by side. The
// table of open descriptors is behind a lock that is held for a dictionary access only, never over a system call that
// may block; a descriptor is closed when the last call that uses it has ended, so a file may be removed while it is
// read.
//
// Durability: `fsync` is fdatasync on the file (F_FULLFSYNC on Darwin) and, for a name that is new, fsync of the
// directory; renames and removals fsync the directory before they return.

import CCoterieSystem
import CoteriePrimitives
import CoterieStorage
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A directory, locked for this process as long as the object lives.
public final class FileDisk: Disk {
    /// The file whose lock says that the directory is in use; it holds the process's number as text.
    public static let lockFile = "lock"

    public let directory: String
    private let directoryDescriptor: Int32
    let lockDescriptor: Int32
    private let table: Mutex<DescriptorTable>

    /// Opens and locks a directory, creating it in its parent where it does not exist.
    ///
    /// Throws `.locked` naming the process that has it open, or `.io` where the directory cannot be written.
    /// At most `maxDescriptors` files are kept open.
    public init(directory: String, maxDescriptors: Int = 512) throws(DiskError) {
        precondition(maxDescriptors >= 1, "at least one file must be open, not \(maxDescriptors)")
        if mkdir(directory, 0o755) != 0, errno != EEXIST { throw diskError(directory) }
        let descriptor = openDirectory(directory)
        guard descriptor >= 0 else { throw diskError(directory) }
        do throws(DiskError) {
            lockDescriptor = try DirectoryLock.take(directory, descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        self.directory = directory
        directoryDescriptor = descriptor
        table = Mutex(DescriptorTable(limit: maxDescriptors))
        // Names that the last process created and had not made durable yet.
        guard retrying({ systemFsync(descriptor) }) == 0 else { throw Self.io(diskError(directory)) }
    }

    deinit {
        DirectoryLock.release(lockDescriptor)
        close(directoryDescriptor)
    }

    /// The same error where "full" and "not found" would be misunderstood.
    static func io(_ error: DiskError) -> DiskError {
        switch error {
        case .full(let text), .notFound(let text): .io(text)
        case .io, .locked: error
        }
    }
}

extension FileDisk {
    public func list() throws(DiskError) -> [String] {
        guard let names = fileNames(in: directory) else { throw diskError(directory) }
        return names.filter { $0 != Self.lockFile }.sorted()
    }

    public func size(of file: String) throws(DiskError) -> UInt64 {
        let open = try existing(file)
        var status = stat()
        guard fstat(open.number, &status) == 0 else { throw diskError(path(file)) }
        return UInt64(status.st_size)
    }

    public func append(_ bytes: ByteBuffer, to file: String) throws(DiskError) {
        let open = try openOrCreate(file)
        if let number = bytes.withUnsafeReadableBytes({ writeAll(open.number, $0) }) {
            throw diskError(path(file), number)
        }
    }

    public func fsync(_ file: String) throws(DiskError) {
        let open = try existing(file)
        guard retrying({ coterie_data_sync(open.number) }) == 0 else { throw Self.io(diskError(path(file))) }
        let isNew = table.withLock { $0.newNames.remove(file) != nil }
        if isNew { try fsyncDirectory() }
    }

    public func read(_ file: String, at offset: UInt64, count: Int) throws(DiskError) -> ByteBuffer {
        let open = try existing(file)
        var bytes = ByteBuffer()
        var number: Int32 = 0
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { raw in
            let read = readAll(open.number, UnsafeMutableRawBufferPointer(rebasing: raw[0 ..< count]), at: offset)
            if read < 0 { number = errno }
            return max(read, 0)
        }
        guard number == 0 else { throw diskError(path(file), number) }
        return bytes
    }

    public func readNow(_ file: String, at offset: UInt64, count: Int) -> ByteBuffer? {
        guard let open = table.withLock({ $0.find(file) }) else { return nil }
        var bytes = ByteBuffer()
        var read = 0
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { raw in
            read = retrying { coterie_read_now(open.number, raw.baseAddress, count, Int64(offset)) }
            return max(read, 0)
        }
        // Fewer bytes: the rest is not in memory, or not in the file. The blocking read tells which.
        return read == count ? bytes : nil
    }

    public func truncate(_ file: String, to size: UInt64) throws(DiskError) {
        let open = try existing(file)
        guard retrying({ ftruncate(open.number, off_t(size)) }) == 0 else { throw diskError(path(file)) }
        guard retrying({ systemFsync(open.number) }) == 0 else { throw Self.io(diskError(path(file))) }
    }

    public func rename(_ file: String, to target: String) throws(DiskError) {
        table.withLock {
            $0.forget(file)
            $0.forget(target)
        }
        guard renameat(directoryDescriptor, file, directoryDescriptor, target) == 0 else { throw diskError(path(file)) }
        try fsyncDirectory()
    }

    public func remove(_ file: String) throws(DiskError) {
        table.withLock { $0.forget(file) }
        guard unlinkat(directoryDescriptor, file, 0) == 0 else {
            if errno == ENOENT { return }
            throw diskError(path(file))
        }
        try fsyncDirectory()
    }

    private func path(_ file: String) -> String { "\(directory)/\(file)" }

    private func fsyncDirectory() throws(DiskError) {
        guard retrying({ systemFsync(directoryDescriptor) }) == 0 else { throw Self.io(diskError(directory)) }
    }

    private func existing(_ file: String) throws(DiskError) -> OpenFile {
        let (known, generation) = table.withLock { ($0.find(file), $0.generation) }
        if let known { return known }
        let number = openFile(directoryDescriptor, file, O_RDWR | O_APPEND)
        guard number >= 0 else { throw diskError(path(file)) }
        let open = OpenFile(number)
        return table.withLock { $0.insert(open, file, asOf: generation) }
    }

    private func openOrCreate(_ file: String) throws(DiskError) -> OpenFile {
        let (known, generation) = table.withLock { ($0.find(file), $0.generation) }
        if let known { return known }
        let created = openFile(directoryDescriptor, file, O_RDWR | O_APPEND | O_CREAT | O_EXCL)
        guard created >= 0 else {
            guard errno == EEXIST else { throw diskError(path(file)) }
            return try existing(file)
        }
        let open = OpenFile(created)
        return table.withLock {
            $0.newNames.insert(file)
            return $0.insert(open, file, asOf: generation)
        }
    }
}

/// An open file; closed with the last reference.
final class OpenFile: Sendable {
    let number: Int32
    init(_ number: Int32) { self.number = number }
    deinit { close(number) }
}

/// Open files by name, the least recently used given up first.
struct DescriptorTable {
    private var open: [String: (file: OpenFile, used: UInt64)] = [:]
    private var clock: UInt64 = 0
    private let limit: Int
    /// Grows with each name given up.
    private(set) var generation: UInt64 = 0
    /// Files whose name in the directory is not durable yet.
    var newNames: Set<String> = []

    init(limit: Int) { self.limit = limit }

    mutating func find(_ name: String) -> OpenFile? {
        guard let place = open.index(forKey: name) else { return nil }
        clock &+= 1
        open.values[place].used = clock
        return open.values[place].file
    }

    /// Adds a file that was opened when `generation` was the given one. Where another thread was faster, its descriptor
    /// is returned; where a name was given up meanwhile, it may have been this one, and the file is not kept.
    mutating func insert(_ file: OpenFile, _ name: String, asOf generation: UInt64) -> OpenFile {
        if let known = find(name) { return known }
        guard generation == self.generation else { return file }
        if open.count >= limit, let oldest = open.min(by: { $0.value.used < $1.value.used })?.key {
            open[oldest] = nil
        }
        clock &+= 1
        open[name] = (file, clock)
        return file
    }

    mutating func forget(_ name: String) {
        generation += 1
        open[name] = nil
        newNames.remove(name)
    }
}
