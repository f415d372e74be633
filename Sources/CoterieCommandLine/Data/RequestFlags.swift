// What `put`, `get` and `delete` have in common on the command line.

import ArgumentParser
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieWire

/// The quorums and the patience of one request.
struct RequestFlags: ParsableArguments {
    @Option(
        name: .customLong("type"),
        help: ArgumentHelp(
            "The bucket type (default: default; of a command for one type the one named after it, such as counters).",
            valueName: "type"))
    var givenType: String?

    var type: String { givenType ?? "default" }

    @Option(help: ArgumentHelp("Replicas that must answer a read: a number, one, quorum or all.", valueName: "quorum"))
    var r: QuorumFlag?

    @Option(help: ArgumentHelp("Replicas that must acknowledge a write.", valueName: "quorum"))
    var w: QuorumFlag?

    @Option(help: ArgumentHelp("Owners among those that answer a read.", valueName: "quorum"))
    var pr: QuorumFlag?

    @Option(help: ArgumentHelp("Owners among those that acknowledge a write.", valueName: "quorum"))
    var pw: QuorumFlag?

    @Option(help: ArgumentHelp("Owners that must have fsynced a write.", valueName: "quorum"))
    var dw: QuorumFlag?

    @Option(help: ArgumentHelp("The bucket type's n: refused where it is another.", valueName: "count"))
    var n: Int?

    @Option(name: .long, help: ArgumentHelp("Distinct machines that must take part.", valueName: "count"))
    var nodeConfirms: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("How long the request may take: 500ms, 2s, 1m (default: 10s).", valueName: "time"))
    var timeout: TimeFlag?

    @Flag(name: .long, inversion: .prefixedNo, help: "Whether fallbacks may stand in for absent owners.")
    var sloppy: Bool?

    @Flag(name: .long, help: "Say what was asked and met, and who answered.")
    var receipt = false

    @Flag(name: .long, help: "One JSON object, for scripts.")
    var json = false

    func validate() throws {
        for (name, value) in [("n", n), ("node-confirms", nodeConfirms)] {
            if let value, !LayoutLimits.replicas.contains(value) {
                throw ValidationError(
                    "--\(name) \(value): allowed are \(LayoutLimits.replicas.lowerBound) to "
                        + "\(LayoutLimits.replicas.upperBound)")
            }
        }
        if let timeout, timeout.span <= .zero || timeout.span > Limits().maxTimeout {
            throw ValidationError(
                "--timeout: allowed is more than 0, up to \(SettingText.text(of: Limits().maxTimeout))")
        }
    }

    var options: RequestOptions {
        var options = RequestOptions()
        options.r = r?.quorum
        options.w = w?.quorum
        options.pr = pr?.quorum
        options.pw = pw?.quorum
        options.dw = dw?.quorum
        options.n = n
        options.nodeConfirms = nodeConfirms
        options.timeout = timeout?.span
        options.sloppy = sloppy
        return options
    }
}

/// A quorum on the command line.
struct QuorumFlag: ExpressibleByArgument, Hashable, Sendable {
    let quorum: Quorum

    init(quorum: Quorum) { self.quorum = quorum }

    init?(argument: String) {
        guard let quorum = Quorum(parsing: argument) else { return nil }
        self.quorum = quorum
    }

    static var allValueStrings: [String] { ["one", "quorum", "all", "0 … n"] }
    static var defaultCompletionKind: CompletionKind { .list(["one", "quorum", "all"]) }
}

/// A length of time on the command line.
struct TimeFlag: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
    let span: TimeSpan

    init(span: TimeSpan) { self.span = span }

    init?(argument: String) {
        // Milliseconds where no unit is given, as everywhere in HTTP's parameters.
        if let milliseconds = Int64(argument), milliseconds < 1 << 40 {
            span = .milliseconds(milliseconds)
        } else if let parsed = try? SettingText.span(argument) {
            span = parsed
        } else {
            return nil
        }
    }

    var description: String { SettingText.text(of: span) }
    var defaultValueDescription: String { description }
}
