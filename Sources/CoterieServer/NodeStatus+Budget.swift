// What the machine says of its background work, in the words of the status.

import CoterieHTTP
import CoteriePrimitives
import CoterieReplication

extension NodeStatus.Background {
    init(_ status: BackgroundStatus) {
        var foreground: [String: Latency] = [:]
        for (name, latency) in [("reads", status.reads), ("writes", status.writes)] {
            if let now = latency.now, let calm = latency.calm { foreground[name] = Latency(now: now, calm: calm) }
        }
        let kinds = status.kinds.map {
            ("\($0.kind)", Kind(operations: $0.operations, bytes: $0.bytes, waits: $0.waits, waiting: $0.waiting))
        }
        self.init(
            percent: status.percent, operationsPerSecond: status.operationsPerSecond,
            bytesPerSecond: status.bytesPerSecond, yieldingMilliseconds: status.yieldingFor?.milliseconds,
            foreground: foreground, kinds: Dictionary(uniqueKeysWithValues: kinds))
    }
}
