// A member as the layout names it: who it is, where it stands, how much it carries.

import CoteriePrimitives

/// A node that the layout names.
public struct Member: Hashable, Sendable, CustomStringConvertible {
    /// The zone of members whose operator names none.
    public static let defaultZone = "default"

    /// Given once, never reused.
    public let number: MemberNumber
    /// What operators call it; unique in the layout.
    public let name: String
    /// What fails together (a machine, a rack, a site): a partition's slots are spread over zones.
    public let zone: String
    /// Its share of the slots, relative to the others'; at least 1.
    public let weight: Int
    /// Where other nodes and native clients reach it.
    public let peer: Endpoint
    /// Where its HTTP listener is.
    public let http: Endpoint

    public init(
        number: MemberNumber, name: String, zone: String = Member.defaultZone, weight: Int = 1, peer: Endpoint,
        http: Endpoint
    ) {
        self.number = number
        self.name = name
        self.zone = zone
        self.weight = weight
        self.peer = peer
        self.http = http
    }

    public var description: String { "\(name) (\(number), zone \(zone), weight \(weight), peer \(peer), http \(http))" }
}
