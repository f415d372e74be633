// A node as the client sees it: where it may be reached, its connections, and how it has behaved.

import CoteriePrimitives
import CoterieRing
import DequeModule

/// A node that the client may connect to. Its index in the machine's list names it.
struct Node: Sendable {
    /// Where it may be reached.
    var addresses: [Endpoint]
    /// Which of them works, or is tried next.
    var preferred = 0
    /// Who it is: by the layout, or by its own hello.
    var member: MemberNumber?
    /// One place for each connection.
    var links: [Link?]
    /// Calls for which all connections are full, in order; numbers of calls that have gone elsewhere stay until met.
    var queue = Deque<UInt64>()
    /// How many of them are really there.
    var queued = 0
    /// How many of the links are up.
    var upLanes = 0
    /// Calls that wait for an answer over any of the links.
    var outstanding = 0
    /// Attempts to connect that failed in a row, a connection that fell before it was of any use included.
    var failures = 0
    /// Until when no connection is tried.
    var pausedUntil: Instant?
    /// Why it is not connected.
    var trouble: String?
    /// It was silent for too long while it owed an answer: asked last.
    var isSuspect = false
    /// It says that it is stopping: asked last.
    var isStopping = false
    /// No longer of the cluster: nothing new is sent; its place is free once it is disconnected.
    var isRetired = false

    init(address: Endpoint, member: MemberNumber?, lanes: Int) {
        addresses = [address]
        self.member = member
        links = Array(repeating: nil, count: lanes)
    }

    /// Where it is reached now, or would be next.
    var address: Endpoint { addresses[preferred % addresses.count] }

    var isUp: Bool { upLanes > 0 }
    var isConnecting: Bool { links.contains { $0.map { !$0.isUp } ?? false } }
    var hasNoLink: Bool { links.allSatisfy { $0 == nil } }
    /// Requests sent and unanswered over all its connections, and those that wait for room.
    var load: Int { queued + outstanding }

    /// Whether a connected lane has room.
    func hasRoom(limit: Int) -> Bool {
        for lane in links.indices where links[lane].hasRoom(limit) { return true }
        return false
    }

    /// The connected lane with the fewest requests on their way, if that has room.
    func freestLane(limit: Int) -> Int? {
        var best: Int?
        var least = limit
        for lane in links.indices where links[lane].hasRoom(least) {
            least = links[lane]?.outstanding ?? least
            best = lane
        }
        return best
    }

    /// A connected lane to that life of the node, whatever its load.
    func lane(toLife life: UInt64) -> Int? {
        links.firstIndex { $0?.life == life }
    }
}

/// One connection, from the attempt to its end.
struct Link: Sendable {
    let id: LinkID
    let address: Endpoint
    /// The member's start nonce, once the hello is here.
    var life: UInt64?
    /// Calls that wait for an answer over it.
    var outstanding = 0
    /// Since when it owes an answer and nothing was heard of it.
    var silentSince: Instant?
    /// Whether a sign of life was asked for in this silence.
    var probed = false
    /// Whether anything came after the hello: it is worth making anew at once.
    var wasUseful = false

    var isUp: Bool { life != nil }
}

extension Link? {
    /// Whether it is connected and has fewer calls on their way than `limit`.
    fileprivate func hasRoom(_ limit: Int) -> Bool {
        guard let isUp = self?.isUp, let outstanding = self?.outstanding else { return false }
        return isUp && outstanding < limit
    }
}
