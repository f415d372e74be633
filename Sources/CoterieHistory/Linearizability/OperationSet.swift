// A set of operations that is nearly a prefix of the history: bits, and the window in which they are neither all set
// nor all clear.

struct OperationSet {
    /// Equal windows are equal sets.
    struct Window: Hashable {
        let firstWord: Int
        let words: [UInt64]
    }

    /// Operations that returned, in the order of their calls; behind them those that did not.
    private let positions: [Int]
    private var words: [UInt64]
    /// The words of operations that returned: `0 ..< closedWords`.
    private let closedWords: Int
    /// All words below are full.
    private var low = 0
    /// All words from here on, of those that returned, are empty.
    private var high = 0

    init(inOrderOfCalls operations: [(operation: Int, isOpen: Bool)]) {
        let closed = operations.count { !$0.isOpen }
        closedWords = (closed + 63) / 64
        var positions = Array(repeating: 0, count: operations.count)
        var nextClosed = 0
        var nextOpen = closedWords * 64
        for (operation, isOpen) in operations {
            if isOpen {
                positions[operation] = nextOpen
                nextOpen += 1
            } else {
                positions[operation] = nextClosed
                nextClosed += 1
            }
        }
        self.positions = positions
        words = Array(repeating: 0, count: (nextOpen + 63) / 64)
    }

    mutating func insert(_ operation: Int) {
        let position = positions[operation]
        let word = position / 64
        words[word] |= 1 << UInt64(position % 64)
        guard word < closedWords else { return }
        high = max(high, word + 1)
        while low < high, words[low] == .max { low += 1 }
    }

    mutating func remove(_ operation: Int) {
        let position = positions[operation]
        let word = position / 64
        words[word] &= ~(1 << UInt64(position % 64))
        guard word < closedWords else { return }
        low = min(low, word)
        while high > low, words[high - 1] == 0 { high -= 1 }
    }

    /// O(window + operations without a return).
    var window: Window {
        Window(firstWord: low, words: Array(words[low ..< max(low, high)] + words[closedWords...]))
    }
}
