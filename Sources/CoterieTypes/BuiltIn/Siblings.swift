// Values that the store does not look into: `siblings` keeps concurrent ones side by side, `lww` shows the latest of them.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// A register of many values: a put replaces what its client had seen, and nothing else.
public enum ReplicatedSiblings: ReplicatedType {
    public static let name = "siblings"

    /// Puts a content. A client without a context has seen nothing.
    public static func apply(
        _ content: Content, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        let observed = occasion.observed ?? VersionVector()
        return TypeChange(
            drops: object.liveDots.filter { observed.covers($0) }, payloads: [content.stamped(on: object, occasion)],
            joined: observed)
    }

    /// The concurrent contents, ascending by dot.
    public static func value(of object: CausalObject) throws(TypeFault) -> [Content] {
        var contents: [Content] = []
        for sibling in object.siblings { contents.append(try Content(of: sibling)) }
        return contents
    }
}

/// A register of one value: of concurrent puts the one with the later hybrid time is shown, ties broken by dot.
///
/// A put replaces all that its minter holds, and is later than all of it whatever the clocks say (INV 10). What lost
/// stays live, unseen, until the next put: dropped at a merge, it would be lost to a delete that had only seen the
/// winner, here and not there (rule 3 of `ReplicatedType`). It is one content for each owner at most.
public enum LastWriterWins: ReplicatedType {
    public static let name = "lww"

    public static func apply(
        _ content: Content, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        TypeChange(
            drops: object.liveDots, payloads: [content.stamped(on: object, occasion)],
            joined: occasion.observed ?? VersionVector())
    }

    /// The latest content; nil where nothing is live.
    public static func value(of object: CausalObject) throws(TypeFault) -> Content? {
        guard let latest = latest(in: object) else { return nil }
        return try Content(of: latest)
    }

    /// The sibling that is shown; nil where nothing is live.
    public static func latest(in object: CausalObject) -> Sibling? {
        latest(in: object, time: { Content.written(in: $0) })
    }

    /// How many live contents the value leaves out.
    public static func hidden(in object: CausalObject) -> Int { max(0, object.siblings.count - 1) }

    /// The sibling with the greatest time, then with the greatest dot.
    static func latest(in object: CausalObject, time: (ByteBuffer) -> HybridTime?) -> Sibling? {
        var latest: (time: HybridTime, sibling: Sibling)?
        for sibling in object.siblings {
            let time = time(sibling.payload) ?? HybridTime(rawValue: 0)
            // Siblings ascend by dot.
            if let best = latest, time < best.time { continue }
            latest = (time, sibling)
        }
        return latest?.sibling
    }
}

extension Content {
    fileprivate init(of sibling: Sibling) throws(TypeFault) {
        do {
            try self.init(decoding: sibling.payload)
        } catch {
            throw .malformed("the payload of \(sibling.dot) is no content (\(error))")
        }
    }

    /// The payload, written after all that the object holds.
    fileprivate func stamped(on object: CausalObject, _ occasion: Occasion) -> ByteBuffer {
        var content = self
        var latest: HybridTime?
        for sibling in object.siblings {
            if let time = Content.written(in: sibling.payload), time > latest ?? time { latest = time }
            latest = latest ?? Content.written(in: sibling.payload)
        }
        content.written = .next(at: occasion.now, after: latest)
        return content.encoded()
    }
}
