// What is checked before a connection may carry anything else than hellos. Pure: a hello and what we are, in; a
// reason to refuse, or none, out.
//
// Both ends say hello first. The one that was dialled answers only a hello that it accepts, so that its own hello is at
// once the acceptance, and the dialler says nothing more before it has it. The dialler checks in turn.

import CoteriePrimitives
import CoterieRing
import CoterieWire

/// Who this process is, for those that it speaks to.
public struct LocalMember: Hashable, Sendable {
    public let number: MemberNumber
    public let name: String
    /// Drawn at this start of the process: the nonce of its incarnation.
    public let nonce: UInt64

    public init(number: MemberNumber, name: String, nonce: UInt64) {
        self.number = number
        self.name = name
        self.nonce = nonce
    }

    public init(_ member: Member, nonce: UInt64) {
        self.init(number: member.number, name: member.name, nonce: nonce)
    }

    func hello(_ layout: Layout) -> Hello {
        Hello(
            clusterName: layout.clusterName, speaker: .member(number: number, name: name, nonce: nonce),
            epoch: layout.epoch, layoutDigest: layout.digest)
    }
}

struct Handshake {
    let local: LocalMember
    let layout: Layout

    /// Why the speaker is not let in; nil where it may be. Whether it is a second bearer of a number is not seen here.
    func objection(to hello: Hello) -> Refusal? {
        versionObjection(hello) ?? clusterObjection(hello) ?? speakerObjection(hello) ?? layoutObjection(hello)
    }

    private func versionObjection(_ hello: Hello) -> Refusal? {
        if hello.minVersion <= Hello.version, hello.maxVersion >= Hello.version { return nil }
        return Refusal(
            .unsupportedVersion,
            "protocol versions \(hello.minVersion) to \(hello.maxVersion); \(local.name) speaks \(Hello.version)")
    }

    private func clusterObjection(_ hello: Hello) -> Refusal? {
        if hello.clusterName == layout.clusterName { return nil }
        if case .client = hello.speaker, hello.clusterName.isEmpty { return nil }
        return Refusal(
            .wrongCluster, "\(local.name) belongs to cluster \"\(layout.clusterName)\", not \"\(hello.clusterName)\"")
    }

    private func speakerObjection(_ hello: Hello) -> Refusal? {
        guard case .member(let number, let name, _) = hello.speaker else { return nil }
        if number == local.number {
            return Refusal(.duplicateMember, "\(local.name) itself is \(number); is \(number) started twice?")
        }
        guard let member = layout.member(number) else {
            return Refusal(.unknownMember, "\(number) \"\(name)\" is not in the layout of \(layout.epoch)")
        }
        guard member.name == name else {
            return Refusal(.unknownMember, "\(number) is \"\(member.name)\" in the layout, not \"\(name)\"")
        }
        return nil
    }

    private func layoutObjection(_ hello: Hello) -> Refusal? {
        guard hello.epoch == layout.epoch, hello.layoutDigest != 0, hello.layoutDigest != layout.digest else {
            return nil
        }
        return Refusal(
            .differentLayout,
            "the layouts of \(layout.epoch) differ: \(String(hello.layoutDigest, radix: 16)) there, "
                + "\(String(layout.digest, radix: 16)) on \(local.name); were the nodes configured differently?")
    }
}
