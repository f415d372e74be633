// `/admin/faults` as JSON: what is done to a node's links. Times are milliseconds.
//
//     {"seed": 7, "rules": [
//       {"to": "n2", "cut": "stall"},
//       {"from": "clients", "delay": {"mixture": [
//         {"weight": 91.22, "delay": {"pareto": {"scale": 0.235, "shape": 10}}},
//         {"weight": 8.78, "delay": {"exponential": {"mean": 0.602}}}]}},
//       {"to": "clients", "named": "c1", "cut": "break"},
//       {"to": "n3", "delay": {"constant": 20, "jitter": 5}, "loss": {"percent": 2, "retransmit": 200},
//        "bandwidth": 125000}]}

import CoteriePrimitives
import CoterieTransport
import HTTPTypes
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What is wrong with a table of faults, where, and what is allowed.
public struct FaultTableError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ place: String, _ text: String) { description = place.isEmpty ? text : "\(place): \(text)" }
}

extension FaultTable {
    /// Reads the JSON of `/admin/faults`. Throws what is wrong, where, and what is allowed.
    public init(json: ByteBuffer) throws(FaultTableError) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(json.readableBytesView)) else {
            throw FaultTableError("", "the body is not JSON; it has the form \(Self.form)")
        }
        let fields = try FaultFields(value, at: "", allowed: ["seed", "rules"])
        self.init()
        if let number = try fields.number("seed", 0 ... 9_007_199_254_740_992) { seed = UInt64(number) }
        guard case .array(let rules) = fields.members["rules"] else {
            throw FaultTableError("rules", "is a list, empty for no faults; the form is \(Self.form)")
        }
        for (index, value) in rules.enumerated() {
            let rule = try Rule(value, at: "rules[\(index)]")
            guard self[rule.link] == nil else {
                throw FaultTableError("rules[\(index)]", "there is a rule for \(rule.link) already; a link has one")
            }
            self[rule.link] = rule.fault
        }
    }

    static let form = #"{"seed": 1, "rules": [{"to": "n2", "cut": "stall"}]}"#

    /// The JSON of `/admin/faults`, in one line.
    public var json: String {
        let value = JSONValue.object([
            "seed": .integer(Int(clamping: seed)), "rules": .array(rules.map(\.json)),
        ])
        return String(buffer: Answer(.ok, json: value).body)
    }
}

extension FaultTable.Rule {
    fileprivate init(_ value: JSONValue, at place: String) throws(FaultTableError) {
        let names = ["to", "from", "named", "cut", "delay", "loss", "bandwidth"]
        let fields = try FaultFields(value, at: place, allowed: names)
        var links: [FaultyLinkName] = []
        for direction in FaultyLinkName.Direction.allCases {
            guard let value = fields.members[direction.rawValue] else { continue }
            guard case .string(let name) = value, !name.isEmpty else {
                throw FaultTableError("\(place).\(direction)", "is a member's name, or clients, not \(value.shown)")
            }
            links.append(FaultyLinkName(direction, name == "clients" ? .clients : .member(name)))
        }
        guard var link = links.first, links.count == 1 else {
            throw FaultTableError(place, "has either \"to\" or \"from\": a member's name, or clients")
        }
        if let value = fields.members["named"] {
            guard case .string(let name) = value, link.peer == .clients else {
                throw FaultTableError("\(place).named", "is the name of some of the clients, not \(value.shown)")
            }
            link.peer = .client(named: name)
        }
        var fault = LinkFault()
        if let value = fields.members["cut"] {
            guard case .string(let name) = value, let cut = LinkFault.Cut(rawValue: name) else {
                throw FaultTableError("\(place).cut", "is \"stall\" or \"break\", not \(value.shown)")
            }
            fault.cut = cut
        }
        if let value = fields.members["delay"] { fault.delay = try LinkDelay(value, at: "\(place).delay") }
        if let value = fields.members["loss"] { fault.loss = try LinkLoss(value, at: "\(place).loss") }
        if let rate = try fields.number("bandwidth", 1 ... 1e12) { fault.bytesPerSecond = Int(rate) }
        guard !fault.isNothing else {
            throw FaultTableError(place, "does nothing: give cut, delay, loss or bandwidth")
        }
        self.init(link, fault)
    }

    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [:]
        switch link.peer {
        case .member(let name): members[link.direction.rawValue] = .string(name)
        case .clients: members[link.direction.rawValue] = .string("clients")
        case .client(let name):
            members[link.direction.rawValue] = .string("clients")
            members["named"] = .string(name)
        }
        members["cut"] = fault.cut.map { .string($0.rawValue) }
        members["delay"] = fault.delay?.json
        members["loss"] = fault.loss.map { loss in
            .object([
                "percent": .number(Double(loss.perMillion) / 10_000),
                "retransmit": .number(Double(loss.retransmit.microseconds) / 1_000),
            ])
        }
        members["bandwidth"] = fault.bytesPerSecond.map { .integer($0) }
        return .object(members)
    }
}

extension LinkLoss {
    fileprivate init(_ value: JSONValue, at place: String) throws(FaultTableError) {
        let fields = try FaultFields(value, at: place, allowed: ["percent", "retransmit"])
        guard let percent = try fields.number("percent", 0 ... 100) else {
            throw FaultTableError("\(place).percent", "is missing: how many of 100 pieces are lost")
        }
        self.init(perMillion: Int((percent * 10_000).rounded()))
        if let wait = try fields.number("retransmit", 0.001 ... 60_000) {
            retransmit = TimeSpan(nanoseconds: Int64(wait * 1_000_000))
        }
    }
}

/// The members of an object in a table of faults.
struct FaultFields {
    let members: [String: JSONValue]
    private let place: String

    init(_ value: JSONValue, at place: String, allowed: [String]) throws(FaultTableError) {
        guard case .object(let members) = value else {
            throw FaultTableError(place, "is an object of \(allowed.joined(separator: ", ")), not \(value.shown)")
        }
        if let other = members.keys.filter({ !allowed.contains($0) }).sorted().first {
            let names = allowed.joined(separator: ", ")
            throw FaultTableError(place, "there is no \"\(printable(other))\"; allowed are \(names)")
        }
        self.members = members
        self.place = place
    }

    func number(_ name: String, _ range: ClosedRange<Double>) throws(FaultTableError) -> Double? {
        guard let value = members[name] else { return nil }
        let place = place.isEmpty ? name : "\(place).\(name)"
        guard let number = value.asNumber, range.contains(number) else {
            throw FaultTableError(
                place,
                "is a number from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound)), "
                    + "not \(value.shown)")
        }
        return number
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(number))" : "\(number)"
    }
}

extension JSONValue {
    var asNumber: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
