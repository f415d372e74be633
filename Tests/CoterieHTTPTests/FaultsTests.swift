// The admin door for faults of links: there where they are allowed, nowhere else, and clear about what is wrong.

import CoteriePrimitives
import CoterieTransport
import HTTPTypes
import NIOCore
import Synchronization
import Testing

@testable import CoterieHTTP

@Suite struct FaultsTests {
    private let node = FakeNode(allowsFaults: true)

    @Test func withoutPermissionThePathIsAsUnknownAsAnyOther() async throws {
        let node = FakeNode()
        let unknown = try await node.answer(.get, "/admin/fault")
        for method in [HTTPRequest.Method.get, .put, .delete, .post] {
            let answer = try await node.answer(method, "/admin/faults", body: #"{"rules":[]}"#)
            #expect(answer.status == .notFound)
            #expect(answer.body == unknown.body)
            #expect(answer.headers == unknown.headers)
        }
        #expect(node.state.withLock { $0.faults } == FaultTable())
    }

    @Test func whatIsPutIsReadBackAndDeleted() async throws {
        let body = """
            {"seed":7,"rules":[{"to":"n2","cut":"break"},{"from":"n2","cut":"stall"},
            {"to":"clients","delay":{"constant":20,"jitter":5},"bandwidth":1000},
            {"to":"clients","named":"c1","cut":"stall"},
            {"from":"clients","loss":{"percent":2.5,"retransmit":300}},
            {"to":"n3","delay":{"mixture":[{"weight":91.22,"delay":{"pareto":{"scale":0.235,"shape":10}}},
             {"weight":8.78,"delay":{"sum":[{"exponential":{"mean":0.602}},{"uniform":[1,2]}]}}]}}]}
            """
        #expect(try await node.answer(.put, "/admin/faults", body: body).status == .ok)
        var expected = FaultTable(seed: 7)
        expected[FaultyLinkName(.to, .member("n2"))] = LinkFault(cut: .break)
        expected[FaultyLinkName(.from, .member("n2"))] = LinkFault(cut: .stall)
        expected[FaultyLinkName(.to, .clients)] = LinkFault(
            delay: .uniform(from: 15, to: 25), bytesPerSecond: 1_000)
        expected[FaultyLinkName(.to, .client(named: "c1"))] = LinkFault(cut: .stall)
        expected[FaultyLinkName(.from, .clients)] = LinkFault(
            loss: LinkLoss(perMillion: 25_000, retransmit: .milliseconds(300)))
        expected[FaultyLinkName(.to, .member("n3"))] = LinkFault(
            delay: .mixture([
                .init(weight: 91.22, delay: .pareto(scale: 0.235, shape: 10)),
                .init(weight: 8.78, delay: .sum(.exponential(mean: 0.602), .uniform(from: 1, to: 2))),
            ]))
        #expect(node.state.withLock { $0.faults } == expected)
        let shown = try await node.answer(.get, "/admin/faults")
        #expect(try FaultTable(json: shown.body) == expected)
        #expect(
            try await node.answer(.delete, "/admin/faults").body == ByteBuffer(string: "{\"rules\":[],\"seed\":7}\n"))
        #expect(node.state.withLock { $0.faults } == FaultTable(seed: 7))
    }

    @Test(arguments: [
        ("{", "is not JSON"), ("[]", "an object of seed, rules, not []"), ("{}", "rules: is a list"),
        (#"{"rules":[],"seed":-1}"#, "seed: is a number from 0"),
        (#"{"rule":[]}"#, "no \"rule\"; allowed are seed, rules"),
        (#"{"rules":[{"cut":"stall"}]}"#, "rules[0]: has either \"to\" or \"from\""),
        (#"{"rules":[{"to":"n2","from":"n3","cut":"stall"}]}"#, "rules[0]: has either \"to\" or \"from\""),
        (#"{"rules":[{"to":"n2"}]}"#, "rules[0]: does nothing"),
        (#"{"rules":[{"to":"n2","named":"c1","cut":"stall"}]}"#, "rules[0].named: is the name of some of the clients"),
        (#"{"rules":[{"to":"n2","cut":true}]}"#, "rules[0].cut: is \"stall\" or \"break\", not true"),
        (#"{"rules":[{"to":"n2","cut":"stall"},{"to":"n2","cut":"break"}]}"#, "rules[1]: there is a rule for to n2"),
        (#"{"rules":[{"to":"n9","cut":"stall"}]}"#, "no member \"n9\"; the ends of its links are n2, n3, n4, n5 and"),
        (#"{"rules":[{"to":"n1","cut":"stall"}]}"#, "n1 is this node itself"),
        (#"{"rules":[{"to":"n2","delay":20}]}"#, "rules[0].delay: is an object of one form, not 20"),
        (#"{"rules":[{"to":"n2","delay":{"constant":-1}}]}"#, "constant is 0.0 to 600000.0 milliseconds, not -1.0"),
        (#"{"rules":[{"to":"n2","delay":{"constant":1,"jitter":2}}]}"#, "jitter: is 0 to the constant"),
        (#"{"rules":[{"to":"n2","delay":{"gauss":1}}]}"#, "has gauss; it has one of constant"),
        (#"{"rules":[{"to":"n2","delay":{"pareto":{"scale":1,"shape":0}}}]}"#, "pareto's shape is more than 0"),
        (#"{"rules":[{"to":"n2","delay":{"mixture":[{"delay":{"constant":1}}]}}]}"#, "[0].weight: is missing"),
        (#"{"rules":[{"to":"n2","loss":{"percent":101}}]}"#, "percent: is a number from 0 to 100, not 101"),
        (#"{"rules":[{"to":"n2","bandwidth":0}]}"#, "bandwidth: is a number from 1"),
    ])
    func whatIsWrongIsNamedWithWhatIsAllowed(_ body: String, _ text: String) async throws {
        let answer = try await node.answer(.put, "/admin/faults", body: body)
        #expect(answer.status == .badRequest)
        #expect(String(buffer: answer.body).contains(text), "\(String(buffer: answer.body))")
        #expect(node.state.withLock { $0.faults } == FaultTable())
    }
}
