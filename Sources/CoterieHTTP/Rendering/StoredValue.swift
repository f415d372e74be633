// The siblings of an answered object, decoded, and which of them an answer shows.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import HTTPTypes

/// One sibling with its content.
struct StoredValue: Sendable {
    let dot: Dot
    let vtag: String
    let content: Content

    var modified: WallTime? { content.written?.wall }
}

/// What an answer shows of an object.
struct StoredValues: Sendable {
    /// All that a client may see, ascending by dot; one at most in a type of the kind `lww`.
    let values: [StoredValue]
    let context: VersionVector

    init(_ object: CausalObject, kind: TypeKind) throws(Problem) {
        context = object.context
        var values: [StoredValue] = []
        for sibling in object.siblings {
            do {
                let content = try Content(decoding: sibling.payload)
                values.append(
                    StoredValue(dot: sibling.dot, vtag: CoterieWire.vtag(of: sibling.dot), content: content))
            } catch {
                throw Problem(
                    .internalServerError, ErrorCode.corrupt.description,
                    "the sibling with the vtag \(CoterieWire.vtag(of: sibling.dot)) is not a stored value: \(error)")
            }
        }
        if kind == .lww, let last = values.max(by: Self.isEarlier) { values = [last] }
        self.values = values
    }

    /// The order of last-writer-wins: by hybrid clock, ties by dot.
    private static func isEarlier(_ a: StoredValue, _ b: StoredValue) -> Bool {
        let (x, y) = (a.content.written?.rawValue ?? 0, b.content.written?.rawValue ?? 0)
        return x != y ? x < y : a.dot < b.dot
    }

    /// The entity tag: the vtag of a single value, of several a function of the context; nil where there is none.
    var tag: String? {
        switch values.count {
        case 0: nil
        case 1: values[0].vtag
        default: vtag(ofContext: context)
        }
    }

    /// When the latest was written.
    var modified: WallTime? { values.compactMap(\.modified).max() }

    /// Only the sibling with this vtag.
    func only(_ vtag: String) throws(Problem) -> StoredValues {
        guard let value = values.first(where: { $0.vtag == vtag }) else {
            throw .notFound(
                "not found: no sibling has the vtag \"\(printable(vtag))\"; there "
                    + (values.count == 1 ? "is " : "are ") + values.map(\.vtag).joined(separator: ", "))
        }
        return StoredValues(values: [value], context: context)
    }

    private init(values: [StoredValue], context: VersionVector) {
        self.values = values
        self.context = context
    }
}
