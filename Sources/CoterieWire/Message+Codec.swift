// A message to bytes and back. The schema is coterie.proto; each message's codec stands in a file of its own.

import CoteriePrimitives
import NIOCore

/// A body that is not the message that its frame announced.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    public let kind: MessageKind
    public let problem: ProtobufError

    public init(kind: MessageKind, problem: ProtobufError) {
        self.kind = kind
        self.problem = problem
    }

    public var description: String { "a malformed \(kind): \(problem)" }
}

extension Message {
    /// Appends a whole frame and returns its bytes. Whether they are within the receiver's limit is the caller's to
    /// see. O(bytes).
    @discardableResult
    public func encode(into out: inout ByteBuffer) -> Int {
        switch self {
        case .store(let store): out.writeFrame(.store) { store.encode(into: &$0) }
        case .storeReply(let reply): out.writeFrame(.storeReply) { reply.encode(into: &$0) }
        case .fetch(let fetch): out.writeFrame(.fetch) { fetch.encode(into: &$0) }
        case .fetchReply(let reply): out.writeFrame(.fetchReply) { reply.encode(into: &$0) }
        case .request(let request): out.writeFrame(.request) { request.encode(into: &$0) }
        case .response(let response): out.writeFrame(.response) { response.encode(into: &$0) }
        case .hello(let hello): out.writeFrame(.hello) { hello.encode(into: &$0) }
        case .refused(let refusal): out.writeFrame(.refused) { refusal.encode(into: &$0) }
        case .layoutRequest(let request): out.writeFrame(.layoutRequest) { request.encode(into: &$0) }
        case .layoutReply(let reply): out.writeFrame(.layoutReply) { reply.encode(into: &$0) }
        case .heartbeat(let heartbeat): out.writeFrame(.heartbeat) { heartbeat.encode(into: &$0) }
        case .properties(let update): out.writeFrame(.properties) { update.encode(into: &$0) }
        case .introduce(let introduce): out.writeFrame(.introduce) { introduce.encode(into: &$0) }
        case .introduceReply(let reply): out.writeFrame(.introduceReply) { reply.encode(into: &$0) }
        case .scan(let scan): out.writeFrame(.scan) { scan.encode(into: &$0) }
        case .scanReply(let reply): out.writeFrame(.scanReply) { reply.encode(into: &$0) }
        case .adverts(let adverts): out.writeFrame(.adverts) { adverts.encode(into: &$0) }
        case .pull(let pull): out.writeFrame(.pull) { pull.encode(into: &$0) }
        case .offer(let offer): out.writeFrame(.offer) { offer.encode(into: &$0) }
        case .compare(let compare): out.writeFrame(.compare) { compare.encode(into: &$0) }
        case .comparison(let comparison): out.writeFrame(.comparison) { comparison.encode(into: &$0) }
        }
    }

    /// Reads a frame's body. Values (keys, objects, contents) share its storage. O(fields), and O(bytes) for a client
    /// request's and response's parts.
    public static func decode(kind: MessageKind, body: ByteBuffer) throws(WireError) -> Message {
        do {
            let reader = ProtobufReader(body)
            switch kind {
            case .store: return .store(try Store(decoding: reader))
            case .storeReply: return .storeReply(try StoreReply(decoding: reader))
            case .fetch: return .fetch(try Fetch(decoding: reader))
            case .fetchReply: return .fetchReply(try FetchReply(decoding: reader))
            case .request: return .request(try Request(decoding: reader))
            case .response: return .response(try Response(decoding: reader))
            case .hello: return .hello(try Hello(decoding: reader))
            case .refused: return .refused(try Refusal(decoding: reader))
            case .layoutRequest: return .layoutRequest(try LayoutRequest(decoding: reader))
            case .layoutReply: return .layoutReply(try LayoutReply(decoding: reader))
            case .heartbeat: return .heartbeat(try Heartbeat(decoding: reader))
            case .properties: return .properties(try PropertiesUpdate(decoding: reader))
            case .introduce: return .introduce(try Introduce(decoding: reader))
            case .introduceReply: return .introduceReply(try IntroduceReply(decoding: reader))
            case .scan: return .scan(try Scan(decoding: reader))
            case .scanReply: return .scanReply(try ScanReply(decoding: reader))
            case .adverts: return .adverts(try Adverts(decoding: reader))
            case .pull: return .pull(try Pull(decoding: reader))
            case .offer: return .offer(try Offer(decoding: reader))
            case .compare: return .compare(try Compare(decoding: reader))
            case .comparison: return .comparison(try Comparison(decoding: reader))
            }
        } catch {
            throw WireError(kind: kind, problem: error)
        }
    }

    public static func decode(_ frame: Frame) throws(WireError) -> Message {
        try decode(kind: frame.kind, body: frame.body)
    }
}
