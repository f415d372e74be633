// The few things an engine needs of a disk, so small that a simulated one can stand in for it: named files in one flat
// directory that are appended to, read at an offset, fsynced, renamed and removed.
//
// All calls but `readNow` may block: the shell makes them on a thread of their own (`DiskWork.perform`), never on an
// event loop; the simulator makes them at the virtual time that its disk takes. Opening a store calls them directly.

import CoteriePrimitives
import NIOCore

/// A flat directory of files. A directory belongs to one process at a time: opening one takes a lock.
public protocol Disk: AnyObject, Sendable {
    /// Names of all files, in order.
    func list() throws(DiskError) -> [String]
    /// Bytes in a file; throws `.notFound`.
    func size(of file: String) throws(DiskError) -> UInt64
    /// Appends, creating the file where it does not exist. Not durable until `fsync`. A failed append may have appended
    /// a part.
    func append(_ bytes: ByteBuffer, to file: String) throws(DiskError)
    /// Makes the file's content and, for a new file, its name durable. Never throws `.full`: whatever the reason, a
    /// failed fsync leaves unknown what is on the disk, and repeating it proves nothing.
    func fsync(_ file: String) throws(DiskError)
    /// Up to `count` bytes from `offset`; fewer at the end of the file.
    func read(_ file: String, at offset: UInt64, count: Int) throws(DiskError) -> ByteBuffer
    /// The same where it surely does not block; nil where it might. Called on the event loop.
    func readNow(_ file: String, at offset: UInt64, count: Int) -> ByteBuffer?
    /// Cuts a file to `size` bytes, durably.
    func truncate(_ file: String, to size: UInt64) throws(DiskError)
    /// Renames, replacing `target`, durably. The content must have been fsynced before.
    func rename(_ file: String, to target: String) throws(DiskError)
    /// Removes a file, durably. No error where it is not there.
    func remove(_ file: String) throws(DiskError)
}

/// What a disk may say no with.
public enum DiskError: Error, Equatable, Sendable {
    case notFound(String)
    case full(String)
    case io(String)
    /// Another process has the directory open; the text names it where that is known.
    case locked(String)
}

/// A piece of work that may block, handed out by an engine and given back as a `DiskCompletion`.
public struct DiskWork: Equatable, Sendable {
    /// Where it may run: work of one lane runs one after the other, in order; lanes run side by side.
    public enum Lane: Hashable, Sendable, CaseIterable {
        /// Appends and fsyncs of the log.
        case write
        /// Reads that a request waits for.
        case read
        /// Compaction, checkpoints, removals.
        case background
    }
    public enum Step: Equatable, Sendable {
        case append(ByteBuffer, file: String)
        case fsync(file: String)
        /// Cuts the file back, durably, where it exists.
        case truncate(file: String, to: UInt64)
        case read(file: String, offset: UInt64, count: Int)
        case rename(file: String, target: String)
        case remove(file: String)
    }
    public let id: UInt64
    public let lane: Lane
    /// Performed in order; the first failure ends the work.
    public let steps: [Step]

    public init(id: UInt64, lane: Lane, steps: [Step]) {
        self.id = id
        self.lane = lane
        self.steps = steps
    }

    /// Performs the steps on `disk`, blocking.
    public func perform(on disk: any Disk) -> DiskCompletion {
        var read: [ByteBuffer] = []
        do throws(DiskError) {
            for step in steps {
                switch step {
                case .append(let bytes, let file): try disk.append(bytes, to: file)
                case .fsync(let file): try disk.fsync(file)
                case .truncate(let file, let size): try disk.truncateIfThere(file, to: size)
                case .read(let file, let offset, let count): read.append(try disk.read(file, at: offset, count: count))
                case .rename(let file, let target): try disk.rename(file, to: target)
                case .remove(let file): try disk.remove(file)
                }
            }
            return DiskCompletion(id: id, outcome: .done(read))
        } catch {
            return DiskCompletion(id: id, outcome: .failed(error))
        }
    }
}

extension Disk {
    fileprivate func truncateIfThere(_ file: String, to size: UInt64) throws(DiskError) {
        do throws(DiskError) {
            try truncate(file, to: size)
        } catch .notFound {
            return
        }
    }
}

/// Finished work.
public struct DiskCompletion: Equatable, Sendable {
    public enum Outcome: Equatable, Sendable {
        /// What the read steps read, in order.
        case done([ByteBuffer])
        case failed(DiskError)
    }
    public let id: UInt64
    public let outcome: Outcome

    public init(id: UInt64, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}
