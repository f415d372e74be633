// Tells what a demonstration does, and keeps count of what it claimed.

import CoterieServer
import Synchronization

/// Writes the story; every claim is checked, and one that does not hold is remembered.
final class Narrator: Sendable {
    let output: Output
    private let broken = Mutex<[String]>([])
    private let held = Mutex(0)
    private let acts = Mutex(0)

    init(output: Output) { self.output = output }

    /// Claims that did not hold.
    var brokenClaims: [String] { broken.withLock { $0 } }
    var heldClaims: Int { held.withLock { $0 } }

    /// A new chapter.
    func act(_ title: String) {
        let number = acts.withLock { count in
            count += 1
            return count
        }
        output.line("")
        output.line(output.styled("\(number). \(title)", .bold))
    }

    /// A sentence of the story.
    func say(_ text: String) { output.line("   " + text) }

    /// A command that does what happens now, for whoever wants to try it.
    func command(_ text: String) { output.line("   " + output.styled("$ \(text)", .cyan)) }

    /// What a command answered.
    func answer(_ text: String) { output.line("   " + output.styled(text, .dim)) }

    /// Something that must hold.
    func claim(_ text: String, _ holds: Bool, _ detail: String = "") {
        let mark = holds ? output.styled("✓", .green) : output.styled("✗", .bold, .red)
        let tail = holds || detail.isEmpty ? "" : output.styled(" (\(detail))", .red)
        output.line("   \(mark) \(text)\(tail)")
        if holds {
            held.withLock { $0 += 1 }
        } else {
            broken.withLock { $0.append(detail.isEmpty ? text : "\(text) (\(detail))") }
        }
    }

    /// The end of the story; throws where a claim did not hold.
    func conclude() throws {
        output.line("")
        guard brokenClaims.isEmpty else {
            let list = brokenClaims.map { "  \($0)" }.joined(separator: "\n")
            throw CommandFailure(.failed, "\(brokenClaims.count) claims did not hold:\n\(list)")
        }
        output.line(output.styled("All \(heldClaims) claims held.", .bold, .green))
    }
}
