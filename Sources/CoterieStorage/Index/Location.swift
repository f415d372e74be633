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

/// A place in the log. The log is one sequence: segments by number, bytes by offset.
struct LogPosition: Hashable, Comparable, Sendable {
    var segment: UInt32
    var offset: UInt32

    static func < (a: Self, b: Self) -> Bool {
        a.segment != b.segment ? a.segment < b.segment : a.offset < b.offset
    }
}
