// What one payload says, for people: `coterie explain` shows the events of a key by it. Nothing decides anything by it.

import CoterieCausality
import NIOCore

/// What can be told of the payload behind one live dot.
public struct PayloadSummary: Hashable, Sendable {
    /// In short, where the value that this dot alone would make says less than the payload: additions of counters.
    public let text: String?
    /// When it was written, by its minter's hybrid clock; nil of types whose payloads have no time.
    public let written: HybridTime?

    /// Of a live dot of the type with this name. Bytes that the type does not understand say nothing.
    public init(of sibling: Sibling, type name: String) {
        switch name {
        case ReplicatedSiblings.name, LastWriterWins.name:
            text = nil
            written = Content.written(in: sibling.payload)
        case ReplicatedRegister.name:
            text = nil
            written = ReplicatedRegister.time(of: sibling.payload)
        case ReplicatedCounter.name:
            text = (try? CounterEntry(sibling)).map(Self.text)
            written = nil
        default:
            text = nil
            written = nil
        }
    }

    private static func text(of entry: CounterEntry) -> String {
        switch entry {
        case .addition(let amount, let id): signed(amount) + (id.map { " as \($0)" } ?? "")
        case .fold(let sum, let anchor): "\(signed(sum)) folded, while #\(anchor) is live"
        }
    }

    private static func signed(_ amount: Int64) -> String { amount < 0 ? "\(amount)" : "+\(amount)" }
}
