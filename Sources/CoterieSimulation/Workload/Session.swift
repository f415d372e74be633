// A session: one user who does one thing after the other and remembers the contexts that it was told.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieWire

/// One session of a run.
struct Session {
    /// What follows the answer of a request.
    enum Next {
        case nothing
        /// A put over what the read finds.
        case put(Int)
    }

    struct Call {
        let number: UInt64
        let record: RecordID
        let key: Int
        let isWrite: Bool
        let next: Next
    }

    /// The client process it lives in; nil: it asks nodes' doors.
    let client: Int?
    /// Under which its operations are recorded; another one after its process was restarted.
    var process: ProcessNumber
    /// By key: what its last read of the key showed. Only this may be replaced by its writes.
    var contexts: [VersionVector?]
    /// By key: all that it was told, which its reads may ask for.
    var floors: [VersionVector]
    var call: Call?
    var calls: UInt64 = 0

    init(client: Int?, process: ProcessNumber, keys: Int) {
        self.client = client
        self.process = process
        contexts = Array(repeating: nil, count: keys)
        floors = Array(repeating: VersionVector(), count: keys)
    }

    mutating func forget() {
        for key in contexts.indices {
            contexts[key] = nil
            floors[key] = VersionVector()
        }
    }
}

/// Who asked a node's door.
enum DoorCaller {
    case session(Int, call: UInt64, node: Int)
    case convergence(key: Int, node: Int)
    /// A request of a scenario's timeline, by its step's place.
    case step(Int, node: Int)

    var node: Int {
        switch self {
        case .session(_, _, let node), .convergence(_, let node), .step(_, let node): node
        }
    }
}
