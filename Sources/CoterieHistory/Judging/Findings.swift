// What one checker finds about one key: at most so many violations as the promise says.

import CoteriePrimitives

struct Findings {
    let checker: Checker
    let key: ObjectKey
    let limit: Int
    private(set) var violations: [Violation] = []

    init(_ checker: Checker, _ history: KeyHistory) {
        self.init(checker, key: history.key, promise: history.promise)
    }

    init(_ checker: Checker, key: ObjectKey, promise: Promise) {
        self.checker = checker
        self.key = key
        limit = max(1, promise.violationsPerKey)
    }

    var isFull: Bool { violations.count >= limit }

    mutating func add(_ records: [RecordID], _ text: String) {
        if !isFull { violations.append(Violation(checker, key: key, records: records, text)) }
    }
}

/// Who wrote which value, over all keys.
struct Writers {
    private var byValue: [ValueID: SharedRecord] = [:]

    init(_ records: [SharedRecord]) {
        byValue.reserveCapacity(records.count)
        for record in records {
            if case .put(let value) = record.value.action { byValue[value] = record }
        }
    }

    subscript(value: ValueID) -> SharedRecord? { byValue[value] }
}
