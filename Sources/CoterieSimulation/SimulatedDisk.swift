// A disk that loses what a disk may lose: the tail of a file that was not fsynced, torn anywhere, followed by zeros or
// by rubbish where the file had grown before its content was written; the name of a file never fsynced; and, on
// request, bits that rot, space that ends, fsyncs and reads that fail. What it does is decided by its seed.
//
// The faults are those of "All File Systems Are Not Created Equal" (Pillai and others, 2014), within the contract of
// `Disk`: renames, removals and truncations are durable when they return.

import CoteriePrimitives
import CoterieStorage
import NIOCore
import Synchronization

/// A seeded disk in memory. Safe to use from several threads, though a simulation uses one.
public final class SimulatedDisk: Disk {
    /// How often calls go wrong, in thousandths, and how much fits.
    public struct Faults: Equatable, Sendable {
        /// Bytes of all files together; beyond it, appends write what fits and throw `.full`.
        public var capacity: Int?
        /// Of 1000 fsyncs, so many fail. What was not fsynced then stays lost, though later reads still show it.
        public var failingFsyncs = 0
        /// Of 1000 appends, so many fail with an IO error after a part was written.
        public var failingAppends = 0
        /// Of 1000 reads, so many fail with an IO error.
        public var failingReads = 0
        /// Of 1000 reads by `readNow`, so many answer that they might block.
        public var blockingReads = 0
        public init() {}
    }

    /// How often each call was made.
    public struct Operations: Equatable, Sendable {
        public var appends = 0
        public var appendedBytes = 0
        public var fsyncs = 0
        public var reads = 0
        public var renames = 0
        public var removals = 0
        public var truncations = 0
        public var crashes = 0
        public init() {}
    }

    private struct File {
        var content: [UInt8] = []
        /// Bytes that an fsync has made durable.
        var fsynced = 0
        var hasDurableName = false
        /// What was dirty when an fsync failed: it never reaches the disk, whatever later fsyncs say.
        var dropped: [Range<Int>] = []

        mutating func fsyncAll() {
            fsynced = content.count
            hasDurableName = true
        }

        mutating func dropUnsynced() { dropped.append(fsynced ..< content.count) }

        mutating func truncate(to size: Int) {
            if size < content.count { content.removeSubrange(size...) }
            dropped = dropped.map { $0.clamped(to: 0 ..< content.count) }
            fsyncAll()
        }

        func slice(_ offset: UInt64, _ count: Int) -> ByteBuffer {
            let start = min(Int(offset), content.count)
            return content.withUnsafeBytes { ByteBuffer(bytes: $0[start ..< min(start + count, content.count)]) }
        }
    }

    /// Files by name, ascending: there are few, and comparing short names costs less than hashing them.
    private struct Directory {
        private(set) var names: [String] = []
        var contents: [File] = []

        /// Where the file lies; nil where there is none. From the end: most of what is done concerns the newest.
        func place(of name: String) -> Int? { names.lastIndex(of: name) }

        func file(_ name: String) throws(DiskError) -> Int {
            guard let place = place(of: name) else { throw .notFound(name) }
            return place
        }

        /// Where the file lies; an empty one where there was none.
        mutating func created(_ name: String) -> Int {
            if let place = place(of: name) { return place }
            let place = names.firstIndex { name < $0 } ?? names.count
            names.insert(name, at: place)
            contents.insert(File(), at: place)
            return place
        }

        mutating func remove(_ name: String) {
            guard let place = place(of: name) else { return }
            names.remove(at: place)
            contents.remove(at: place)
        }
    }

    private struct State {
        var files = Directory()
        var faults = Faults()
        var operations = Operations()
        var generator: SeededGenerator
    }

    private let state: Mutex<State>

    public init(seed: UInt64) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    public var faults: Faults {
        get { state.withLock { $0.faults } }
        set { state.withLock { $0.faults = newValue } }
    }

    public var operations: Operations { state.withLock { $0.operations } }

    /// Bytes of all files.
    public var usedBytes: Int { state.withLock { Self.used($0) } }

    private static func used(_ state: State) -> Int { state.files.contents.reduce(0) { $0 + $1.content.count } }
}

extension SimulatedDisk {
    public func list() throws(DiskError) -> [String] {
        state.withLock { $0.files.names }
    }

    public func size(of file: String) throws(DiskError) -> UInt64 {
        try state.withLock { state throws(DiskError) in
            UInt64(state.files.contents[try state.files.file(file)].content.count)
        }
    }

    public func append(_ bytes: ByteBuffer, to file: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            state.operations.appends += 1
            let length = bytes.readableBytes
            var fits = length
            if let capacity = state.faults.capacity { fits = min(length, max(0, capacity - Self.used(state))) }
            let fails = state.faults.failingAppends > 0 && state.generator.chance(state.faults.failingAppends, in: 1000)
            if fails { fits = state.generator.below(length + 1) }
            let place = state.files.created(file)
            bytes.withUnsafeReadableBytes { state.files.contents[place].content.append(contentsOf: $0.prefix(fits)) }
            state.operations.appendedBytes += fits
            if fails { throw .io("\(file): simulated error after \(fits) of \(length) bytes") }
            if fits < length { throw .full("\(file): simulated disk is full after \(fits) of \(length) bytes") }
        }
    }

    public func fsync(_ file: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            state.operations.fsyncs += 1
            let place = try state.files.file(file)
            if state.faults.failingFsyncs > 0, state.generator.chance(state.faults.failingFsyncs, in: 1000) {
                state.files.contents[place].dropUnsynced()
                throw .io("\(file): simulated fsync failure")
            }
            state.files.contents[place].fsyncAll()
        }
    }

    public func read(_ file: String, at offset: UInt64, count: Int) throws(DiskError) -> ByteBuffer {
        try state.withLock { state throws(DiskError) in
            state.operations.reads += 1
            let place = try state.files.file(file)
            if state.faults.failingReads > 0, state.generator.chance(state.faults.failingReads, in: 1000) {
                throw .io("\(file): simulated read error at \(offset)")
            }
            return state.files.contents[place].slice(offset, count)
        }
    }

    public func readNow(_ file: String, at offset: UInt64, count: Int) -> ByteBuffer? {
        state.withLock { state in
            state.operations.reads += 1
            guard let place = state.files.place(of: file) else { return nil }
            if state.faults.blockingReads > 0, state.generator.chance(state.faults.blockingReads, in: 1000) {
                return nil
            }
            return state.files.contents[place].slice(offset, count)
        }
    }

    public func truncate(_ file: String, to size: UInt64) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            state.operations.truncations += 1
            state.files.contents[try state.files.file(file)].truncate(to: Int(size))
        }
    }

    public func rename(_ file: String, to target: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            state.operations.renames += 1
            var found = state.files.contents[try state.files.file(file)]
            found.hasDurableName = true
            state.files.remove(file)
            state.files.contents[state.files.created(target)] = found
        }
    }

    public func remove(_ file: String) throws(DiskError) {
        state.withLock { state in
            state.operations.removals += 1
            state.files.remove(file)
        }
    }
}

extension SimulatedDisk {
    /// The machine stops: each file keeps what was fsynced, and of the rest what chance leaves of it.
    public func crash() {
        state.withLock { state in
            state.operations.crashes += 1
            for name in state.files.names {
                guard let place = state.files.place(of: name) else { continue }
                if !Self.crash(&state.files.contents[place], &state.generator) { state.files.remove(name) }
            }
        }
    }

    /// Leaves of a file what a crash leaves of it; false where that is nothing.
    private static func crash(_ file: inout File, _ generator: inout SeededGenerator) -> Bool {
        if !file.hasDurableName, generator.chance(1, in: 2) { return false }
        for pages in file.dropped {
            for place in pages { file.content[place] = 0 }
        }
        let fsynced = file.fsynced
        let unsafe = file.content.count - fsynced
        if unsafe > 0 {
            let kept = generator.chance(1, in: 4) ? unsafe : generator.below(unsafe + 1)
            file.content.removeSubrange((fsynced + kept)...)
            tear(&file.content, behind: fsynced + kept, room: unsafe - kept, &generator)
            if kept > 0, generator.chance(1, in: 4) { loseBlock(&file.content, from: fsynced, &generator) }
        }
        file.fsyncAll()
        file.dropped = []
        return true
    }

    /// The file had grown further than its content was written: zeros or old content of the disk stand behind.
    private static func tear(
        _ content: inout [UInt8], behind end: Int, room: Int, _ generator: inout SeededGenerator
    ) {
        guard room > 0 else { return }
        let length = generator.below(room + 1)
        switch generator.below(3) {
        case 0: break
        case 1: content.append(contentsOf: repeatElement(0, count: length))
        default: for _ in 0 ..< length { content.append(UInt8(truncatingIfNeeded: generator.next())) }
        }
    }

    /// Blocks are written in any order: one in the middle is missing, those behind are there.
    private static func loseBlock(_ content: inout [UInt8], from start: Int, _ generator: inout SeededGenerator) {
        let first = start + generator.below(content.count - start)
        let end = min(content.count, first + 1 + generator.below(512))
        for place in first ..< end { content[place] = 0 }
    }

    /// Flips one bit of a file, at `offset` or anywhere. Returns where; nil where there is no such byte.
    @discardableResult
    public func rot(_ file: String, at offset: Int? = nil) -> Int? {
        state.withLock { state in
            guard let found = state.files.place(of: file) else { return nil }
            let length = state.files.contents[found].content.count
            guard length > 0 else { return nil }
            let place = offset ?? state.generator.below(length)
            guard place < length else { return nil }
            let bit = UInt8(1) << UInt8(state.generator.below(8))
            state.files.contents[found].content[place] ^= bit
            return place
        }
    }

    /// The bytes of a file as they stand; nil where it does not exist.
    public func content(of file: String) -> [UInt8]? {
        state.withLock { state in state.files.place(of: file).map { state.files.contents[$0].content } }
    }

    /// Puts bytes in the place of a file, durably: what somebody outside did to the directory.
    public func place(_ content: [UInt8], in file: String) {
        state.withLock { state in
            let place = state.files.created(file)
            state.files.contents[place] = File(content: content, fsynced: content.count, hasDurableName: true)
        }
    }

    /// How much of a file survives a crash for certain.
    public func fsyncedLength(of file: String) -> Int {
        state.withLock { state in
            guard let place = state.files.place(of: file), state.files.contents[place].hasDurableName else { return 0 }
            return state.files.contents[place].fsynced
        }
    }
}
