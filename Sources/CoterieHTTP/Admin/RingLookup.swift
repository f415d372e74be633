// The answer of `GET /admin/ring?type=&bucket=&key=`: where a key lives.

import CoteriePrimitives
import CoterieRing
import NIOCore

/// Where a key lives: its hash, partition and preference list.
public struct RingLookup: Codable, Hashable, Sendable {
    public var type: String
    public var bucket: String
    public var key: String
    /// The hash that places the key, 16 hexadecimal digits.
    public var hash: String
    public var partition: Int
    /// How many replicas the key has.
    public var n: Int
    public var epoch: UInt64
    /// The owners, in the order of preference.
    public var primaries: [Place]
    /// Who stands in for absent owners, in order.
    public var fallbacks: [Place]

    /// A member of the preference list.
    public struct Place: Codable, Hashable, Sendable {
        public var name: String
        public var number: UInt32
        public var zone: String
        public var peer: String
        public var http: String
        /// The partition's slot that it owns; absent for a fallback.
        public var slot: Int?

        public init(name: String, number: UInt32, zone: String, peer: String, http: String, slot: Int?) {
            self.name = name
            self.number = number
            self.zone = zone
            self.peer = peer
            self.http = http
            self.slot = slot
        }
    }

    /// Looks `key` up; `type` is its bucket type.
    public init(_ key: ObjectKey, type: BucketType, in layout: Layout) {
        let group = layout.group(for: key, n: type.n)
        let list = layout.preferenceList(for: group)
        let slots = layout.slots(of: group.partition)
        func places(_ numbers: [MemberNumber]) -> [Place] {
            numbers.compactMap { number in
                layout.member(number).map { member in
                    Place(
                        name: member.name, number: number.rawValue, zone: member.zone,
                        peer: member.peer.description, http: member.http.description,
                        slot: slots.prefix(type.n).firstIndex(of: number))
                }
            }
        }
        self.type = type.name
        bucket = String(buffer: key.bucket)
        self.key = String(buffer: key.key)
        let digits = String(key.hash(with: layout.hashKey), radix: 16)
        hash = String(repeating: "0", count: 16 - digits.count) + digits
        partition = Int(group.partition.rawValue)
        n = type.n
        epoch = layout.epoch.rawValue
        primaries = places(list.primaries)
        fallbacks = places(list.fallbacks)
    }
}
