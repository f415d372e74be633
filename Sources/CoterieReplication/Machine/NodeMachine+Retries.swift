// What could not be done is tried again at an interval: introductions that were not answered, parts of a refill, what a
// full disk refused. The timer runs only while there is something of the kind.

import CoteriePrimitives
import CoterieStorage

extension NodeMachine {
    private var hasToRetry: Bool {
        service != .serving || refill != nil || markFailed || isReadOnly || hints.hasLeaving
            || !unrecordedAdoptions.isEmpty
    }

    /// At the end of each tick: sets the timer where something has come up.
    mutating func scheduleRetries(_ now: Now, _ effects: inout Effects) {
        guard !isRetrySet, hasToRetry, !hasStopped else { return }
        isRetrySet = true
        effects.append(.setTimer(.retry, at: now.monotonic + settings.retryInterval))
    }

    mutating func retry(_ now: Now, _ effects: inout Effects) {
        isRetrySet = false
        guard !hasStopped else { return }
        retries += 1
        for member in peers.keys.sorted() { greet(member, &effects) }
        retryMark(&effects)
        retryAdoptions(&effects)
        retryRefill(&effects)
        releaseHints()
        if isReadOnly { engine.probeWritable() }
    }
}
