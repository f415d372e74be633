// The names of one client's operations: so that one that is made again, through whichever node, counts once.

import CoterieTypes
import Synchronization

/// Gives each operation a name of its own.
final class OperationNames: Sendable {
    private let client = UInt64.random(in: 1 ... .max)
    private let number = Atomic<UInt64>(0)

    func next() -> OperationID {
        OperationID(client: client, number: number.add(1, ordering: .relaxed).newValue)
    }
}
