// What a node says of the others: how it sees them, what it lacks of theirs, what it waits for.

extension NodeStatus {
    /// Another member, as this node sees it.
    public struct Peer: Codable, Hashable, Sendable {
        public enum State: String, Codable, Hashable, Sendable {
            case alive, suspect, dead
        }

        public var name: String
        public var number: UInt32
        public var state: State
        /// How long it has been in this state.
        public var sinceMilliseconds: Int64
        public var connected: Bool
        /// Why it is seen so; absent: it has been so since this node's start.
        public var because: String?
        /// Of a suspect: whose probes of it failed, and when it is dead if it does not refute that.
        public var accusers: [String]?
        public var deadInMilliseconds: Int64?
        /// Its own counter of refutations.
        public var refutation: UInt64?
        /// How this node stands to it; absent where they own nothing together.
        public var exchange: Exchange?
        /// Writes that this node keeps for it until it takes them; absent where the node keeps none for anybody.
        public var hints: Int?

        public init(name: String, number: UInt32, state: State, sinceMilliseconds: Int64, connected: Bool) {
            self.name = name
            self.number = number
            self.state = state
            self.sinceMilliseconds = sinceMilliseconds
            self.connected = connected
        }

        public struct Exchange: Codable, Hashable, Sendable {
            /// Groups (partitions, for the types with one n) that both own.
            public var groups: Int
            /// Events that it has told of and this node lacks.
            public var missingHere: Int
            /// Events of this node that it had not when it last told what it has; some are on their way.
            public var missingThere: Int
            /// How long ago this node last had all that it had told; absent: not yet since the start.
            public var inSyncAgoMilliseconds: Int64?
            /// For how long this node has lacked something of it.
            public var lackingMilliseconds: Int64?

            public init(
                groups: Int, missingHere: Int, missingThere: Int, inSyncAgoMilliseconds: Int64?,
                lackingMilliseconds: Int64?
            ) {
                self.groups = groups
                self.missingHere = missingHere
                self.missingThere = missingThere
                self.inSyncAgoMilliseconds = inSyncAgoMilliseconds
                self.lackingMilliseconds = lackingMilliseconds
            }
        }
    }

    /// Events that a peer has told of and this node lacks, in one partition (of the types with that n).
    public struct Missing: Codable, Hashable, Sendable {
        public var partition: Int
        public var n: Int
        public var peer: String
        public var events: Int

        public init(partition: Int, n: Int, peer: String, events: Int) {
            self.partition = partition
            self.n = n
            self.peer = peer
            self.events = events
        }
    }

    /// Something that does not come about.
    public struct Waiting: Codable, Hashable, Sendable {
        public var what: String
        public var why: String
        /// For how long.
        public var milliseconds: Int64
        /// For whom it waits.
        public var peer: String?

        public init(what: String, why: String, milliseconds: Int64, peer: String?) {
            self.what = what
            self.why = why
            self.milliseconds = milliseconds
            self.peer = peer
        }
    }

    /// Hints for one owner.
    public struct Hints: Codable, Hashable, Sendable {
        /// The owner's name.
        public var target: String
        public var count: Int
        public var bytes: Int
        /// For how long there have been any without a break, as far as this life knows.
        public var sinceMilliseconds: Int64
        public var underWay: Int
        /// Those that the owner refuses for what they hold.
        public var refused: Int
        /// What they wait for, in words; empty while they are being delivered.
        public var waitsFor: String

        public init(
            target: String, count: Int, bytes: Int, sinceMilliseconds: Int64, underWay: Int = 0, refused: Int = 0,
            waitsFor: String = ""
        ) {
            self.target = target
            self.count = count
            self.bytes = bytes
            self.sinceMilliseconds = sinceMilliseconds
            self.underWay = underWay
            self.refused = refused
            self.waitsFor = waitsFor
        }
    }
}
