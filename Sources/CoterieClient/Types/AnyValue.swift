// A key whose type the program does not know beforehand: what a tool reads that shows any key.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

/// What a read of any key found.
public enum AnyValue: Hashable, Sendable {
    /// The key's values are contents: of a bucket type `siblings` or `lww`.
    case contents(Fetched)
    /// The key is of a type with operations.
    case typed(Typed)

    public struct Typed: Hashable, Sendable {
        /// The type's name.
        public let type: String
        /// The type's own encoding of the value.
        public let value: ByteBuffer
        /// Whether anything is live.
        public let isThere: Bool
        public let context: KeyContext
        public let receipt: Receipt
    }
}

extension Bucket {
    /// Reads a key as the bucket type has it. Types that are not in `Configuration.types` throw `wrong_type`.
    public func read(
        _ key: some ByteConvertible, atLeast floor: KeyContext? = nil, options: RequestOptions = RequestOptions()
    ) async throws(CoterieError) -> AnyValue {
        let objectKey = try objectKey(key)
        var options = options
        if let floor { options.floor = try floor.vector(for: objectKey) }
        let (object, receipt) = try await fetchObject(objectKey, options)
        guard let kind = typeOfKeys else { return .contents(try Fetched(object, of: objectKey, receipt: receipt)) }
        do {
            return .typed(
                AnyValue.Typed(
                    type: kind, value: try client.configuration.types[kind].value(of: object),
                    isThere: !object.siblings.isEmpty, context: KeyContext(key: objectKey, vector: object.context),
                    receipt: receipt))
        } catch TypeFault.unknownType(let name, let known) {
            let text = "\(TypeFault.unknownType(name, known: known)); add it to Configuration.types"
            throw CoterieError(.wrongType, text, receipt: receipt)
        } catch {
            throw CoterieError(.unreadableContent, "\(objectKey): \(error)", receipt: receipt)
        }
    }

    /// What the keys are; nil where no layout is known yet, or none that has the bucket type.
    var kind: TypeKind? { client.layout?.bucketType(named: ByteBuffer(string: type))?.kind }

    /// Asks for something, where nothing was asked yet: then the layout is known, and what the bucket type is. Whether there
    /// is an answer is not looked at: what comes next will tell.
    func learnLayout(through key: ObjectKey) async throws(CoterieError) {
        guard client.layout == nil else { return }
        var options = RequestOptions()
        options.r = .one
        options.head = true
        _ = try? await fetchObject(key, options)
    }

    /// The type of the bucket type's keys, where it has operations; nil of contents, and where no layout is known yet.
    var typeOfKeys: String? {
        guard let kind, !kind.holdsContents else { return nil }
        return kind.rawValue
    }
}
