// The byte in a frame's header that says what its body is.

/// Kinds of messages; numbers are never reused.
public enum MessageKind: UInt8, Hashable, Sendable, CaseIterable {
    case hello = 1
    case refused = 2
    case heartbeat = 3
    case layoutRequest = 4
    case layoutReply = 5
    case properties = 6
    case introduce = 7
    case introduceReply = 8
    case request = 16
    case response = 17
    case store = 32
    case storeReply = 33
    case fetch = 34
    case fetchReply = 35
    case scan = 36
    case scanReply = 37
    case adverts = 40
    case pull = 41
    case offer = 42
    case compare = 43
    case comparison = 44
}

extension Message {
    public var kind: MessageKind {
        switch self {
        case .hello: .hello
        case .refused: .refused
        case .request: .request
        case .response: .response
        case .store: .store
        case .storeReply: .storeReply
        case .fetch: .fetch
        case .fetchReply: .fetchReply
        case .layoutRequest: .layoutRequest
        case .layoutReply: .layoutReply
        case .heartbeat: .heartbeat
        case .properties: .properties
        case .introduce: .introduce
        case .introduceReply: .introduceReply
        case .scan: .scan
        case .scanReply: .scanReply
        case .adverts: .adverts
        case .pull: .pull
        case .offer: .offer
        case .compare: .compare
        case .comparison: .comparison
        }
    }
}
