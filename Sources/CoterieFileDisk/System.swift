// The few system calls of `FileDisk`, with errors as values. No Foundation: these are plain calls of the C library.

import CoterieStorage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's last error, as a disk says it. `subject` names the file.
func diskError(_ subject: String, _ number: Int32 = errno) -> DiskError {
    let text = "\(subject): \(String(cString: strerror(number)))"
    switch number {
    case ENOSPC, EDQUOT: return .full(text)
    case ENOENT: return .notFound(text)
    default: return .io(text)
    }
}

/// Repeats a call that a signal has interrupted.
@inline(__always)
func retrying<T: FixedWidthInteger>(_ call: () -> T) -> T {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

/// Writes all bytes, or says why not. A part may have been written.
func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32? {
    var rest = bytes
    while let base = rest.baseAddress, rest.count > 0 {
        let written = retrying { write(descriptor, base, rest.count) }
        if written < 0 { return errno }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
    return nil
}

/// Reads up to `bytes.count` bytes from `offset`: fewer at the end of the file. -1 with errno on failure.
func readAll(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
        let count = retrying { pread(descriptor, base + done, bytes.count - done, off_t(offset) + off_t(done)) }
        if count < 0 { return -1 }
        if count == 0 { break }
        done += count
    }
    return done
}

/// Opens a file relative to a directory.
func openFile(_ directory: Int32, _ name: String, _ flags: Int32) -> Int32 {
    retrying { openat(directory, name, flags | O_CLOEXEC, mode_t(0o644)) }
}

/// Opens a directory itself.
func openDirectory(_ path: String) -> Int32 {
    retrying { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
}

/// Names of the regular files in a directory; nil with errno on failure.
func fileNames(in path: String) -> [String]? {
    guard let stream = opendir(path) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
        let kind = Int32(entry.pointee.d_type)
        if kind == Int32(DT_REG) || kind == Int32(DT_UNKNOWN) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { raw in
                raw.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        errno = 0
    }
    return errno == 0 ? names : nil
}

/// The C library's `fsync`, under a name that no method hides.
func systemFsync(_ descriptor: Int32) -> Int32 { fsync(descriptor) }
