// Compression as in zlib (RFC 1950), at its fastest: for what moves many records at once between nodes.

import CZlib
import NIOCore

extension ByteBuffer {
    /// The readable bytes, compressed; nil where that would not make them smaller. O(bytes).
    public func compressed() -> ByteBuffer? {
        var out = ByteBuffer()
        let bound = Int(compressBound(uLong(readableBytes)))
        let isSmaller = withUnsafeReadableBytes { source in
            out.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
                guard let from = source.bindMemory(to: UInt8.self).baseAddress,
                    let into = target.bindMemory(to: UInt8.self).baseAddress
                else { return 0 }
                var length = uLongf(target.count)
                let status = compress2(into, &length, from, uLong(source.count), Z_BEST_SPEED)
                return status == Z_OK ? Int(length) : 0
            } > 0
        }
        return isSmaller && out.readableBytes < readableBytes ? out : nil
    }

    /// What was compressed into the readable bytes; nil where they are no such thing, or make more or less than `length`
    /// bytes. O(length).
    public func decompressed(to length: Int) -> ByteBuffer? {
        var out = ByteBuffer()
        let isWhole = withUnsafeReadableBytes { source in
            out.writeWithUnsafeMutableBytes(minimumWritableBytes: max(length, 1)) { target in
                guard let from = source.bindMemory(to: UInt8.self).baseAddress,
                    let into = target.bindMemory(to: UInt8.self).baseAddress
                else { return 0 }
                var found = uLongf(length)
                let status = uncompress(into, &found, from, uLong(source.count))
                return status == Z_OK && Int(found) == length ? length : 0
            } == length
        }
        return isWhole ? out : nil
    }
}
