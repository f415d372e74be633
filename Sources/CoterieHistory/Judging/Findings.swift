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
    struct Writer {
        let key: ObjectKey
        let record: Record
    }

    private let records: [Record]
    private var indexes: [ValueID: Int] = [:]

    init(_ history: History) {
        records = history.records
        indexes.reserveCapacity(records.count)
        for (index, record) in records.enumerated() {
            if case .put(let value) = record.action { indexes[value] = index }
        }
    }

    subscript(value: ValueID) -> Writer? {
        indexes[value].map { Writer(key: records[$0].key, record: records[$0]) }
    }
}
