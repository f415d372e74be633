// How far a node is with its deletes, and who holds them up.

extension NodeStatus {
    /// Markers that wait to be reclaimed, and the rounds that they wait for.
    public struct Deletes: Codable, Hashable, Sendable {
        /// The round that the node has reached.
        public var round: UInt64
        /// Up to where somebody wants all members to move.
        public var wantedRound: UInt64
        /// Markers of which some owner may lack an event.
        public var waiting: Int
        /// Markers that every owner has, and that rest until all members are rounds further.
        public var resting: Int
        /// Whether the store is being looked through for markers that are in neither number yet.
        public var isSearching: Bool
        /// By name: owners that have not told that they have what the waiting markers need.
        public var unadvertised: [String]
        /// By name: members that have not reached the node's round, where it is to go on.
        public var behind: [String]
        /// How long the node has been in its round; nil: since before its start.
        public var sinceMilliseconds: Int64?

        public init(
            round: UInt64, wantedRound: UInt64, waiting: Int, resting: Int, isSearching: Bool, unadvertised: [String],
            behind: [String], sinceMilliseconds: Int64?
        ) {
            self.round = round
            self.wantedRound = wantedRound
            self.waiting = waiting
            self.resting = resting
            self.isSearching = isSearching
            self.unadvertised = unadvertised
            self.behind = behind
            self.sinceMilliseconds = sinceMilliseconds
        }

        /// What holds deletes up, in words; nil where nothing does.
        public var hindrance: String? {
            var reasons: [String] = []
            if waiting > 0, !unadvertised.isEmpty {
                reasons.append("\(unadvertised.joined(separator: ", ")) may lack events of \(waiting) deletes")
            }
            if !behind.isEmpty {
                reasons.append("round \(round) waits for \(behind.joined(separator: ", "))")
            }
            return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
        }
    }
}
