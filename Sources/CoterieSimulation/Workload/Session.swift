// A session: one user who does one thing after the other and remembers the contexts that it was told.

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
    var memory: SessionMemory
    var call: Call?
    var calls: UInt64 = 0

    init(client: Int?, process: ProcessNumber, keys: Int) {
        self.client = client
        self.process = process
        memory = SessionMemory(keys: keys)
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
