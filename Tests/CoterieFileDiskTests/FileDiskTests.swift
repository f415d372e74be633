import CoteriePrimitives
import CoterieStorage
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import CoterieFileDisk

/// A directory that goes with its owner.
final class TemporaryDirectory {
    let path = NSTemporaryDirectory() + "coterie-filedisk-\(UUID().uuidString)"
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

private func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

@Suite struct FileDiskTests {
    private let directory = TemporaryDirectory()

    @Test func filesAreAppendedReadCutRenamedAndRemoved() throws {
        let disk = try FileDisk(directory: directory.path)
        #expect(try disk.list().isEmpty, "the lock is not a file of ours")
        try disk.append(bytes("hello "), to: "a")
        try disk.append(bytes("world"), to: "a")
        try disk.fsync("a")
        #expect(try disk.size(of: "a") == 11)
        #expect(try disk.read("a", at: 6, count: 5) == bytes("world"))
        #expect(try disk.read("a", at: 6, count: 100) == bytes("world"))
        #expect(try disk.read("a", at: 11, count: 1).readableBytes == 0)
        try disk.truncate("a", to: 5)
        try disk.append(bytes("!"), to: "a")
        #expect(try disk.read("a", at: 0, count: 100) == bytes("hello!"))
        try disk.append(bytes("old"), to: "b")
        try disk.rename("a", to: "b")
        #expect(try disk.list() == ["b"])
        #expect(try disk.read("b", at: 0, count: 100) == bytes("hello!"))
        try disk.append(bytes("?"), to: "b")
        #expect(try disk.read("b", at: 0, count: 100) == bytes("hello!?"))
        try disk.remove("b")
        try disk.remove("b")
        #expect(try disk.list().isEmpty)
    }

    @Test func whatIsNotThereIsSaidByName() throws {
        let disk = try FileDisk(directory: directory.path)
        for call in [
            { _ = try disk.size(of: "x") }, { _ = try disk.read("x", at: 0, count: 1) }, { try disk.fsync("x") },
            { try disk.truncate("x", to: 0) }, { try disk.rename("x", to: "y") },
        ] {
            do {
                try call()
                Issue.record("no error")
            } catch DiskError.notFound(let text) {
                #expect(text.contains("/x"))
            }
        }
        #expect(disk.readNow("x", at: 0, count: 1) == nil)
    }

    @Test func aReadThatDoesNotBlockGivesAllBytesOrNothing() throws {
        let disk = try FileDisk(directory: directory.path)
        try disk.append(bytes("0123456789"), to: "a")
        // Whether it is answered is the system's matter; an answer is right.
        if let read = disk.readNow("a", at: 2, count: 3) { #expect(read == bytes("234")) }
        #expect(disk.readNow("a", at: 8, count: 3) == nil, "the file ends before")
    }

    @Test func aSecondProcessIsRefusedAndTheFirstIsNamed() throws {
        var disk: FileDisk? = try FileDisk(directory: directory.path)
        do {
            _ = try FileDisk(directory: directory.path)
            Issue.record("opened twice")
        } catch {
            guard case .locked(let text) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(text.contains(directory.path) && text.contains("process \(getpid())"), "\(text)")
        }
        #expect(try disk?.list() == [])
        disk = nil
        disk = try FileDisk(directory: directory.path)
        #expect(try disk?.list() == [])
    }

    @Test func aDirectoryThatCannotBeIsNamed() throws {
        let file = directory.path + "-file"
        #expect(FileManager.default.createFile(atPath: file, contents: Data()))
        defer { try? FileManager.default.removeItem(atPath: file) }
        for path in [file, file + "/below", directory.path + "/no/parent"] {
            do {
                _ = try FileDisk(directory: path)
                Issue.record("opened \(path)")
            } catch {
                #expect("\(error)".contains(path), "\(error)")
            }
        }
    }

    @Test func aFullDeviceIsFull() throws {
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        let disk = try FileDisk(directory: directory.path)
        try FileManager.default.createSymbolicLink(atPath: directory.path + "/a", withDestinationPath: "/dev/full")
        do {
            try disk.append(bytes("x"), to: "a")
            Issue.record("written")
        } catch {
            guard case .full(let text) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(text.contains(directory.path + "/a"))
        }
    }

    @Test func moreFilesThanDescriptorsAreFine() throws {
        let disk = try FileDisk(directory: directory.path, maxDescriptors: 3)
        for round in 0 ..< 3 {
            for number in 0 ..< 12 {
                try disk.append(bytes("\(round)"), to: "f\(number)")
                try disk.fsync("f\(number)")
            }
        }
        for number in 0 ..< 12 { #expect(try disk.read("f\(number)", at: 0, count: 9) == bytes("012")) }
        #if os(Linux)
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }
            #expect(open.filter { $0.hasPrefix(directory.path + "/f") }.count == 3)
        #endif
    }

    @Test func threadsReadWhileOneAppendsAndFilesComeAndGo() throws {
        let disk = try FileDisk(directory: directory.path, maxDescriptors: 2)
        let chunk = bytes(String(repeating: "0123456789", count: 10))
        try disk.append(chunk, to: "a")
        let wrong = Mutex<[String]>([])
        let isDone = Atomic<Bool>(false)
        let readers = DispatchGroup()
        for reader in 0 ..< 3 {
            DispatchQueue.global().async(group: readers) {
                var offset = UInt64(reader)
                while !isDone.load(ordering: .relaxed) {
                    do {
                        let size = try disk.size(of: "a")
                        offset = (offset &+ 37) % (size - 10)
                        let read =
                            try disk.readNow("a", at: offset, count: 10) ?? disk.read("a", at: offset, count: 10)
                        let expected = (0 ..< 10).map { String((Int(offset) + $0) % 10) }.joined()
                        if String(buffer: read) != expected { wrong.withLock { $0.append("\(offset): \(read)") } }
                    } catch {
                        wrong.withLock { $0.append("\(error)") }
                    }
                }
            }
        }
        for round in 0 ..< 300 {
            try disk.append(chunk, to: "a")
            try disk.append(chunk, to: "other\(round % 4)")
            if round % 7 == 0 { try disk.rename("other\(round % 4)", to: "renamed") }
            if round % 11 == 0 { try disk.remove("renamed") }
        }
        isDone.store(true, ordering: .relaxed)
        readers.wait()
        #expect(wrong.withLock { $0 }.isEmpty)
        #expect(try disk.size(of: "a") == 30_100)
    }

    @Test func aStoreIsThereInTheNextProcessLife() throws {
        let group = Group(partition: PartitionIndex(1), n: 3)
        for life in 0 ..< 4 {
            let disk = try FileDisk(directory: directory.path)
            let engine = try LogEngine.open(disk: disk, settings: CrashBatches.settings)
            #expect(engine.count(in: group) == life)
            #expect(engine.openingReport.faults.isEmpty && engine.openingReport.cutBytes == 0)
            let change = Change(group: group, key: bytes("k\(life)"), action: .put(bytes("v")))
            try engine.apply(Batch([change]))
            _ = engine.barrier(.durable)
            var events: [StorageEvent] = []
            while let work = engine.nextWork() { engine.complete(work.perform(on: disk), into: &events) }
        }
    }
}
