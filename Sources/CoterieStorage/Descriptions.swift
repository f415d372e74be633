// Faults and failures in words: what a log line or a client's error says.

extension DiskError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let text), .full(let text), .io(let text), .locked(let text): text
        }
    }
}

extension StorageFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .diskFull(let text): "the disk is full (\(text))"
        case .io(let text): "the disk failed (\(text)); the store is read-only until the node is started anew"
        case .valueTooLarge(let bytes, let limit): "a value or a batch has \(bytes) bytes; at most \(limit) are allowed"
        case .keyTooLarge(let bytes, let limit): "a key has \(bytes) bytes; at most \(limit) are allowed"
        }
    }
}

extension RecordFault: CustomStringConvertible {
    public var description: String {
        let consequence =
            switch extent {
            case .knownKeys: "the keys it touches are known"
            case .unknownKeys: "it is not known which keys it touches"
            case .nothing: "no key is touched"
            }
        return "\(file) at \(offset): \(reason); \(consequence)"
    }
}
