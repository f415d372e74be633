// Which requests a workload makes: drawn from a plan and a generator, for whoever makes them. The simulator's clients
// and the driver that asks a real cluster draw from the same source.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire

/// Draws the requests of a workload.
public struct RequestSource: Sendable {
    public let plan: WorkloadPlan
    /// All keys that are used; a request and a session's memory name a key by its place here.
    public let keys: [ObjectKey]
    /// What concurrent writes of each key become.
    public let kinds: [TypeKind]

    /// A request of the plan's mix.
    public struct Drawn: Sendable {
        public let request: ClientRequest
        /// The place of its key.
        public let key: Int
        /// A put over what it finds follows, where it is answered with an object.
        public let isUpdate: Bool
    }

    /// What a draw needs of the world: unused values, and the wall clock.
    public typealias Fresh = () -> ValueID

    /// - Parameter layout: tells of which type each bucket type's keys are; one that it does not have: siblings.
    public init(plan: WorkloadPlan, layout: Layout, bucket: String = "b") {
        self.plan = plan
        keys = plan.bucketTypes.flatMap { type in
            (0 ..< plan.keysPerType).map { ObjectKey(type: type, bucket: bucket, key: "k\($0)") }
        }
        kinds = plan.bucketTypes.flatMap { type in
            Array(repeating: layout.bucketType(named: type)?.kind ?? .siblings, count: plan.keysPerType)
        }
    }

    /// The next request of a session that remembers `memory`.
    public func draw(
        _ memory: SessionMemory, from draws: inout SeededGenerator, wall: WallTime, fresh: Fresh
    ) -> Drawn {
        let key = drawKey(&draws)
        let context = memory.contexts[key]
        let kind = drawKind(&draws)
        if !kinds[key].holdsContents {
            return Drawn(request: typed(key, kind, memory, &draws, fresh), key: key, isUpdate: false)
        }
        let request =
            switch kind {
            case 0, 3: get(key, memory, &draws)
            case 1: put(key, context: nil, from: &draws, fresh: fresh)
            case 2: put(key, context: context, from: &draws, fresh: fresh)
            case 4: write(key, .delete(context: nil, condition: nil), &draws)
            case 5: write(key, .delete(context: context, condition: nil), &draws)
            default: conditional(key, context, &draws, wall, fresh)
            }
        return Drawn(request: request, key: key, isUpdate: kind == 3)
    }

    private func typed(
        _ key: Int, _ kind: Int, _ memory: SessionMemory, _ draws: inout SeededGenerator, _ fresh: Fresh
    ) -> ClientRequest {
        let intent: Intent
        switch kind {
        case 0, 3: return get(key, memory, &draws)
        case 2: intent = .change(memory.contexts[key])
        case 4, 5: intent = .takeAway(memory.contexts[key])
        default: intent = .change(nil)
        }
        let operation = operation(of: kinds[key], on: key, intent, memory, &draws, fresh: fresh)
        return write(key, operation, &draws)
    }

    /// A put of a value that nobody has written.
    public func put(
        _ key: Int, context: VersionVector?, condition: Condition? = nil, from draws: inout SeededGenerator,
        fresh: Fresh
    ) -> ClientRequest {
        let isLarge = draws.chance(plan.largeValues, in: 1000)
        let sizes = plan.valueBytes
        let bytes = isLarge ? plan.largeValueBytes : sizes.lowerBound + draws.below(sizes.count)
        let content = Content(fresh().payload(bytes: bytes))
        return write(key, .put(content, context: context, condition: condition), &draws)
    }

    private func drawKind(_ draws: inout SeededGenerator) -> Int {
        let weights = plan.mix.weights
        var left = draws.below(max(1, weights.reduce(0, +)))
        for (kind, weight) in weights.enumerated() {
            if left < weight { return kind }
            left -= weight
        }
        return 0
    }

    private func drawKey(_ draws: inout SeededGenerator) -> Int {
        let type = draws.below(plan.bucketTypes.count)
        var number = draws.below(plan.keysPerType)
        for _ in 0 ..< plan.skewness { number = draws.below(number + 1) }
        return type * plan.keysPerType + number
    }

    private func get(_ key: Int, _ memory: SessionMemory, _ draws: inout SeededGenerator) -> ClientRequest {
        var request = ClientRequest(key: keys[key], operation: .get, options: options(isWrite: false, &draws))
        if draws.chance(plan.floors, in: 1000) {
            let floor = memory.floors[key]
            if !floor.isEmpty { request.options.floor = floor }
        }
        return request
    }

    private func write(
        _ key: Int, _ operation: CoterieWire.Operation, _ draws: inout SeededGenerator
    ) -> ClientRequest {
        var request = ClientRequest(key: keys[key], operation: operation, options: options(isWrite: true, &draws))
        request.options.returnBody = draws.chance(plan.returnBody, in: 1000)
        return request
    }

    private func conditional(
        _ key: Int, _ context: VersionVector?, _ draws: inout SeededGenerator, _ wall: WallTime, _ fresh: Fresh
    ) -> ClientRequest {
        let condition: Condition =
            switch draws.below(4) {
            case 0: .absent
            case 1: .present
            case 2: .unmodified(context ?? VersionVector())
            default: .unmodifiedSince(wall)
            }
        if draws.chance(1, in: 4) { return write(key, .delete(context: context, condition: condition), &draws) }
        return put(key, context: context, condition: condition, from: &draws, fresh: fresh)
    }

    private func options(isWrite: Bool, _ draws: inout SeededGenerator) -> RequestOptions {
        var options = RequestOptions()
        options.timeout = plan.timeout
        guard let quorums = draws.pick(plan.quorums) else { return options }
        options.sloppy = quorums.sloppy
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
