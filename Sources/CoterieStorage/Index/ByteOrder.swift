// Comparison of keys and little-endian access to raw bytes: what index pages and records are built of.
// `memcmp` lives in the C library, which pure modules do not import; eight bytes at a time is as fast for short keys.

/// Negative, zero or positive as `a` sorts before, equals or sorts behind `b`, byte by byte, a prefix first.
@inline(__always)
func compareBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let common = min(a.count, b.count)
    guard common > 0, let left = a.baseAddress, let right = b.baseAddress else { return a.count - b.count }
    var i = 0
    while i &+ 8 <= common {
        let x = left.loadUnaligned(fromByteOffset: i, as: UInt64.self)
        let y = right.loadUnaligned(fromByteOffset: i, as: UInt64.self)
        if x != y { return UInt64(bigEndian: x) < UInt64(bigEndian: y) ? -1 : 1 }
        i &+= 8
    }
    while i < common {
        let x = left.load(fromByteOffset: i, as: UInt8.self)
        let y = right.load(fromByteOffset: i, as: UInt8.self)
        if x != y { return x < y ? -1 : 1 }
        i &+= 1
    }
    return a.count - b.count
}

extension UnsafeRawBufferPointer {
    /// The little-endian integer at `offset`; traps outside of the bytes.
    @inline(__always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: T.Type) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// `count` bytes from `offset`; traps outside of the bytes.
    @inline(__always)
    func part(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[offset ..< offset + count])
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The little-endian integer at `offset`; traps outside of the bytes.
    @inline(__always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: T.Type) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// Writes `value` in little-endian order; traps outside of the bytes.
    @inline(__always)
    func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }

    /// Copies `bytes` to `offset`; traps outside of the bytes.
    @inline(__always)
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard bytes.count > 0 else { return }
        UnsafeMutableRawBufferPointer(rebasing: self[offset ..< offset + bytes.count]).copyMemory(from: bytes)
    }

    /// Moves `count` bytes within the buffer; the places may overlap.
    @inline(__always)
    func move(_ count: Int, from: Int, to: Int) {
        guard count > 0, let base = baseAddress else { return }
        precondition(from >= 0 && to >= 0 && from + count <= self.count && to + count <= self.count)
        (base + to).copyMemory(from: base + from, byteCount: count)
    }
}
