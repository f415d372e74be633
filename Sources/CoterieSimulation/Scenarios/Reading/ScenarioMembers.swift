// Names of nodes and clients in a scenario: n1, n2, … and c1, c2, ….

import CoteriePrimitives

/// Who there is.
struct ScenarioMembers {
    let nodes: Int
    let clients: Int

    private var nodeNames: [String] { (1 ... nodes).map { "n\($0)" } }
    private var clientNames: [String] { clients > 0 ? (1 ... clients).map { "c\($0)" } : [] }

    /// One node.
    func node(_ outline: Outline, _ name: String) throws(ScenarioError) -> MemberNumber {
        try outline.read(name) { text throws(RejectedText) in try node(text) }
    }

    func node(_ text: String) throws(RejectedText) -> MemberNumber {
        guard text.hasPrefix("n"), let number = UInt32(text.dropFirst()), (1 ... nodes).contains(Int(number)) else {
            throw RejectedText("is no node of this cluster: there are \(range("n", nodes))")
        }
        return MemberNumber(number)
    }

    /// One node or client.
    func process(_ outline: Outline, _ name: String) throws(ScenarioError) -> ProcessName {
        try outline.read(name) { text throws(RejectedText) in
            if text.hasPrefix("c"), let number = Int(text.dropFirst()), number >= 1, number <= clients {
                return .client(number - 1)
            }
            do throws(RejectedText) {
                return .member(try node(text))
            } catch {
                throw RejectedText(
                    "is no node or client: there are \(range("n", nodes)) and \(range("c", clients))")
            }
        }
    }

    /// `n1`, `[n1, n3]` or `all`.
    func nodes(_ outline: Outline, _ name: String) throws(ScenarioError) -> [MemberNumber] {
        if case .text("all") = outline.content { return (1 ... nodes).map { MemberNumber(UInt32($0)) } }
        let members = try outline.items.map { (item) throws(ScenarioError) in try node(item, name) }
        return try distinct(members, outline, name)
    }

    /// `n1` or `[n1, c1]`.
    func processes(_ outline: Outline, _ name: String) throws(ScenarioError) -> [ProcessName] {
        let names = try outline.items.map { (item) throws(ScenarioError) in try process(item, name) }
        return try distinct(names, outline, name)
    }

    private func distinct<Name: Hashable>(
        _ names: [Name], _ outline: Outline, _ name: String
    ) throws(ScenarioError) -> [Name] {
        if names.isEmpty { throw ScenarioError("\(name): names nobody", at: outline.place) }
        if Set(names).count != names.count { throw ScenarioError("\(name): names someone twice", at: outline.place) }
        return names
    }

    private func range(_ letter: String, _ count: Int) -> String {
        switch count {
        case 0: "no clients"
        case 1: "\(letter)1"
        default: "\(letter)1 to \(letter)\(count)"
        }
    }
}
