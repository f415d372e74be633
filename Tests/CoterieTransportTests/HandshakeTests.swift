// Who is let in, and what the others are told.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import Testing

@testable import CoterieTransport

struct HandshakeTests {
    private let layout: Layout
    private let handshake: Handshake

    init() throws {
        layout = try nowhere(3)
        handshake = Handshake(local: LocalMember(number: MemberNumber(2), name: "n2", nonce: 5), layout: layout)
    }

    private func hello(_ change: (inout Hello) -> Void = { _ in }) -> Hello {
        var hello = Hello(
            clusterName: "test", speaker: .member(number: MemberNumber(1), name: "n1", nonce: 9), epoch: Epoch(1),
            layoutDigest: layout.digest)
        change(&hello)
        return hello
    }

    @Test func aMemberOfTheLayoutIsLetIn() { #expect(handshake.objection(to: hello()) == nil) }

    @Test func aClientMayNotCareForTheClusterButNotNameAnother() {
        #expect(
            handshake.objection(
                to: Hello(clusterName: "", speaker: .client(name: "c"), epoch: Epoch(0), layoutDigest: 0)) == nil)
        #expect(
            handshake.objection(
                to: Hello(clusterName: "x", speaker: .client(name: "c"), epoch: Epoch(0), layoutDigest: 0))?
                .reason == .wrongCluster)
    }

    @Test func everyObjectionNamesWhatIsWrong() {
        func refusal(_ change: (inout Hello) -> Void) -> Refusal {
            handshake.objection(to: hello(change)) ?? .init(.other, "none")
        }
        let cluster = refusal { $0.clusterName = "live" }
        #expect(cluster == Refusal(.wrongCluster, "n2 belongs to cluster \"test\", not \"live\""))
        let version = refusal {
            $0.minVersion = 7
            $0.maxVersion = 9
        }
        #expect(version == Refusal(.unsupportedVersion, "protocol versions 7 to 9; n2 speaks 1"))
        #expect(
            refusal { $0.speaker = .member(number: MemberNumber(9), name: "n9", nonce: 1) }.reason == .unknownMember)
        let renamed = refusal { $0.speaker = .member(number: MemberNumber(1), name: "n3", nonce: 1) }
        #expect(renamed == Refusal(.unknownMember, "m1 is \"n1\" in the layout, not \"n3\""))
        #expect(
            refusal { $0.speaker = .member(number: MemberNumber(2), name: "n2", nonce: 1) }.reason == .duplicateMember)
        #expect(refusal { $0.layoutDigest ^= 1 }.reason == .differentLayout)
    }

    @Test func anotherEpochsLayoutMayDiffer() {
        #expect(handshake.objection(to: hello { ($0.epoch, $0.layoutDigest) = (Epoch(2), 77) }) == nil)
    }

    @Test func aRangeOfVersionsThatHoldsOursWillDo() {
        #expect(handshake.objection(to: hello { ($0.minVersion, $0.maxVersion) = (0, 4) }) == nil)
    }

    @Test func pausesDoubleUpToABoundAndAreShortAgainAfterSuccess() {
        var backoff = Backoff(initial: .milliseconds(10), longest: .milliseconds(250), seed: 1)
        for whole in [10, 20, 40, 80, 160, 250, 250] {
            let pause = backoff.next()
            #expect(pause >= .milliseconds(Int64(whole / 2)) && pause <= .milliseconds(Int64(whole)))
        }
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(10))
    }

    @Test func settingsThatCannotHoldAreNamed() {
        #expect(TransportSettings().problem == nil)
        var settings = TransportSettings()
        settings.reconnectMax = .milliseconds(1)
        #expect(settings.problem == "reconnectMax (1ms) must not be less than reconnectInitial (10ms)")
    }
}
