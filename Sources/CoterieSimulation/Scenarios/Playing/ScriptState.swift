// How far a scenario's timeline has been played, and what came of its requests.

import CoterieCausality
import CoterieClientMachine
import CoterieHistory
import CoteriePrimitives

/// The state of a run's timeline.
struct ScriptState {
    /// A request under way.
    struct Call {
        let record: RecordID
        let session: String
        /// The client process that it was handed to; nil: a node's own door.
        let client: Int?
    }

    /// What a named request was answered.
    struct Answer {
        let observed: ObservedAnswer
        /// What a later write may bring.
        let context: VersionVector?
        /// What a later read may demand.
        let floor: VersionVector?
    }

    /// The step that is next, or that is being waited for.
    var next = 0
    /// Whether the step `next` has begun.
    var hasBegun = false
    /// The life of each node when it began.
    var lives: [UInt32] = []
    /// When the step `next` is given up, if it waits.
    var deadline = Int64.max
    /// When the timeline began, and when the step before `next` was done.
    var began: Int64 = 0
    var lastDone: Int64 = 0
    /// The next event that will look at the timeline.
    var wakesAt = Int64.max
    var isDone = true
    /// By the places of their steps.
    var calls: [Int: Call] = [:]
    /// By the names of their steps.
    var answers: [String: Answer] = [:]
    /// Sessions that are waiting for an answer.
    var busy: Set<String> = []
    /// By name, under which number each session is recorded.
    var processes: [String: ProcessNumber] = [:]
    /// What steps have written, by the names they gave it.
    var values: [ValueID: String] = [:]
    var unmet: [UnmetExpectation] = []

    private static let mark: UInt64 = 1 << 62

    /// The number of a step's request for the client machine.
    static func call(of step: Int) -> CallID { CallID(mark | UInt64(step)) }

    /// The step that a client machine's request is of; nil for one of the workload.
    static func step(of id: CallID) -> Int? {
        id.rawValue & mark == 0 ? nil : Int(id.rawValue & ~mark)
    }
}
