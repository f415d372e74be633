// Why a connection is no more, in words that a log or a client can show.

import CoterieWire
import NIOCore

/// Why a connection ended, or never began.
public enum ConnectionEnd: Error, Hashable, Sendable, CustomStringConvertible {
    /// The connection was never made.
    case notConnected(String)
    /// The other end said why it does not want us.
    case refused(Refusal)
    /// We said why we do not want the other end.
    case refusing(Refusal)
    /// It was there and is lost.
    case lost(String)
    /// We closed it.
    case closed

    public var description: String {
        switch self {
        case .notConnected(let text): "not connected: \(text)"
        case .refused(let refusal): "refused by the other end: \(refusal.text)"
        case .refusing(let refusal): "refused: \(refusal.text)"
        case .lost(let text): "lost: \(text)"
        case .closed: "closed"
        }
    }
}

/// Why a node cannot listen.
public struct ListenError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// Another process has the port.
        case portBusy
        /// The address is not one of this machine's.
        case noSuchAddress
        /// The port needs rights that this process does not have.
        case notPermitted
        case other(String)
    }
    public let host: String
    public let port: Int
    public let reason: Reason

    init(host: String, port: Int, _ error: any Error) {
        self.host = host
        self.port = port
        reason =
            switch (error as? IOError)?.errnoCode {
            case ErrnoCode.addressInUse: .portBusy
            case ErrnoCode.addressNotAvailable: .noSuchAddress
            case ErrnoCode.accessDenied, ErrnoCode.notPermitted: .notPermitted
            default: .other("\(error)")
            }
    }

    public var description: String {
        switch reason {
        case .portBusy: "port \(port) of \(host) is busy: another process listens there"
        case .noSuchAddress: "cannot listen on \(host) port \(port): not an address of this machine"
        case .notPermitted: "cannot listen on \(host) port \(port): not permitted"
        case .other(let text): "cannot listen on \(host) port \(port): \(text)"
        }
    }
}
