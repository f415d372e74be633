// What a node must know of an operation before it chooses who performs it.

/// How an operation may travel.
public struct OperationTraits: Hashable, Sendable {
    /// See `ReplicatedType.mayRepeat`.
    public var mayRepeat: Bool
    /// See `ReplicatedType.needsOwner`.
    public var needsOwner: Bool

    public init(mayRepeat: Bool, needsOwner: Bool) {
        self.mayRepeat = mayRepeat
        self.needsOwner = needsOwner
    }
}

extension ReplicatedType {
    public static func mayRepeat(_ operation: Operation) -> Bool { false }
    public static func needsOwner(_ operation: Operation) -> Bool { false }

    public static func traits(of operation: Operation) -> OperationTraits {
        OperationTraits(mayRepeat: mayRepeat(operation), needsOwner: needsOwner(operation))
    }
}

extension ReplicatedCounter {
    /// An addition that is there is recognised by its id, and counts once.
    public static func mayRepeat(_ operation: CounterOperation) -> Bool { operation != .reset }
    public static func needsOwner(_ operation: CounterOperation) -> Bool { operation == .reset }
}

extension ReplicatedSet {
    public static func needsOwner(_ operation: SetOperation) -> Bool { !operation.removes.isEmpty }
}

extension GrowOnlySet {
    public static func mayRepeat(_ elements: ElementList) -> Bool { true }
}

extension ReplicatedFlag {
    public static func needsOwner(_ isOn: Bool) -> Bool { !isOn }
}

extension ReplicatedMaximum {
    public static func mayRepeat(_ number: Int64) -> Bool { true }
}

extension ReplicatedMinimum {
    public static func mayRepeat(_ number: Int64) -> Bool { true }
}

extension DistinctCount {
    public static func mayRepeat(_ elements: ElementList) -> Bool { true }
}

extension BoundedCounter {
    /// What a fallback adds could be taken by nobody: its identity ends with its hints.
    public static func needsOwner(_ operation: BoundedCounterOperation) -> Bool { true }
}

extension MapOf {
    public static func mayRepeat(_ operation: MapOperation) -> Bool {
        operation.removes.isEmpty && operation.updates.allSatisfy { traits(of: $0)?.mayRepeat ?? false }
    }

    public static func needsOwner(_ operation: MapOperation) -> Bool {
        !operation.removes.isEmpty || operation.updates.contains { traits(of: $0)?.needsOwner ?? false }
    }

    /// Nil of what is no operation of the field's type: it is refused where it is applied.
    private static func traits(of update: MapOperation.Update) -> OperationTraits? {
        if update.field.type == name {
            return (try? MapOperation(decoding: update.operation, as: "a field's operation")).map(traits)
        }
        return try? Fields.types.first { $0.name == update.field.type }?.traits(of: update.operation)
    }
}
