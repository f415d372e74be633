// Who is ready, while nodes start: redrawn in place on a terminal, one line as each becomes ready elsewhere.

import CoterieRing

/// What is known of each node that is started.
struct StartupProgress {
    private let members: [Member]
    private let output: Output
    /// What is said of those that are waited for no longer.
    private var done: [String: String] = [:]
    private var service: [String: String] = [:]
    private var screen: LiveLines?
    private var turn = 0
    private static let spinner = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

    private let indent: String

    init(members: [Member], output: Output, indent: String) {
        self.indent = indent
        self.members = members
        self.output = output
        if output.isTerminal { screen = LiveLines(output) }
    }

    var isComplete: Bool { done.count == members.count }

    func isReady(_ member: Member) -> Bool { done[member.name] != nil }

    mutating func setReady(_ member: Member, after: Duration, wasRunning: Bool) {
        let seconds = Double(after.components.seconds) + Double(after.components.attoseconds) / 1e18
        finish(
            member, wasRunning ? "runs already" : "ready after \(LocalStatusTable.decimal(seconds, digits: 2)) s")
    }

    /// It answers and does not serve yet.
    mutating func setService(_ member: Member, _ name: String) { service[member.name] = Self.words(for: name) }

    /// It answers, does not serve yet, and is not waited for any longer.
    mutating func setUnready(_ member: Member, _ name: String) {
        finish(member, "runs, \(Self.words(for: name)) (coterie local status tells when it serves)")
    }

    private mutating func finish(_ member: Member, _ text: String) {
        done[member.name] = text
        if screen == nil { output.line("\(indent)\(member.name)  \(text)  peer \(member.peer)  http \(member.http)") }
    }

    static func words(for service: String) -> String {
        switch service {
        case "introducing": "waits for a majority of its peers"
        case "refilling": "is refilled by its peers"
        default: service
        }
    }

    mutating func draw() {
        guard screen != nil else { return }
        turn += 1
        let lines = members.map { member in
            let mark =
                done[member.name] == nil
                ? output.styled(String(Self.spinner[turn % Self.spinner.count]), .yellow) : output.styled("✓", .green)
            return "\(indent)\(mark) \(member.name)  \(done[member.name] ?? service[member.name] ?? "starting")"
        }
        screen?.draw(lines)
    }

    mutating func finish() { screen?.leave() }
}
