// Directories and small files, with the system's own words for what went wrong.

import CoterieServer
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Makes and writes what a local cluster consists of.
enum LocalFiles {
    /// Makes a directory and those above it that are missing.
    static func makeDirectory(_ path: String) throws(CommandFailure) {
        var missing: [String] = []
        var rest = path
        while !rest.isEmpty, !isDirectory(rest) {
            missing.append(rest)
            guard let slash = rest.lastIndex(of: "/") else { break }
            rest = String(rest[..<slash])
        }
        for directory in missing.reversed() where !directory.isEmpty {
            guard mkdir(directory, 0o755) != 0, errno != EEXIST || !isDirectory(directory) else { continue }
            if errno == EEXIST { errno = ENOTDIR }
            throw failure("create the directory", path)
        }
    }

    /// Replaces a file as a whole: whoever reads it sees the old text or the new one.
    static func write(_ text: String, to path: String) throws(CommandFailure) {
        let draft = path + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("write", draft) }
        let bytes = Array(text.utf8)
        let written = bytes.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
        let isWhole = written == bytes.count && fsync(descriptor) == 0
        let reason = errno
        close(descriptor)
        errno = reason
        guard isWhole, rename(draft, path) == 0 else {
            let failure = failure("write", path)
            unlink(draft)
            throw failure
        }
    }

    static func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    private static func failure(_ what: String, _ path: String) -> CommandFailure {
        CommandFailure(.cannotCreate, "cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
}

/// The system's `write`, out of the way of the method of that name.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
