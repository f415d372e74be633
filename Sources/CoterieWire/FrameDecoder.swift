// Cuts an inbound stream of bytes into frames.
//
// Frames that lie whole within one read are slices of it; only one that is spread over several reads is put together in
// a buffer of its own. That buffer grows with what has arrived, never by what a header promises.

import CoteriePrimitives
import NIOCore

/// An incremental decoder of one connection's inbound bytes: `append` each read, then take `next` until it is nil.
public struct FrameDecoder: Sendable {
    /// What was appended and not looked at yet.
    private var inbound = ByteBuffer()
    /// The beginning of a frame whose end has not arrived.
    private var partial = ByteBuffer()
    private var failure: FrameError?
    /// May be raised between frames: before the hello less is let in than behind it.
    public var maxFrameBytes: Int

    /// `maxFrameBytes`: as `Limits.maxFrameBytes`; it counts the header.
    public init(maxFrameBytes: Int) {
        precondition(maxFrameBytes >= Frame.headerBytes, "a frame has \(Frame.headerBytes) bytes of header")
        self.maxFrameBytes = maxFrameBytes
    }

    /// Bytes held that belong to no frame yet.
    public var bufferedBytes: Int { inbound.readableBytes + partial.readableBytes }

    /// Takes bytes as they arrived. Nothing is copied where all before was consumed.
    public mutating func append(_ bytes: ByteBuffer) {
        if inbound.readableBytes == 0 {
            inbound = bytes
        } else {
            inbound.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole frame, its body a slice; nil where more bytes are needed. After an error the decoder only
    /// repeats it. O(bytes of the frame), for the checksum.
    public mutating func next() throws(FrameError) -> Frame? {
        if let failure { throw failure }
        do {
            return partial.readableBytes > 0 ? try nextFromPartial() : try nextFromInbound()
        } catch {
            failure = error
            inbound = ByteBuffer()
            partial = ByteBuffer()
            throw error
        }
    }

    private mutating func nextFromInbound() throws(FrameError) -> Frame? {
        guard let header = try inbound.frameHeader(maxFrameBytes: maxFrameBytes) else {
            keepRest()
            return nil
        }
        guard inbound.readableBytes >= header.frameLength else {
            keepRest()
            return nil
        }
        return try inbound.readFrame(header)
    }

    private mutating func nextFromPartial() throws(FrameError) -> Frame? {
        if partial.readableBytes < Frame.headerBytes {
            move(upTo: Frame.headerBytes)
        }
        guard let header = try partial.frameHeader(maxFrameBytes: maxFrameBytes) else { return nil }
        move(upTo: header.frameLength)
        guard partial.readableBytes >= header.frameLength else { return nil }
        let frame = try partial.readFrame(header)
        partial = ByteBuffer()
        return frame
    }

    /// Puts the rest of the inbound bytes aside, so that the next read need not be copied behind it.
    private mutating func keepRest() {
        move(upTo: .max)
        inbound = ByteBuffer()
    }

    /// Moves inbound bytes to the partial frame until it has `count` or there are no more.
    private mutating func move(upTo count: Int) {
        let wanted = min(count - partial.readableBytes, inbound.readableBytes)
        guard wanted > 0, let bytes = inbound.readSlice(length: wanted) else { return }
        partial.writeImmutableBuffer(bytes)
    }
}

extension ByteBuffer {
    /// The header at the front; nil where it is not there yet.
    fileprivate func frameHeader(maxFrameBytes: Int) throws(FrameError) -> FrameHeader? {
        guard readableBytes >= Frame.headerBytes else { return nil }
        return try withUnsafeReadableBytes { (bytes) throws(FrameError) -> FrameHeader in
            try FrameHeader(bytes, maxFrameBytes: maxFrameBytes)
        }
    }

    /// Takes the frame at the front, all of which must be there, and checks it.
    fileprivate mutating func readFrame(_ header: FrameHeader) throws(FrameError) -> Frame {
        let computed = withUnsafeReadableBytes { bytes in
            CoteriePrimitives.crc32(UnsafeRawBufferPointer(rebasing: bytes[8 ..< header.frameLength]))
        }
        guard computed == header.checksum else {
            throw .badChecksum(stated: header.checksum, computed: computed)
        }
        moveReaderIndex(forwardBy: Frame.headerBytes)
        guard let body = readSlice(length: header.bodyLength) else {
            preconditionFailure("a frame of \(header.frameLength) bytes was promised")
        }
        return Frame(kind: header.kind, body: body)
    }
}
