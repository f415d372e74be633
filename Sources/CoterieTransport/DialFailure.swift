// Why a connection could not be made, in a person's words: what the network library says of it names its own calls.

import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

enum DialFailure {
    static func text(_ error: any Error) -> String {
        switch error {
        case let error as IOError where error.errnoCode == ECONNREFUSED: "connection refused (nothing listens there)"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout(let time): "no connection within \(time.nanoseconds / 1_000_000)ms"
        case let error as NIOConnectionError where error.dnsAError != nil || error.dnsAAAAError != nil:
            "the name \(error.host) is not known"
        case let error as NIOConnectionError:
            error.connectionErrors.last.map { text($0.error) } ?? "no address of \(error.host) can be reached"
        default: "\(error)"
        }
    }
}
