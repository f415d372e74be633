// The rows of section `background`: what all background work may cost, and how far it yields to requests.

import CoteriePrimitives
import CoterieReplication

extension SettingsTable {
    static let background: [Setting] = [
        .count(
            "background.operationsPerSecond", \.replication.background.operationsPerSecond, 1 ... 10_000_000,
            "Records that hints, repairs, anti-entropy, refills and the scrub may read or send a second, together."),
        .size(
            "background.bytesPerSecond", \.replication.background.bytesPerSecond, 1 << 10 ... 1 << 40,
            "Bytes of such records a second, together."),
        .span(
            "background.burst", \.replication.background.burst, .milliseconds(1) ... .seconds(10),
            "For so long an unused budget may be saved up, and be caught up with at once."),
        .count(
            "background.leastPercent", \.replication.background.leastPercent, 1 ... 100,
            "So much of the budget is left when requests are slow; 100: it never yields."),
        .count(
            "background.slowPercent", \.replication.background.slowPercent, 100 ... 100_000,
            "Requests are slow when their latency is so much of what it is when all is calm."),
    ]
}
