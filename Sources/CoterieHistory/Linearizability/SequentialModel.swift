// What an object does when it is used by one client at a time: the specification that a linearizable history must
// match.

import CoteriePrimitives

/// A sequential specification.
public protocol SequentialModel: Sendable {
    associatedtype State: Hashable, Sendable
    associatedtype Operation: Sendable

    var initial: State { get }
    /// The state after `operation`, with the result that it names; nil where it cannot have that result in `state`.
    func apply(_ operation: Operation, to state: State) -> State?
}

/// A register: one value or none.
public struct RegisterModel: SequentialModel {
    public enum Operation: Hashable, Sendable {
        /// What was read; nil for nothing.
        case read(ValueID?)
        /// What is written; nil is a delete.
        case write(ValueID?)
        /// Writes where the value is as expected; it was.
        case compareAndSet(ValueID?, ValueID?)
    }

    public var initial: ValueID?

    public init(initial: ValueID? = nil) { self.initial = initial }

    public func apply(_ operation: Operation, to state: ValueID?) -> ValueID?? {
        switch operation {
        case .read(let value): value == state ? .some(state) : nil
        case .write(let value): .some(value)
        case .compareAndSet(let expected, let value): expected == state ? .some(value) : nil
        }
    }
}

/// An operation and its interval.
public struct TimedOperation<Operation: Sendable>: Sendable {
    public let operation: Operation
    /// Unique among all calls and returns.
    public let called: Int
    /// Nil where the outcome is unknown: it may take effect at any time after its call, or never.
    public let returned: Int?

    public init(_ operation: Operation, called: Int, returned: Int?) {
        precondition(
            returned.map { $0 > called } ?? true, "an operation returns after its call, not at \(returned ?? 0)")
        self.operation = operation
        self.called = called
        self.returned = returned
    }
}

/// What a search found.
public enum Linearization: Hashable, Sendable {
    /// The operations in an order that explains them all, as indexes.
    case linearizable([Int])
    /// There is no such order. `longest` explains the most; then no order lets `stuck` take effect before it returned.
    case violated(longest: [Int], stuck: Int)
    /// More steps were needed than were allowed.
    case undecided(steps: Int)
}
