// Drawing requests.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

extension World {
    /// A request of the plan's mix, the place of its key, and what follows its answer.
    func drawRequest(for index: Int) -> (ClientRequest, key: Int, Session.Next) {
        let key = drawKey()
        let context = sessions[index].contexts[key]
        switch drawOperation() {
        case 0: return (get(key: key, index), key, .nothing)
        case 1: return (put(key: key, context: nil, condition: nil), key, .nothing)
        case 2: return (put(key: key, context: context, condition: nil), key, .nothing)
        case 3: return (get(key: key, index), key, .put(key))
        case 4: return (write(key, .delete(context: nil, condition: nil)), key, .nothing)
        case 5: return (write(key, .delete(context: context, condition: nil)), key, .nothing)
        default: return (conditional(key: key, context: context), key, .nothing)
        }
    }

    private func drawOperation() -> Int {
        let weights = plan.workload.mix.weights
        var left = workloadDraws.below(max(1, weights.reduce(0, +)))
        for (kind, weight) in weights.enumerated() {
            if left < weight { return kind }
            left -= weight
        }
        return 0
    }

    private func drawKey() -> Int {
        let type = workloadDraws.below(plan.workload.bucketTypes.count)
        var number = workloadDraws.below(plan.workload.keysPerType)
        for _ in 0 ..< plan.workload.skewness { number = workloadDraws.below(number + 1) }
        return type * plan.workload.keysPerType + number
    }

    private func get(key: Int, _ index: Int) -> ClientRequest {
        var request = ClientRequest(key: keys[key], operation: .get, options: options(isWrite: false))
        if workloadDraws.chance(plan.workload.floors, in: 1000) {
            let floor = sessions[index].floors[key]
            if !floor.isEmpty { request.options.floor = floor }
        }
        return request
    }

    func put(key: Int, context: VersionVector?, condition: Condition?) -> ClientRequest {
        let isLarge = workloadDraws.chance(plan.workload.largeValues, in: 1000)
        let sizes = plan.workload.valueBytes
        let bytes =
            isLarge
            ? plan.workload.largeValueBytes : sizes.lowerBound + workloadDraws.below(sizes.count)
        let content = Content(history.freshValue().payload(bytes: bytes))
        return write(key, .put(content, context: context, condition: condition))
    }

    private func write(_ key: Int, _ operation: CoterieWire.Operation) -> ClientRequest {
        var request = ClientRequest(key: keys[key], operation: operation, options: options(isWrite: true))
        request.options.returnBody = workloadDraws.chance(plan.workload.returnBody, in: 1000)
        return request
    }

    private func conditional(key: Int, context: VersionVector?) -> ClientRequest {
        let condition: Condition =
            switch workloadDraws.below(4) {
            case 0: .absent
            case 1: .present
            case 2: .unmodified(context ?? VersionVector())
            default: .unmodifiedSince(WallTime(milliseconds: ProcessClock.epoch + now / 1_000_000))
            }
        if workloadDraws.chance(1, in: 4) { return write(key, .delete(context: context, condition: condition)) }
        return put(key: key, context: context, condition: condition)
    }

    private func options(isWrite: Bool) -> RequestOptions {
        var options = RequestOptions()
        options.timeout = plan.workload.timeout
        guard let quorums = workloadDraws.pick(plan.workload.quorums) else { return options }
        if isWrite {
            options.w = quorums.w
            options.pw = quorums.pw
            options.dw = quorums.dw
        } else {
            options.r = quorums.r
            options.pr = quorums.pr
            options.notfoundOK = quorums.notfoundOK
            options.basicQuorum = quorums.basicQuorum
        }
        return options
    }
}
