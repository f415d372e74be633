// A page that one member served may talk to the doors of all: the cart's page shows two nodes side by side. Pages from
// anywhere else may not: browsers then keep the answers from them (the Fetch standard, section 3.2).

import CoterieRing
import HTTPTypes

enum CrossOrigin {
    /// Whether an `Origin` header names the door of a member.
    static func isMember(_ origin: String, of layout: Layout) -> Bool {
        guard let place = place(of: origin) else { return false }
        return layout.members.contains { member in
            member.http.port == place.port && host(member.http.host) == host(place.host)
        }
    }

    /// Adds what lets the browser hand the answer to the page.
    static func allow(_ origin: String, _ answer: inout Answer) {
        answer.headers[.accessControlAllowOrigin] = origin
        answer.headers[.accessControlExposeHeaders] =
            "ETag, Location, X-Riak-Vclock, X-Coterie-Receipt, X-Coterie-Error, X-Coterie-Outcome"
        let vary = answer.headers[.vary]
        answer.headers[.vary] = vary.map { "\($0), Origin" } ?? "Origin"
    }

    /// The answer to the question that a browser asks before it sends what is no simple request.
    static func preflight(_ resource: Resource) -> Answer {
        var answer = Answer(.noContent)
        answer.headers[.accessControlAllowMethods] = resource.methods.map(\.rawValue).joined(separator: ", ")
        answer.headers[.accessControlAllowHeaders] =
            "Accept, Content-Type, If-Match, If-None-Match, X-Riak-Vclock, X-Coterie-Min-Context, "
            + "X-Coterie-Operation-Id"
        answer.headers[.accessControlMaxAge] = "600"
        return answer
    }

    /// "http://127.0.0.1:8101"; port 80 where none is given.
    private static func place(of origin: String) -> (host: String, port: Int)? {
        guard origin.hasPrefix("http://") else { return nil }
        let rest = origin.dropFirst(7)
        guard let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") else { return (String(rest), 80) }
        guard let port = Int(rest[rest.index(after: colon)...]) else { return nil }
        return (String(rest[..<colon]), port)
    }

    /// A machine's names for itself are one.
    private static func host(_ name: String) -> String {
        ["localhost", "127.0.0.1", "[::1]", "::1"].contains(name) ? "localhost" : name
    }
}
