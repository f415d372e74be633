// Which values of the type `lww` may have been discarded for a later one.
//
// A value that is seen by a context, not shown, and replaced by nobody was discarded for a concurrent one that was
// written later by the hybrid clock. Times are known only of values that an answer showed; what was never shown may be
// late.

import CoterieCausality
import CoterieTypes

/// The latest put before each moment, by hybrid time.
struct Discards {
    private var calls: [Int] = []
    private var latest: [LastWriterOrder?] = []

    init(_ writes: [WriteEvent], _ lanes: Lanes) {
        var last: LastWriterOrder?
        var isUnknown = false
        for write in writes where write.value != nil {
            if let dot = write.dot, lanes.times[dot] != nil {
                last = last.map { max($0, lanes.order(of: dot)) } ?? lanes.order(of: dot)
            } else {
                isUnknown = true
            }
            calls.append(write.record.called.order)
            latest.append(isUnknown ? nil : last)
        }
    }

    /// Whether some put that was called before `order` is or may be later than `value`. O(log writes).
    func mayDiscard(_ value: LastWriterOrder, before order: Int) -> Bool {
        var low = 0
        var high = calls.count
        while low < high {
            let middle = (low + high) / 2
            if calls[middle] < order { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return false }
        guard let latest = latest[low - 1] else { return true }
        return value < latest
    }
}
