// Operations and values of replicated types, as far as laws judge them: additions to counters and to sets of numbers.

import CoterieCausality
import CoterieRing
import CoterieTypes
import NIOCore

extension Action {
    /// What an operation in its canonical bytes does to a key of this type.
    init(_ operation: ByteBuffer, of kind: TypeKind) {
        self = .update
        switch kind {
        case .counter:
            let operation = try? CounterOperation(decoding: operation, as: "an operation")
            if case .add(let amount)? = operation { self = .increment(amount) }
        case .bcounter:
            switch try? BoundedCounterOperation(decoding: operation, as: "an operation") {
            case .add(let amount)?: self = .increment(amount)
            case .take(let amount)?: self = .increment(-amount)
            case .give?, nil: return
            }
        case .set:
            guard let operation = try? SetOperation(decoding: operation, as: "an operation") else { return }
            let (adds, removes) = (operation.adds, operation.removes)
            if removes.isEmpty, adds.count == 1, let element = Self.number(adds[0]) { self = .add(element) }
            if adds.isEmpty, removes.count == 1, let element = Self.number(removes[0]) { self = .remove(element) }
        case .gset:
            guard let operation = try? ElementList(decoding: operation, as: "an operation") else { return }
            if operation.elements.count == 1, let element = Self.number(operation.elements[0]) { self = .add(element) }
        default: return
        }
    }

    static func number(_ element: ByteBuffer) -> UInt64? { UInt64(String(buffer: element)) }
}

extension Reply {
    /// An object of a key of this type, as an answer shows it. Elements that are no numbers are 0; where the object means
    /// nothing, there is neither a count nor elements.
    public init(_ object: CausalObject, of kind: TypeKind) {
        switch kind {
        case .siblings, .lww: self.init(object)
        case .counter: self.init(context: object.context, count: try? ReplicatedCounter.value(of: object))
        case .bcounter: self.init(context: object.context, count: (try? BoundedCounter.value(of: object))?.amount)
        case .set, .gset:
            let elements = try? ReplicatedSet.value(of: object)
            self.init(context: object.context, elements: elements?.map { Action.number($0) ?? 0 })
        default: self.init(context: object.context)
        }
    }
}
