// Faults in words, for people.

import CoteriePrimitives
import CoterieTransport

enum FaultWords {
    /// `n1 → n2  cut`.
    static func line(_ rule: FaultTable.Rule, at node: String) -> String {
        let end =
            switch rule.link.peer {
            case .member(let name): name
            case .clients: "clients"
            case .client(let name): "clients named \(name)"
            }
        let link = rule.link.direction == .to ? "\(node) → \(end)" : "\(end) → \(node)"
        return "\(link)  \(text(rule.fault))"
    }

    static func text(_ fault: LinkFault) -> String {
        var words: [String] = []
        switch fault.cut {
        case .stall: words.append("cut")
        case .break: words.append("cut, connections broken")
        case nil: break
        }
        if let delay = fault.delay { words.append(text(delay)) }
        if let loss = fault.loss {
            words.append("loses \(number(Double(loss.perMillion) / 10_000)) %, sent again after \(loss.retransmit)")
        }
        if let rate = fault.bytesPerSecond { words.append("\(rate) bytes/s") }
        return words.joined(separator: ", ")
    }

    static func text(_ delay: LinkDelay) -> String { "takes \(form(delay))" }

    private static func form(_ delay: LinkDelay) -> String {
        switch delay {
        case .constant(let length): "\(number(length)) ms"
        case .uniform(let from, let to): "\(number(from)) to \(number(to)) ms"
        case .exponential(let mean): "exponential, \(number(mean)) ms on average"
        case .pareto(let scale, let shape): "Pareto(\(number(scale)) ms, \(number(shape)))"
        case .mixture(let parts):
            "one of " + parts.map { "\(number($0.weight)): \(form($0.delay))" }.joined(separator: "; ")
        case .sum(let one, let other): "\(form(one)) and \(form(other))"
        }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}
