// How a process of ours ends, as a number that scripts can rely on. From 64 on the numbers are those of sysexits.h.

/// The exit codes of every `coterie` command and of an embedded node's errors. Numbers are never reused.
public enum ExitStatus: Int32, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Done.
    case ok = 0
    /// The request was answered with a failure, and nothing was applied.
    case failed = 1
    /// There is no such key.
    case notFound = 3
    /// A write whose outcome is not known: it may have been applied, or may still appear.
    case unknownOutcome = 4
    /// The quorum that was asked for was not met.
    case quorumNotMet = 5
    /// A condition on a write did not hold.
    case preconditionFailed = 6
    /// A run broke a promise of the store: safety.
    case promiseBroken = 20
    /// A cluster did not come to rest after its faults: liveness.
    case notAtRest = 21
    /// Two simulated runs that should be equal differ: determinism.
    case runsDiffer = 22
    /// The code trapped or hung in a simulated run: a crash.
    case crashed = 23
    /// A scenario expected what did not come.
    case expectationFailed = 24
    /// The command line is wrong.
    case usage = 64
    /// Data handed in is malformed: a causal context, a value, a scenario.
    case badData = 65
    /// Something needed cannot be reached: a node, a port that is busy.
    case unreachable = 69
    /// A fault of our own.
    case internalFault = 70
    /// A file or directory cannot be created or written.
    case cannotCreate = 73
    /// An input or output error, or a store that is corrupt.
    case ioError = 74
    /// Another process holds what is needed: a data directory.
    case locked = 75
    /// The configuration is wrong.
    case badConfiguration = 78
    /// Ended by Ctrl-C before it was done.
    case interrupted = 130

    /// What the code means, in a few words.
    public var description: String {
        switch self {
        case .ok: "done"
        case .failed: "the request failed, nothing was applied"
        case .notFound: "no such key"
        case .unknownOutcome: "outcome unknown: the write may have been applied"
        case .quorumNotMet: "quorum not met"
        case .preconditionFailed: "precondition failed"
        case .promiseBroken: "a run broke a promise (safety)"
        case .notAtRest: "a cluster did not come to rest (liveness)"
        case .runsDiffer: "simulated runs that should be equal differ (determinism)"
        case .crashed: "the code trapped or hung in a simulated run (crash)"
        case .expectationFailed: "an expectation of a scenario failed"
        case .usage: "bad usage"
        case .badData: "malformed data"
        case .unreachable: "not reachable, or port busy"
        case .internalFault: "internal fault"
        case .cannotCreate: "cannot create or write"
        case .ioError: "input/output error or corrupt store"
        case .locked: "in use by another process"
        case .badConfiguration: "bad configuration"
        case .interrupted: "interrupted"
        }
    }
}
