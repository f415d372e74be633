// Keys and values are bytes; most programs have text.

import NIOCore

/// What may stand as a key or as a value.
public protocol ByteConvertible: Sendable {
    /// The bytes as they are hashed, stored and sent. Text is UTF-8.
    var storedBytes: ByteBuffer { get }

    /// What a value of this kind is stored as, unless told otherwise.
    static var contentType: String { get }
}

extension String: ByteConvertible {
    public var storedBytes: ByteBuffer { ByteBuffer(string: self) }
    public static var contentType: String { "text/plain; charset=utf-8" }
}

extension Substring: ByteConvertible {
    public var storedBytes: ByteBuffer { ByteBuffer(substring: self) }
    public static var contentType: String { "text/plain; charset=utf-8" }
}

extension ByteBuffer: ByteConvertible {
    public var storedBytes: ByteBuffer { self }
    public static var contentType: String { "application/octet-stream" }
}

extension Array: ByteConvertible where Element == UInt8 {
    public var storedBytes: ByteBuffer { ByteBuffer(bytes: self) }
    public static var contentType: String { "application/octet-stream" }
}
