// What a bucket type's one setting `type` makes of its keys: which requests they take, and what becomes of an object after
// a merge.

import CoterieCausality
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

/// The rule of one type. The two types that hold contents as they are have cases of their own: they are the hot path.
enum TypeRule: Sendable {
    /// All siblings stay.
    case siblings
    /// A put replaces all that its owner holds; of concurrent ones that stay beside each other readers see the latest
    /// (`LastWriterWins`).
    case lastWriterWins
    /// Operations, performed by a replicated type.
    case typed(AnyReplicatedType)

    /// Traps where the type is not known: no layout with such a one is ever acted on (`TypeRegistry.objection`).
    init(_ kind: TypeKind, in types: TypeRegistry) {
        switch kind {
        case .siblings: self = .siblings
        case .lww: self = .lastWriterWins
        default:
            do throws(TypeFault) {
                self = .typed(try types[kind.rawValue])
            } catch {
                preconditionFailure("a layout was adopted whose types are not all known: \(error)")
            }
        }
    }

    var name: String {
        switch self {
        case .siblings: ReplicatedSiblings.name
        case .lastWriterWins: LastWriterWins.name
        case .typed(let type): type.name
        }
    }

    /// Drops what can never matter again, after a merge; says how many values were discarded. O(siblings).
    @discardableResult
    func settle(_ object: inout CausalObject) -> Int {
        switch self {
        case .siblings, .lastWriterWins: 0
        case .typed(let type): type.settle(&object)
        }
    }

    /// How many live values readers are not shown.
    func hidden(in object: CausalObject) -> Int {
        if case .lastWriterWins = self { LastWriterWins.hidden(in: object) } else { 0 }
    }

    /// The object as a client sees it. Its context covers what is not shown: a write that brings it replaces that too.
    func shown(_ object: CausalObject) -> CausalObject {
        guard case .lastWriterWins = self, object.siblings.count > 1 else { return object }
        var shown = object
        let latest = LastWriterWins.latest(in: object)
        shown.retain { $0.dot == latest?.dot }
        return shown
    }

    /// Throws why the type has no such request, naming it and what it takes.
    func check(_ operation: Operation) throws(Failure) {
        switch (self, operation) {
        case (_, .get), (.siblings, .put), (.siblings, .delete), (.lastWriterWins, .put), (.lastWriterWins, .delete):
            return
        case (.siblings, .update), (.lastWriterWins, .update):
            throw Failure(
                .wrongType, "a key of the type \(name) holds values: it takes put and delete, and no operations")
        case (.typed, .put):
            throw Failure(
                .wrongType, "a key of the type \(name) takes the operations of \(name), and no put of a value")
        case (.typed(let type), .delete):
            guard type.allowsDelete else {
                throw Failure(.operationRefused, "a key of the type \(name) cannot be deleted")
            }
        case (.typed, .update(let bytes, _, _)): _ = try traits(of: bytes)
        }
    }

    /// Whether a write, whose outcome nobody knows, may be made again through another owner.
    func mayRepeat(_ operation: Operation) -> Bool {
        guard case .update(let bytes, _, _?) = operation else { return false }
        return (try? traits(of: bytes).mayRepeat) ?? false
    }

    /// Whether a write is left to owners.
    func needsOwner(_ operation: Operation) -> Bool {
        guard case .update(let bytes, _, _) = operation else { return false }
        return (try? traits(of: bytes).needsOwner) ?? false
    }

    private func traits(of operation: ByteBuffer) throws(Failure) -> OperationTraits {
        guard case .typed(let type) = self else { return OperationTraits(mayRepeat: false, needsOwner: false) }
        do throws(TypeFault) {
            return try type.traits(of: operation)
        } catch {
            throw Failure(.badOperation, "\(error)")
        }
    }
}

extension TypeRule: Equatable {
    /// Types are one where their names are.
    static func == (a: Self, b: Self) -> Bool { a.name == b.name }
}

extension TypeRegistry {
    /// Why a node with these types cannot serve under this layout, naming the type and the known ones; nil where it can.
    public func objection(to layout: Layout) -> String? {
        let known = names
        for type in layout.bucketTypes where !known.contains(type.kind.rawValue) {
            return
                "the bucket type '\(type.name)' has the type '\(type.kind)', which this program does not know; known "
                + "are: \(known.joined(separator: ", "))"
        }
        return nil
    }
}
