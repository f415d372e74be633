import ArgumentParser
import CoterieClient
import CoteriePrimitives
import CoterieServer
import CoterieWire
import NIOCore
import Testing

@testable import CoterieCommandLine

@Suite struct DataTextTests {
    @Test func aPreviewIsOneShortLine() {
        let cases: [(String, String)] = [
            ("milk", "\"milk\""), ("a\nb\tc", "\"a\\nb\\tc\""), ("", "\"\""), ("\u{1B}[31m", "\"·[31m\""),
            (String(repeating: "x", count: 60), "\"" + String(repeating: "x", count: 48) + "\"…"),
        ]
        for (value, shown) in cases { #expect(DataText.preview(ByteBuffer(string: value)) == shown) }
        #expect(DataText.preview(ByteBuffer(bytes: [0xff, 0xfe])) == "(not text)")
    }

    @Test func aLongTextThatIsCutInAMultibyteLetterIsStillText() {
        let value = ByteBuffer(string: "a" + String(repeating: "é", count: 200))
        #expect(DataText.preview(value).hasPrefix("\"aé"))
    }

    @Test func siblingsAreListedWithTheCommandThatResolvesThem() {
        let values = ["milk", "eggs"].map { Content(ByteBuffer(string: $0), contentType: "text/plain") }
        let lines = DataText.siblings(
            values, vtags: ["v1", "v2"], context: "CTX", of: KeyName(type: "carts", bucket: "b", key: "a b"),
            flags: " --data d", on: Output(descriptor: 1, isTerminal: false, environment: [:]))
        #expect(lines[0] == "2 siblings of carts/b/a b: written without having seen each other")
        #expect(lines[2].contains("v1") && lines[2].contains("\"milk\""))
        #expect(lines.last == "to resolve them:      coterie put b 'a b' --type carts VALUE --data d --context CTX")
    }

    @Test func exitCodesFollowTheOutcomeFirst() {
        typealias Case = (code: CoterieError.Code, outcome: CoterieError.Outcome, status: CoterieServer.ExitStatus)
        let cases: [Case] = [
            (.timeout, .unknown, .unknownOutcome), (.insufficientReplicas, .unknown, .unknownOutcome),
            (.insufficientReplicas, .notApplied, .quorumNotMet), (.timeout, .notApplied, .quorumNotMet),
            (.preconditionFailed, .notApplied, .preconditionFailed), (.unreachable, .notApplied, .unreachable),
            (.malformedContext, .notApplied, .badData), (.badQuorum, .notApplied, .usage),
            (.unknownBucketType, .notApplied, .usage), (.resolverFailed, .notApplied, .failed),
        ]
        for (code, outcome, status) in cases {
            #expect(CoterieError(code, "x", outcome: outcome).exitStatus == status, "\(code) \(outcome)")
        }
    }

    @Test func flagsBecomeOptions() throws {
        let command = try PutCommand.parse([
            "b", "k", "v", "--w", "all", "--pw", "1", "--dw", "2", "--r", "quorum", "--n", "3", "--node-confirms", "2",
            "--timeout", "250", "--no-sloppy",
        ])
        let options = command.flags.options
        #expect(options.w == .all && options.pw == .count(1) && options.dw == .count(2) && options.r == .quorum)
        #expect(options.n == 3 && options.nodeConfirms == 2 && options.timeout == .milliseconds(250))
        #expect(options.sloppy == false)
        #expect(try PutCommand.parse(["b", "k", "v", "--timeout", "2s"]).flags.options.timeout == .seconds(2))
        #expect(try PutCommand.parse(["b", "k", "v"]).flags.options == RequestOptions())
    }

    @Test func wrongFlagsAreRefused() {
        for arguments in [
            ["--w", "most"], ["--w", "-1"], ["--timeout", "soon"], ["--timeout", "0"], ["--n", "0"], ["--n", "99"],
            ["--if-absent", "--if-unmodified", "x"],
        ] {
            #expect(throws: (any Error).self, "\(arguments)") { try PutCommand.parse(["b", "k", "v"] + arguments) }
        }
    }

    @Test func aTimeIsWrittenForPeopleAndScripts() {
        #expect(WallClockText.of(WallTime(milliseconds: 1_700_000_000_123)) == "2023-11-14T22:13:20.123Z")
    }
}
