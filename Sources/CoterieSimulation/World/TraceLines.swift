// Messages and requests on one line of a trace: what a person needs to follow a run, without values.

import CoterieCausality
import CoterieMembership
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

extension Message {
    /// What it says, in a few words.
    var line: String {
        switch self {
        case .hello(let hello): "\(hello.speaker)"
        case .refused(let refusal): refusal.text
        case .request(let request):
            "\(request.id.line)\(request.forwarded ? " forwarded" : "") \(request.request.line)"
        case .response(let response): "\(response.id.line) \(response.reply.result.line)"
        case .store(let store):
            "#\(store.exchange) \(store.key) \(Self.object(store.object))"
                + (store.event.map { " event \($0.run) after \($0.previous)" } ?? " repair")
        case .storeReply(let reply): "#\(reply.exchange) \(reply.status)"
        case .fetch(let fetch): "#\(fetch.exchange) \(fetch.key)"
        case .fetchReply(let reply):
            switch reply.status {
            case .object(let bytes): "#\(reply.exchange) \(Self.object(bytes))"
            case .same, .absent, .refused: "#\(reply.exchange) \(reply.status)"
            }
        case .layoutRequest(let request): "\(request.epoch)"
        case .layoutReply(let reply): "\(reply.layout.readableBytes) bytes"
        case .heartbeat(let beat): "#\(beat.sequence)\(beat.isReply ? " answer" : "")"
        case .gossip(let gossip): (try? MembershipMessage(decoding: gossip.content)).map { "\($0)" } ?? "unreadable"
        case .properties(let update): "\(update.time) by \(update.author)"
        case .introduce(let introduce): "\(introduce.epoch)"
        case .introduceReply(let reply):
            (reply.knownBefore ? "known before" : "not known before") + ", knows \(reply.known.map(\.member))"
        case .scan(let scan): "#\(scan.exchange) \(scan.group)"
        case .scanReply(let reply):
            switch reply.status {
            case .batch(let items, let next, _):
                "#\(reply.exchange) \(items.count) objects\(next == nil ? ", the last" : "")"
            case .refused(let code): "#\(reply.exchange) refused: \(code)"
            }
        case .adverts(let adverts): "#\(adverts.number) of \(adverts.adverts.count) groups"
        case .compare(let compare): "#\(compare.exchange) \(compare.group), \(compare.keys) keys"
        case .comparison(let comparison):
            switch comparison.status {
            case .same: "#\(comparison.exchange) same"
            case .differs(let entries, _): "#\(comparison.exchange) \(entries.count) keys"
            case .refused(let code): "#\(comparison.exchange) refused: \(code)"
            }
        case .roundReport(let report): "\(report.round), heard \(report.heard), wanted \(report.wanted)"
        case .pull(let pull): "#\(pull.exchange) \(pull.group) has \(pull.handled), wants \(pull.wanted)"
        case .offer(let offer):
            switch offer.status {
            case .batch(let items, let isLast, let forgotten):
                "#\(offer.exchange) \(items.count) objects\(isLast ? ", the last" : "")"
                    + (forgotten ? ", more is forgotten" : "")
            case .refused(let code): "#\(offer.exchange) refused: \(code)"
            }
        }
    }

    private static func object(_ bytes: ByteBuffer) -> String {
        (try? CausalObject(decoding: bytes))?.description ?? "\(bytes.readableBytes) bytes that are no object"
    }
}

extension RequestID {
    var line: String { "\(String(origin, radix: 36).prefix(4)).\(sequence)" }
}

extension ClientRequest {
    /// What it asks, in a few words.
    var line: String {
        let options = options
        let quorums: [(String, Quorum?)] = [
            ("r", options.r), ("w", options.w), ("pr", options.pr), ("pw", options.pw), ("dw", options.dw),
        ]
        let asked = quorums.compactMap { name, quorum in quorum.map { " \(name)=\($0)" } }.joined()
        let what =
            switch operation {
            case .get: "get"
            case .put(let content, let context, let condition):
                "put \(content.value.readableBytes) bytes" + (context.map { " over \($0)" } ?? "")
                    + (condition.map { " if \($0)" } ?? "")
            case .delete(let context, let condition):
                "delete" + (context.map { " over \($0)" } ?? "") + (condition.map { " if \($0)" } ?? "")
            case .update(let operation, let context, let id):
                "update of \(operation.readableBytes) bytes" + (id.map { " as \($0)" } ?? "")
                    + (context.map { " over \($0)" } ?? "")
            }
        return "\(what) \(key)\(asked)" + (options.floor.map { " floor \($0)" } ?? "")
    }
}

extension ClientResult {
    var line: String {
        switch self {
        case .object(let object): "found \(object)"
        case .stored(let context, _): "stored \(context)"
        case .failed(let failure): "\(failure.outcome) \(failure)"
        }
    }
}
