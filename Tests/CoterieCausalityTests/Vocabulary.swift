// The short words of this suite: identities, dots, payloads, hex, and random values over domains small enough to collide.

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

/// The replica of a member in its `life`-th incarnation.
func replica(_ member: UInt32, life: UInt64 = 1, sub: UInt32 = 0) -> ReplicaID {
    ReplicaID(member: MemberNumber(member), incarnation: Incarnation(nonce: life, sub: sub))
}

let a = replica(1)
let b = replica(2)
let c = replica(3)

extension ReplicaID {
    /// The dot with this counter.
    func callAsFunction(_ counter: UInt64) -> Dot { Dot(self, counter) }
}

func vector(_ dots: Dot...) -> VersionVector { VersionVector(dots) }

/// What a dot writes in tests where a dot's payload must be a function of the dot.
func payload(of dot: Dot) -> ByteBuffer { ByteBuffer(string: "\(dot)") }

/// The state with this context and these live dots, which it must cover: writes each event, then drops the others.
func object(_ context: VersionVector, live: [Dot] = []) -> CausalObject {
    var object = CausalObject()
    for (replica, last) in context.entries {
        for counter in 1 ... last {
            let dot = Dot(replica, counter)
            object.write(dot: dot, payload: payload(of: dot), observed: VersionVector())
        }
    }
    object.retain { live.contains($0.dot) }
    return object
}

extension SeededGenerator {
    /// A vector over the replicas with counters up to `limit`; many of its entries are absent.
    mutating func vector(over replicas: [ReplicaID], upTo limit: Int) -> VersionVector {
        var vector = VersionVector()
        for replica in replicas where chance(2, in: 3) { vector.observe(Dot(replica, UInt64(1 + below(limit)))) }
        return vector
    }

    /// Any state over such a vector, whether a history leads to it or not.
    mutating func object(over replicas: [ReplicaID], upTo limit: Int) -> CausalObject {
        let context = vector(over: replicas, upTo: limit)
        var live: [Dot] = []
        for (replica, last) in context.entries {
            for counter in 1 ... last where chance(1, in: 2) { live.append(Dot(replica, counter)) }
        }
        return CoterieCausalityTests.object(context, live: live)
    }
}

func hex(_ buffer: ByteBuffer) -> String {
    buffer.readableBytesView.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}

func bytes(_ hex: String) -> ByteBuffer {
    let digits = hex.filter { $0 != " " }
    return ByteBuffer(
        bytes: stride(from: 0, to: digits.count, by: 2).map { position in
            let start = digits.index(digits.startIndex, offsetBy: position)
            return UInt8(digits[start ..< digits.index(start, offsetBy: 2)], radix: 16)!
        })
}
