// The section `workload`: what clients do by lot while the timeline is played.

import CoteriePrimitives
import CoterieRing

extension WorkloadPlan {
    static let names = [
        "clients", "sessions", "doors", "requests", "duration", "think", "timeout", "keys", "types", "favourites",
        "mix", "r", "w", "pr", "pw", "dw", "notfound ok", "basic quorum", "sloppy", "quorums", "value bytes",
        "large values",
        "large value bytes", "floors", "return body", "forgetting",
    ]
    static let quorumNames = ["r", "w", "pr", "pw", "dw", "notfound ok", "basic quorum", "sloppy"]
    static let mixNames = ["get", "blind put", "put", "update", "blind delete", "delete", "conditional"]

    init(reading outline: Outline, _ cluster: ScenarioCluster) throws(ScenarioError) {
        self.init()
        let fields = try Fields(outline, "workload", known: Self.names)
        clients = try fields.count("clients", 1 ... 32) ?? clients
        sessionsPerClient = try fields.count("sessions", 1 ... 256) ?? sessionsPerClient
        doorSessions = try fields.permille("doors") ?? doorSessions
        try readLength(fields)
        thinkTime = try fields.span("think") ?? thinkTime
        timeout = try fields.span("timeout") ?? timeout
        keysPerType = try fields.count("keys", 1 ... 100_000) ?? keysPerType
        skewness = try fields.count("favourites", 0 ... 10) ?? skewness
        try readTypes(fields, cluster)
        if let outline = fields["mix"] { mix = try Mix(reading: outline) }
        try readQuorums(fields, cluster)
        valueBytes = try fields.value("value bytes", ScenarioText.sizes) ?? valueBytes
        largeValues = try fields.permille("large values") ?? largeValues
        largeValueBytes = try fields.size("large value bytes") ?? largeValueBytes
        floors = try fields.permille("floors") ?? floors
        returnBody = try fields.permille("return body") ?? returnBody
        forgetting = try fields.permille("forgetting") ?? forgetting
    }

    private mutating func readLength(_ fields: Fields) throws(ScenarioError) {
        duration = try fields.span("duration")
        let requests = try fields.count("requests", 1 ... 10_000_000)
        switch (duration, requests) {
        case (nil, let requests): operations = requests ?? operations
        case (_?, nil): operations = .max
        case (_?, _?): throw fields.wrong("duration", "give either requests or a duration")
        }
        if let duration, duration <= .zero { throw fields.wrong("duration", "must be longer than nothing") }
    }

    private mutating func readTypes(_ fields: Fields, _ cluster: ScenarioCluster) throws(ScenarioError) {
        guard fields["types"] != nil else { return }
        bucketTypes = []
        for item in try fields.items("types") {
            let known = cluster.types.map(\.name)
            bucketTypes.append(
                try item.read("types") { text throws(RejectedText) in
                    guard known.contains(text) else {
                        throw RejectedText(
                            "is no bucket type of this cluster\(NearestName.suggestion(for: text, among: known)) "
                                + "(there are: \(known.joined(separator: ", ")))")
                    }
                    return text
                })
        }
        if bucketTypes.isEmpty { throw fields.wrong("types", "names none") }
    }

    private mutating func readQuorums(_ fields: Fields, _ cluster: ScenarioCluster) throws(ScenarioError) {
        let own = try Quorums(reading: fields, replicas: cluster.replicas)
        guard fields["quorums"] != nil else {
            quorums = [own]
            return
        }
        if own != Quorums() { throw fields.wrong("quorums", "give either quorums or r, w, … themselves") }
        quorums = []
        for item in try fields.items("quorums") {
            let fields = try Fields(item, "quorums", known: Self.quorumNames)
            quorums.append(try Quorums(reading: fields, replicas: cluster.replicas))
        }
        if quorums.isEmpty { throw fields.wrong("quorums", "names none") }
    }
}

extension WorkloadPlan.Quorums {
    /// Those of the names that the mapping may have and has.
    init(reading fields: Fields, replicas: Int) throws(ScenarioError) {
        self.init()
        func quorum(_ name: String) throws(ScenarioError) -> Quorum? {
            guard let quorum = try fields.quorum(name) else { return nil }
            guard quorum.resolved(n: replicas) <= replicas else {
                throw fields.wrong(name, "\(quorum) is more than the \(replicas) replicas of each key")
            }
            if name == "r" || name == "w", quorum.resolved(n: replicas) < 1 {
                throw fields.wrong(name, "at least one replica must answer")
            }
            return quorum
        }
        r = try quorum("r")
        w = try quorum("w")
        pr = try quorum("pr")
        pw = try quorum("pw")
        dw = try quorum("dw")
        notfoundOK = try fields.flag("notfound ok")
        basicQuorum = try fields.flag("basic quorum")
        sloppy = try fields.flag("sloppy")
    }
}

extension WorkloadPlan.Mix {
    /// What is not named is off.
    fileprivate init(reading outline: Outline) throws(ScenarioError) {
        self.init()
        let fields = try Fields(outline, "mix", known: WorkloadPlan.mixNames)
        func weight(_ name: String) throws(ScenarioError) -> Int { try fields.count(name, 0 ... 10_000) ?? 0 }
        get = try weight("get")
        blindPut = try weight("blind put")
        put = try weight("put")
        update = try weight("update")
        blindDelete = try weight("blind delete")
        delete = try weight("delete")
        conditional = try weight("conditional")
        if weights.allSatisfy({ $0 == 0 }) {
            throw ScenarioError(
                "mix: names nothing to do (allowed: \(WorkloadPlan.mixNames.joined(separator: ", ")))",
                at: outline.place)
        }
    }
}
