// Where a record lies and what it holds: sixteen bytes per key in the index.

/// Where a record lies in the log: segment, offset within it, and the record's length, all in bytes; and the checksum of
/// its body, by which a record is told from an earlier one of the same key.
struct Location: Hashable, Sendable {
    var segment: UInt32
    var offset: UInt32
    var length: UInt32
    var checksum: UInt32

    @inline(__always)
    init(segment: UInt32, offset: UInt32, length: UInt32, checksum: UInt32) {
        self.segment = segment
        self.offset = offset
        self.length = length
        self.checksum = checksum
    }
}

extension UnsafeRawBufferPointer {
    /// Four little-endian numbers, as pages and checkpoints hold them.
    @inline(__always)
    func location(at place: Int) -> Location {
        Location(
            segment: load(at: place, as: UInt32.self), offset: load(at: place &+ 4, as: UInt32.self),
            length: load(at: place &+ 8, as: UInt32.self), checksum: load(at: place &+ 12, as: UInt32.self))
    }
}

/// A place in the log. The log is one sequence: segments by number, bytes by offset.
struct LogPosition: Hashable, Comparable, Sendable {
    var segment: UInt32
    var offset: UInt32

    static func < (a: Self, b: Self) -> Bool {
        a.segment != b.segment ? a.segment < b.segment : a.offset < b.offset
    }
}
