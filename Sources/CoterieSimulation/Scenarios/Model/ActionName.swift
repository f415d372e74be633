// The plain names of what a step does, with the parameters that each takes and the stages that can play it. This table
// is the format's reference: the reader, the errors and the documentation's test go by it.

/// The name that says what a step does.
public enum ActionName: String, Hashable, Sendable, CaseIterable {
    case kill
    case powerLoss = "power loss"
    case blackout
    case stop
    case start
    case restart
    case wipe
    case pause
    case resume
    case partition
    case cut
    case slowLink = "slow link"
    case lossyLink = "lossy link"
    case breakConnection = "break connection"
    case clockJump = "clock jump"
    case clockDrift = "clock drift"
    case slowDisk = "slow disk"
    case fullDisk = "full disk"
    case failingFsyncs = "failing fsyncs"
    case failingAppends = "failing appends"
    case failingReads = "failing reads"
    case rot
    case clientRestart = "client restart"
    case heal
    case put
    case get
    case delete
    case await

    /// What may stand beside it, besides `at`, `after` and `name`.
    public var parameters: [String] {
        switch self {
        case .kill, .powerLoss, .blackout, .stop, .wipe, .pause: ["for"]
        case .start, .restart, .resume, .clientRestart, .heal: []
        case .partition: ["breaks", "for"]
        case .cut: ["to", "breaks", "for"]
        case .slowLink: ["to", "delay", "bytes per second", "for"]
        case .lossyLink: ["to", "lost", "repeated", "overtaken", "for"]
        case .breakConnection: ["to"]
        case .clockJump: ["by"]
        case .clockDrift: ["ppm"]
        case .slowDisk: ["factor", "for"]
        case .fullDisk: ["room", "for"]
        case .failingFsyncs, .failingAppends, .failingReads: ["share", "for"]
        case .rot: ["bits"]
        case .get: Self.ofRequests + ["r", "pr", "notfound ok", "basic quorum", "floor"]
        case .put: Self.ofRequests + Self.ofWrites + ["value", "bytes"]
        case .delete: Self.ofRequests + Self.ofWrites
        case .await: ["within"]
        }
    }

    private static let ofRequests = ["as", "on", "timeout", "sloppy", "wait", "expect"]
    private static let ofWrites = ["w", "pw", "dw", "context", "if"]

    /// The parameters of every step.
    public static let common = ["at", "after", "name"]

    /// Where it can be played: nobody takes the power from, turns the clock of, or breaks the disk under a real process.
    public var stages: [ScenarioStage] {
        switch self {
        case .powerLoss, .blackout, .clockJump, .clockDrift, .slowDisk, .fullDisk, .failingFsyncs, .failingAppends,
            .failingReads, .rot:
            [.simulator]
        case .kill, .stop, .start, .restart, .wipe, .pause, .resume, .partition, .cut, .slowLink, .lossyLink,
            .breakConnection, .clientRestart, .heal, .put, .get, .delete, .await:
            ScenarioStage.allCases
        }
    }

    /// Why only some stages can play it.
    var whyNotProcesses: String {
        switch self {
        case .powerLoss, .blackout: "nobody takes the power from a real process"
        case .clockJump, .clockDrift: "nobody turns a real machine's clock"
        default: "nobody breaks a real machine's disk"
        }
    }
}
