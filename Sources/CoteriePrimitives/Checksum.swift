// CRC-32 as in zlib, gzip and PNG (polynomial 0xEDB88320): on every frame and every stored record.

import CZlib
import NIOCore

/// The CRC-32 of `bytes`, continuing from `seed` (the CRC of what came before; 0 at the start).
public func crc32(_ bytes: UnsafeRawBufferPointer, continuing seed: UInt32 = 0) -> UInt32 {
    // zlib takes a null pointer as "begin anew" and would forget the seed.
    guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return seed }
    return UInt32(truncatingIfNeeded: CZlib.crc32_z(UInt(seed), start, bytes.count))
}

extension ByteBuffer {
    /// The CRC-32 of the readable bytes.
    public func crc32() -> UInt32 {
        withUnsafeReadableBytes { CoteriePrimitives.crc32($0) }
    }
}
