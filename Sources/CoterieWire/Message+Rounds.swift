// How members tell each other how far they are (design, section 4, rule 8).

import CoteriePrimitives

/// "My round is durably this one." Sent at the start of a connection, when a round was reached, when one is wanted, and
/// to whoever does not know.
public struct RoundReport: Hashable, Sendable {
    /// It counts only in this epoch.
    public var epoch: Epoch
    public var round: UInt64
    /// What the sender has heard of the receiver's round; 0: nothing. Where that is less than it is, the receiver tells
    /// it again.
    public var heard: UInt64
    /// The round up to which somebody wants all to move: nobody moves for nothing.
    public var wanted: UInt64

    public init(epoch: Epoch, round: UInt64, heard: UInt64, wanted: UInt64) {
        self.epoch = epoch
        self.round = round
        self.heard = heard
        self.wanted = wanted
    }
}
