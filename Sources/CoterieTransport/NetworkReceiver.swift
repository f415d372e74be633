// What a network tells its node.

import CoteriePrimitives
import CoterieWire

/// An inbound connection of a client; never used again within a process.
public struct ConnectionID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "client \(rawValue)" }
}

/// Where a message came from.
public enum MessageOrigin: Hashable, Sendable {
    case member(MemberNumber)
    case client(ConnectionID)
}

/// The node behind a network. All calls come on the event loop, and none from within a call of the network's own
/// functions: a node may send while it handles, and is never entered twice.
public protocol NetworkReceiver: AnyObject {
    /// From a member any message but hello and refused; from a client a request or a layout request.
    func received(_ message: Message, from origin: MessageOrigin)
    /// Both hellos are exchanged: from now on messages to and from it pass.
    func memberConnected(_ member: MemberNumber, hello: Hello)
    /// The other half of `memberConnected`: what was sent and not answered may or may not have arrived.
    func memberDisconnected(_ member: MemberNumber, _ end: ConnectionEnd)
    /// A member will not have us, or we it. Told again only when the reason changes or after a connection.
    func memberRefused(_ member: MemberNumber, _ refusal: Refusal, byUs: Bool)
    /// A client connection of which something was received is gone.
    func clientDisconnected(_ connection: ConnectionID)
    /// Once at the end of each tick of the event loop in which something was received or `touch` was called, before
    /// what was sent is flushed. It may send more.
    func tickEnded()
}

extension NetworkReceiver {
    public func memberRefused(_ member: MemberNumber, _ refusal: Refusal, byUs: Bool) {}
}
