// Whether one can listen on an address: asked by listening on it for a moment.

import CoterieRing
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tries ports.
enum PortCheck {
    /// Why nobody can listen there now; nil where one can.
    static func problem(listeningOn endpoint: Endpoint) -> String? {
        withAddress(of: endpoint) { address in
            let descriptor = listener(on: address)
            guard descriptor >= 0 else {
                return errno == EADDRINUSE
                    ? "the port is in use by another process" : String(cString: strerror(errno))
            }
            close(descriptor)
            return nil
        } ?? "no such host"
    }

    /// `count` ports on loopback that are free now, each with the one 1000 above it: a base for nodes 1 … count.
    static func freeBasePort(nodes count: Int) -> Int? {
        for _ in 0 ..< 200 {
            let base = Int.random(in: 20_000 ... 31_000)
            let ports = (1 ... count).flatMap { [base + $0, base + 1_000 + $0] }
            if ports.allSatisfy({ problem(listeningOn: Endpoint(host: "127.0.0.1", port: $0)) == nil }) { return base }
        }
        return nil
    }

    private static func listener(on address: UnsafePointer<addrinfo>) -> Int32 {
        let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, 0)
        guard descriptor >= 0 else { return -1 }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0, listen(descriptor, 1) == 0
        else {
            let reason = errno
            close(descriptor)
            errno = reason
            return -1
        }
        return descriptor
    }

    /// Calls `body` with the first address of the endpoint; nil where it has none.
    private static func withAddress(of endpoint: Endpoint, _ body: (UnsafePointer<addrinfo>) -> String?) -> String?? {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(endpoint.host, "\(endpoint.port)", &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        return .some(body(found))
    }
}
