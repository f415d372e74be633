// Where a member listens: a host and a port, written "host:port", an IPv6 address in brackets ("[::1]:7101").

/// A host name or IP address, and a port.
public struct Endpoint: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// A name or an address; an IPv6 address stands here without its brackets.
    public let host: String
    public let port: Int

    /// Takes the parts as they are. A layout checks them (`LayoutError.badEndpoint`); `parse` does for text.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// `host:port` or `[IPv6]:port`; nil where it is neither. `parse` says why.
    public init?(parsing text: String) {
        guard let parsed = try? Self.parse(text) else { return nil }
        self = parsed
    }

    /// Reads `host:port` or `[IPv6]:port`, port 0 to 65535.
    public static func parse(_ text: String) throws(EndpointError) -> Endpoint {
        func wrong(_ reason: EndpointError.Reason) -> EndpointError { EndpointError(text: text, reason: reason) }
        guard let colon = text.lastIndex(of: ":") else { throw wrong(.noPort) }
        var host = text[..<colon]
        let portText = text[text.index(after: colon)...]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]") else { throw wrong(text.hasSuffix("]") ? .noPort : .unclosedBracket) }
            host = host.dropFirst().dropLast()
            guard !host.isEmpty else { throw wrong(.noHost) }
            guard isIPv6Shaped(host) else { throw wrong(.badHost) }
        } else {
            guard !host.contains(":") else { throw wrong(.bareIPv6) }
            guard !host.isEmpty else { throw wrong(.noHost) }
            guard isNameShaped(host) else { throw wrong(.badHost) }
        }
        guard !portText.isEmpty else { throw wrong(.noPort) }
        guard portText.utf8.allSatisfy({ (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains($0) }),
            let port = Int(portText), port <= LayoutLimits.ports.upperBound
        else { throw wrong(.badPort) }
        return Endpoint(host: String(host), port: port)
    }

    /// `host:port`, an IPv6 address in brackets; `parse` reads it back.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    public static func < (a: Self, b: Self) -> Bool { a.host != b.host ? a.host < b.host : a.port < b.port }

    /// Whether the host is a name or an address by its letters; whether it can be reached is the network's to say.
    var hasValidHost: Bool { host.contains(":") ? Self.isIPv6Shaped(host) : Self.isNameShaped(host) }

    private static func isNameShaped(_ host: some StringProtocol) -> Bool {
        LayoutLimits.hostLength.contains(host.utf8.count)
            && host.utf8.allSatisfy { byte in
                isLetterOrDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }

    /// Hexadecimal digits, colons, dots (an embedded IPv4 address) and, behind `%`, a scope.
    private static func isIPv6Shaped(_ host: some StringProtocol) -> Bool {
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard LayoutLimits.hostLength.contains(host.utf8.count), let address = parts.first, address.contains(":")
        else { return false }
        let hexadecimal = address.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "a") ... UInt8(ascii: "f"),
                UInt8(ascii: "A") ... UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
                return true
            default: return false
            }
        }
        return hexadecimal && (parts.count == 1 || isNameShaped(String(parts[1])))
    }
}

/// Why a text is not an endpoint.
public struct EndpointError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case noPort, noHost, badHost, badPort, bareIPv6, unclosedBracket
    }

    public let text: String
    public let reason: Reason

    public var description: String {
        let why =
            switch reason {
            case .noPort: "the port is missing"
            case .noHost: "the host is missing"
            case .badHost: "the host is neither a name nor an address"
            case .badPort: "the port is not a number from 0 to \(LayoutLimits.ports.upperBound)"
            case .bareIPv6: "an IPv6 address stands in brackets"
            case .unclosedBracket: "the bracket is not closed"
            }
        return "\"\(text)\" is not an address: \(why); write host:port or [IPv6]:port"
    }
}
