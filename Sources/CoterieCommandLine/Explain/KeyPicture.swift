// What the replicas of one key hold, put side by side: every event that any of them names, who has it, who has replaced
// it, and by what. Made of the answers of `/admin/explain`; nothing is asked here.

import CoterieHTTP

/// One owner's answer, or why there is none.
enum ReplicaAnswer: Hashable, Sendable {
    case report(ReplicaReport)
    case silent(node: String, why: String)

    var node: String {
        switch self {
        case .report(let report): report.node
        case .silent(let node, _): node
        }
    }

    /// The report of a replica that told what it holds.
    var told: ReplicaReport? {
        if case .report(let report) = self, report.failure == nil { report } else { nil }
    }

    var trouble: String? {
        switch self {
        case .report(let report): report.failure
        case .silent(_, let why): why
        }
    }
}

/// The events of a key and where they are.
struct KeyPicture: Encodable, Sendable {
    /// How an event stands at one replica.
    enum Standing: String, Encodable, Sendable {
        /// Its value is there.
        case live
        /// It was seen, and its value is gone: overwritten, removed, deleted, discarded by a rule; or it never had one.
        case gone
        /// It has not come.
        case unseen
        /// The replica does not answer.
        case unknown
    }

    struct Event: Encodable, Sendable {
        /// `n1#57`; with a letter behind the name where events of several lives of a member are shown.
        let label: String
        let name: EventName
        /// What its payload says; nil where nobody has it any more.
        let says: String?
        let written: String?
        /// In the order of `replicas`.
        let standings: [Standing]
        /// False: where another one is too, the type's rule shows that one.
        let isShown: Bool

        var isLive: Bool { standings.contains(.live) }
    }

    /// One event took another one's place.
    struct Edge: Encodable, Hashable, Sendable {
        enum Ground: String, Encodable, Sendable {
            /// A node remembers it.
            case remembered
            /// Nothing else that one replica has, and another lacks, can have done it.
            case inferred
            /// Both are live, and the rule shows the first.
            case outshines
        }

        let from: EventName
        let to: EventName
        let ground: Ground
    }

    struct Replica: Encodable, Sendable {
        let node: String
        /// Why it does not tell; nil where it does.
        let trouble: String?
        let value: JSONValue?
        let context: String?
        /// No event of the key was seen there, or none is remembered.
        let knowsNothing: Bool
        let live: Int
        /// Labels of events that other replicas name and this one has not seen.
        let lacks: [String]
    }

    let bucketType: String
    let datatype: String
    let bucket: String
    let key: String
    let replicas: [Replica]
    /// Those that replace others before those that were replaced.
    let events: [Event]
    let edges: [Edge]
    /// Whether all replicas that tell hold the same.
    let isConverged: Bool
    let merges: [NodeMerge]

    /// A remembered merge and the node that remembers it.
    struct NodeMerge: Encodable, Sendable {
        let node: String
        let merge: MergeReport
    }

    /// - Parameter answers: at least one, in the order in which owners are preferred.
    init(_ answers: [ReplicaAnswer], bucketType: String, datatype: String, bucket: String, key: String) {
        self.bucketType = bucketType
        self.datatype = datatype
        self.bucket = bucket
        self.key = key
        let reports = answers.compactMap(\.told)
        let merges = reports.flatMap { report in report.merges.map { NodeMerge(node: report.node, merge: $0) } }
            .sorted { $0.merge.agoMilliseconds < $1.merge.agoMilliseconds }
        let named = Set(reports.flatMap(\.named)).sorted()
        let labels = Self.labels(named)
        let edges = Self.edges(named, reports)
        events = Self.ordered(named, edges, reports).map { name in
            let live = reports.compactMap { $0.liveEvent(name) }
            return Event(
                label: labels[name] ?? "", name: name, says: live.first?.says, written: live.first?.written,
                standings: answers.map { $0.told?.standing(of: name) ?? .unknown },
                isShown: live.allSatisfy(\.isShown))
        }
        self.edges = edges
        self.merges = merges
        replicas = answers.map { answer in
            let report = answer.told
            return Replica(
                node: answer.node, trouble: answer.trouble, value: report?.value, context: report?.contextText,
                knowsNothing: report?.context.isEmpty ?? true, live: report?.liveCount ?? 0,
                lacks: report.map { report in
                    named.filter { report.standing(of: $0) == .unseen }.compactMap { labels[$0] }
                } ?? [])
        }
        isConverged = reports.dropFirst().allSatisfy {
            $0.context == reports[0].context && $0.live.map(\.event) == reports[0].live.map(\.event)
        }
    }

    func label(_ name: EventName) -> String { events.first { $0.name == name }?.label ?? Self.plain(name) }

    static func plain(_ name: EventName) -> String { "\(name.by)#\(name.counter)" }

    /// Members' names and counters; with a letter for each life of a member of which several are named.
    private static func labels(_ names: [EventName]) -> [EventName: String] {
        var lives: [String: [String]] = [:]
        for name in names where lives[name.by]?.contains(name.replica) != true {
            lives[name.by, default: []].append(name.replica)
        }
        let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                guard let own = lives[name.by], own.count > 1, let index = own.firstIndex(of: name.replica) else {
                    return (name, plain(name))
                }
                let life = index < letters.count ? letters[index] : "\(index)"
                return (name, "\(name.by)\(life)#\(name.counter)")
            })
    }

    // MARK: Edges

    private static func edges(_ named: [EventName], _ reports: [ReplicaReport]) -> [Edge] {
        var edges: Set<Edge> = []
        for merge in reports.flatMap(\.merges) where merge.from == nil {
            guard let event = merge.event else { continue }
            for replaced in merge.replaced where replaced != event {
                edges.insert(Edge(from: event, to: replaced, ground: .remembered))
            }
        }
        for name in named where !edges.contains(where: { $0.to == name }) {
            for culprit in culprits(of: name, reports) {
                edges.insert(Edge(from: culprit, to: name, ground: .inferred))
            }
        }
        for report in reports {
            for hidden in report.live where !hidden.isShown {
                for shown in report.live where shown.isShown {
                    edges.insert(Edge(from: shown.event, to: hidden.event, ground: .outshines))
                }
            }
        }
        return edges.sorted { a, b in a.from != b.from ? a.from < b.from : a.to < b.to }
    }

    /// What must have taken the value of `name` away, at each replica that has lost it: the only event that this replica
    /// has seen and one with the value has not.
    private static func culprits(of name: EventName, _ reports: [ReplicaReport]) -> Set<EventName> {
        var culprits: Set<EventName> = []
        for other in reports where other.standing(of: name) == .gone {
            for holder in reports where holder.standing(of: name) == .live {
                let newer = other.named.filter {
                    other.standing(of: $0) != .unseen && holder.standing(of: $0) == .unseen
                }
                if newer.count == 1 { culprits.formUnion(newer) }
            }
        }
        return culprits
    }

    /// The newest first, and none before what replaced it.
    private static func ordered(
        _ named: [EventName], _ edges: [Edge], _ reports: [ReplicaReport]
    ) -> [EventName] {
        var times: [EventName: String] = [:]
        var live: Set<EventName> = []
        for event in reports.flatMap(\.live) {
            live.insert(event.event)
            times[event.event] = event.written
        }
        var rest = named.sorted { a, b in
            let (isALive, isBLive) = (live.contains(a), live.contains(b))
            if isALive != isBLive { return isALive }
            let (x, y) = (times[a] ?? "", times[b] ?? "")
            return x != y ? x > y : a < b
        }
        var ordered: [EventName] = []
        while !rest.isEmpty {
            let next =
                rest.firstIndex { name in !edges.contains { $0.to == name && rest.contains($0.from) } } ?? 0
            ordered.append(rest.remove(at: next))
        }
        return ordered
    }
}

extension ReplicaReport {
    /// The events that it names: live ones, the last of each entry of its context, and those of its merges.
    var named: Set<EventName> {
        var names = Set(live.map(\.event))
        names.formUnion(context.map(\.event))
        for merge in merges {
            names.formUnion(merge.arrived + merge.replaced + merge.discarded + merge.stayed)
            if let event = merge.event { names.insert(event) }
        }
        return names
    }

    func liveEvent(_ name: EventName) -> Live? { live.first { $0.event == name } }

    func standing(of name: EventName) -> KeyPicture.Standing {
        if liveEvent(name) != nil { return .live }
        let seen = context.first { $0.event.replica == name.replica }?.event.counter ?? 0
        return seen >= name.counter ? .gone : .unseen
    }
}
