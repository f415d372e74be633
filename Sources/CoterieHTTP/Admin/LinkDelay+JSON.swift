// Delays as JSON, in milliseconds: one object with one form.
//
//     {"constant": 20}   {"constant": 20, "jitter": 5}   {"uniform": [1, 4]}   {"exponential": {"mean": 0.6}}
//     {"pareto": {"scale": 0.235, "shape": 10}}   {"mixture": [{"weight": 9, "delay": …}, …]}   {"sum": [ …, … ]}

import CoterieTransport

extension LinkDelay {
    static let forms =
        "constant (with jitter), uniform [from, to], exponential {mean}, pareto {scale, shape}, "
        + "mixture [{weight, delay}, …], sum [delay, delay]"

    init(_ value: JSONValue, at place: String) throws(FaultTableError) {
        guard case .object(let members) = value else {
            throw FaultTableError(place, "is an object of one form, not \(value.shown); forms are \(Self.forms)")
        }
        self = try Self.read(members, place)
        if let problem { throw FaultTableError(place, problem) }
    }

    private static func read(_ members: [String: JSONValue], _ place: String) throws(FaultTableError) -> LinkDelay {
        let names = members.keys.sorted()
        switch names {
        case ["constant"], ["constant", "jitter"]:
            let length = try number(members["constant"], "\(place).constant")
            guard let given = members["jitter"] else { return .constant(length) }
            let jitter = try number(given, "\(place).jitter")
            guard jitter >= 0, jitter <= length else {
                throw FaultTableError("\(place).jitter", "is 0 to the constant, \(length), not \(jitter)")
            }
            return .uniform(from: length - jitter, to: length + jitter)
        case ["uniform"]:
            let ends = try list(members["uniform"], "\(place).uniform", "two numbers", 2 ... 2)
            return .uniform(
                from: try number(ends[0], "\(place).uniform[0]"), to: try number(ends[1], "\(place).uniform[1]"))
        case ["exponential"]:
            let part = try object(members["exponential"], "\(place).exponential", ["mean"])
            return .exponential(mean: try number(part["mean"], "\(place).exponential.mean"))
        case ["pareto"]:
            let part = try object(members["pareto"], "\(place).pareto", ["scale", "shape"])
            return .pareto(
                scale: try number(part["scale"], "\(place).pareto.scale"),
                shape: try number(part["shape"], "\(place).pareto.shape"))
        case ["mixture"]: return .mixture(try parts(members["mixture"], "\(place).mixture"))
        case ["sum"]:
            let both = try list(members["sum"], "\(place).sum", "two delays", 2 ... 2)
            return .sum(try LinkDelay(both[0], at: "\(place).sum[0]"), try LinkDelay(both[1], at: "\(place).sum[1]"))
        default:
            throw FaultTableError(
                place, "has \(names.isEmpty ? "nothing" : names.joined(separator: ", ")); it has one of \(forms)")
        }
    }

    private static func parts(_ value: JSONValue?, _ place: String) throws(FaultTableError) -> [Part] {
        var parts: [Part] = []
        for (index, value) in try list(value, place, "1 to 100 parts", 1 ... 100).enumerated() {
            let part = try object(value, "\(place)[\(index)]", ["weight", "delay"])
            let delay = try LinkDelay(part["delay"] ?? .null, at: "\(place)[\(index)].delay")
            parts.append(Part(weight: try number(part["weight"], "\(place)[\(index)].weight"), delay: delay))
        }
        return parts
    }

    private static func number(_ value: JSONValue?, _ place: String) throws(FaultTableError) -> Double {
        guard let value, let number = value.asNumber else {
            throw FaultTableError(place, value.map { "is a number, not \($0.shown)" } ?? "is missing: a number")
        }
        return number
    }

    private static func list(
        _ value: JSONValue?, _ place: String, _ what: String, _ count: ClosedRange<Int>
    ) throws(FaultTableError) -> [JSONValue] {
        guard case .array(let values) = value, count.contains(values.count) else {
            throw FaultTableError(place, "is a list of \(what)")
        }
        return values
    }

    private static func object(
        _ value: JSONValue?, _ place: String, _ names: [String]
    ) throws(FaultTableError) -> [String: JSONValue] {
        guard case .object(let members) = value, Set(members.keys).isSubset(of: names) else {
            throw FaultTableError(place, "is an object of \(names.joined(separator: " and "))")
        }
        return members
    }

    /// As it is read back.
    var json: JSONValue {
        switch self {
        case .constant(let length): .object(["constant": .number(length)])
        case .uniform(let from, let to): .object(["uniform": .array([.number(from), .number(to)])])
        case .exponential(let mean): .object(["exponential": .object(["mean": .number(mean)])])
        case .pareto(let scale, let shape):
            .object(["pareto": .object(["scale": .number(scale), "shape": .number(shape)])])
        case .mixture(let parts):
            .object([
                "mixture": .array(parts.map { .object(["weight": .number($0.weight), "delay": $0.delay.json]) })
            ])
        case .sum(let one, let other): .object(["sum": .array([one.json, other.json])])
        }
    }
}
