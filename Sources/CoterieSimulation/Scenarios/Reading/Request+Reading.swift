// Requests that a step makes by name.

import CoterieMembership
import CoteriePrimitives
import CoterieRing

extension ActionReader {
    func request() throws(ScenarioError) -> DirectedRequest {
        let key = try ScenarioKey(reading: try fields.required(name.rawValue), name.rawValue)
        let door = try fields["on"].map { (outline) throws(ScenarioError) in try members.process(outline, "on") }
        var request = DirectedRequest(
            try verb(), key, session: try fields.text("as") ?? "somebody", door: door ?? .client(0))
        request.quorums = try WorkloadPlan.Quorums(reading: fields, replicas: LayoutLimits.replicas.upperBound)
        request.timeout = try fields.span("timeout")
        request.context = try fields.text("context")
        request.floor = try fields.text("floor")
        request.condition = try fields.choice("if", DirectedRequest.Condition.self)
        request.bytes = try fields.size("bytes") ?? request.bytes
        request.waits = try fields.flag("wait") ?? true
        request.expected = try fields["expect"].map { (outline) throws(ScenarioError) in
            try ExpectedAnswer(reading: outline)
        }
        return request
    }

    private func verb() throws(ScenarioError) -> DirectedRequest.Verb {
        switch name {
        case .get: return .get
        case .delete: return .delete
        default: return .put(try fields.required("value").text("value"))
        }
    }
}

extension ScenarioKey {
    init(reading outline: Outline, _ name: String) throws(ScenarioError) {
        self = try outline.read(name) { text throws(RejectedText) in try ScenarioKey(parsing: text) }
    }

    init(parsing text: String) throws(RejectedText) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw RejectedText("is no key: give a name such as cart, or type/key such as lww/cart")
        }
        self = parts.count == 2 ? ScenarioKey(type: parts[0], key: parts[1]) : ScenarioKey(key: parts[0])
    }
}

extension AwaitCondition {
    private static let forms = [
        "all nodes serve", "n1 serves", "n1 is down", "n1 is seen alive", "n1 is seen suspect", "n1 is seen dead",
        "all nodes are connected", "all keys are equal", "no hints are left",
        "the workload is done", "100 requests are made", "NAME is answered",
    ]

    init(reading outline: Outline, _ members: ScenarioMembers) throws(ScenarioError) {
        self = try outline.read("await") { text throws(RejectedText) in
            switch text {
            case "all nodes serve": return .allServe
            case "all nodes are connected": return .allConnected
            case "all keys are equal": return .allKeysEqual
            case "no hints are left": return .noHints
            case "the workload is done": return .workloadDone
            default: return try Self.named(text, members)
            }
        }
    }

    /// Forms that begin with a name or a number.
    private static func named(_ text: String, _ members: ScenarioMembers) throws(RejectedText) -> AwaitCondition {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        switch words.count == 2 ? words[1] : "" {
        case "serves": return .serves(try members.node(words[0]))
        case "is down": return .isDown(try members.node(words[0]))
        case "is seen alive": return .isSeen(try members.node(words[0]), .alive)
        case "is seen suspect": return .isSeen(try members.node(words[0]), .suspect)
        case "is seen dead": return .isSeen(try members.node(words[0]), .dead)
        case "is answered": return .answer(words[0])
        case "requests are made":
            guard let count = Int(words[0]), count > 0 else {
                throw RejectedText("is nothing to wait for: \"\(words[0])\" is no number of requests")
            }
            return .requests(count)
        default:
            throw RejectedText(
                "is nothing to wait for\(NearestName.suggestion(for: text, among: forms)) "
                    + "(known: \(forms.joined(separator: ", ")))")
        }
    }
}
