// A request arrives: it is checked, and then read, written here, or passed to an owner.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

extension NodeMachine {
    /// Takes a client's request, from whatever door.
    mutating func arrive(
        _ request: ClientRequest, for target: ReplyTarget, timeLeft: TimeSpan?, id: RequestID?, _ now: Now,
        _ effects: inout Effects
    ) {
        if let id, request.operation.isWrite, replay(id, for: target, &effects) { return }
        let plan: RequestPlan
        do {
            try checkPatience(timeLeft, now)
            plan = try self.plan(request)
        } catch {
            let reply = refuse(target, error, now, &effects)
            if let id, request.operation.isWrite { remembered.remember(id, reply) }
            return
        }
        var timeout = plan.options.timeout
        if let timeLeft { timeout = min(timeout, timeLeft) }
        let coordination = Coordination(
            target: target, request: request, plan: plan, started: now.monotonic, deadline: now.monotonic + timeout)
        coordination.lookAt = whenToLook(coordination)
        let slot = requests.reserve()
        deadlines.insert(slot, at: coordination.lookAt ?? coordination.deadline)
        count(request.operation)
        if let id, request.operation.isWrite { remembered.begin(id, slot: slot) }
        dispatch(coordination, slot, now, &effects)
    }

    /// A request of another member: a write for which this node is asked as an owner.
    mutating func receive(
        _ request: Request, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        let target = ReplyTarget.member(member, request.id)
        if request.epoch < layout.epoch {
            counters.staleEpochs += 1
            sendLayout(to: member, &effects)
            refuse(target, Failure(.wrongEpoch, "epoch \(request.epoch) is over: it is \(layout.epoch)"), now, &effects)
            return
        }
        if request.epoch > layout.epoch {
            askForLayout(of: member, &effects)
            refuse(target, Failure(.wrongEpoch, "epoch \(request.epoch) is not known here yet"), now, &effects)
            return
        }
        arrive(request.request, for: target, timeLeft: request.timeLeft, id: request.id, now, &effects)
    }

    /// Whether so much patience at the sending is used up by now, as far as this node can tell.
    func isOver(_ timeLeft: TimeSpan, _ now: Now) -> Bool {
        timeLeft <= lateness.estimate(at: now.monotonic) && !settings.omitted.contains(.shedding)
    }

    /// What nobody waits for any more is dropped before anything is done for it. `timeLeft`: when it was sent; nil: a door
    /// of this process asks, which has no patience of its own.
    private mutating func checkPatience(_ timeLeft: TimeSpan?, _ now: Now) throws(Failure) {
        guard let timeLeft, isOver(timeLeft, now) else { return }
        counters.expired += 1
        let waited = lateness.estimate(at: now.monotonic)
        if timeLeft <= .zero { throw Failure(.timeout, "request timed out before it arrived") }
        throw Failure(.overloaded, "this node is \(waited) behind, and the request had \(timeLeft) left")
    }

    /// What the request asks and where it goes; throws what is wrong with it.
    private func plan(_ request: ClientRequest) throws(Failure) -> RequestPlan {
        if isStopping { throw Failure(.shuttingDown, "this node is stopping") }
        if underWay >= limits.maxRequestsInFlight {
            throw Failure(
                .overloaded, "\(underWay) requests are under way (maxRequestsInFlight=\(limits.maxRequestsInFlight))"
            )
        }
        try checkSizes(request)
        let typeName = request.key.type
        guard let type = layout.bucketType(named: typeName) else {
            let known = layout.bucketTypes.map(\.name).joined(separator: ", ")
            throw Failure(
                .unknownBucketType, "there is no bucket type '\(String(buffer: typeName))'; there are: \(known)")
        }
        let options = try ResolvedOptions.resolve(
            request, type: type, properties: properties.effective(for: request.key, of: type),
            durability: settings.durability, limits: limits)
        let rule = TypeRule(type.kind, in: types)
        try rule.check(request.operation)
        let group = layout.group(for: request.key, n: type.n)
        return RequestPlan(
            group: group, owners: layout.preferenceList(for: group).primaries, rule: rule,
            options: options, epoch: layout.epoch)
    }

    private func checkSizes(_ request: ClientRequest) throws(Failure) {
        let bytes = request.key.bytes.readableBytes
        let most = limits.maxTypeBytes + limits.maxBucketBytes + limits.maxKeyBytes
        // Only a key near the limits is taken apart.
        if bytes > min(limits.maxTypeBytes, limits.maxBucketBytes, limits.maxKeyBytes) {
            for (name, part, limit) in [
                ("bucket type", request.key.type, limits.maxTypeBytes),
                ("bucket", request.key.bucket, limits.maxBucketBytes),
                ("key", request.key.key, limits.maxKeyBytes),
            ] where part.readableBytes > limit {
                throw Failure(.keyTooLarge, "the \(name) has \(part.readableBytes) bytes; at most \(limit) are allowed")
            }
            if bytes > 2 * most { throw Failure(.keyTooLarge, "the encoded key has \(bytes) bytes") }
        }
        switch request.operation {
        case .get: try checkContext(request.options.floor)
        case .delete(let context, _): try checkContext(context)
        case .put(let content, let context, _):
            try checkContext(context)
            let size = content.bytes
            if size > limits.maxValueBytes {
                throw Failure(
                    .valueTooLarge,
                    "the value with its metadata has \(size) bytes; at most \(limits.maxValueBytes) are allowed")
            }
        case .update(let operation, let context, _):
            try checkContext(context)
            let size = operation.readableBytes
            if size > limits.maxValueBytes {
                throw Failure(
                    .valueTooLarge, "the operation has \(size) bytes; at most \(limits.maxValueBytes) are allowed")
            }
        }
    }

    private func checkContext(_ context: VersionVector?) throws(Failure) {
        if let context, context.count > limits.maxContextEntries {
            throw Failure(
                .contextTooLarge,
                "the context has \(context.count) entries; at most \(limits.maxContextEntries) are allowed")
        }
    }

    /// Sends a checked request its way.
    mutating func dispatch(
        _ coordination: Coordination, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        let plan = coordination.plan
        if park(coordination, slot, now) { return }
        if !coordination.request.operation.isWrite {
            startRead(coordination, slot, plan.options, .answer, now, &effects)
        } else if !plan.owners.contains(me) || service != .serving {
            startForward(coordination, slot, now, &effects)
        } else if coordination.request.operation.needsRead {
            startRead(coordination, slot, plan.options.readBefore(), .write, now, &effects)
        } else {
            startWrite(coordination, slot, now, &effects)
        }
    }

    private mutating func count(_ operation: Operation) {
        switch operation {
        case .get: counters.gets += 1
        case .put: counters.puts += 1
        case .delete: counters.deletes += 1
        case .update: counters.updates += 1
        }
    }
}

extension NodeMachine {
    /// Answers a request that never got a slot.
    @discardableResult
    mutating func refuse(
        _ target: ReplyTarget, _ failure: Failure, _ now: Now, _ effects: inout Effects
    ) -> ClientReply {
        let reply = ClientReply(result: .failed(failure), receipt: Receipt(coordinator: me, epoch: layout.epoch))
        counters.failures[failure.code, default: 0] += 1
        if failure.code == .overloaded { background.foreground.refused() }
        deliver(reply, to: target, &effects)
        return reply
    }

    /// Answers a request under way; it may live on for its repair.
    mutating func answer(
        _ coordination: Coordination, _ result: ClientResult, _ receipt: Receipt, _ effects: inout Effects
    ) {
        precondition(!coordination.isAnswered, "a request is answered once")
        coordination.isAnswered = true
        var result = result
        if coordination.isInDoubt, case .failed(var failure) = result, failure.outcome == .notApplied {
            failure.outcome = .unknown
            failure.message += " (and the owner that had it first is lost)"
            result = .failed(failure)
        }
        let reply = ClientReply(result: result, receipt: receipt)
        let operation = coordination.request.operation
        if case .failed(let failure) = result {
            counters.failures[failure.code, default: 0] += 1
            if failure.outcome == .unknown { counters.unknown += 1 }
            if failure.code == .timeout {
                background.foreground.record(receipt.duration, isWrite: operation.isWrite)
            }
        } else {
            latencies.record(receipt.duration, of: operation)
            background.foreground.record(receipt.duration, isWrite: operation.isWrite)
        }
        if coordination.request.operation.isWrite, let id = coordination.target.requestID {
            remembered.finish(id, with: reply)
        }
        deliver(reply, to: coordination.target, &effects)
    }

    func deliver(_ reply: ClientReply, to target: ReplyTarget, _ effects: inout Effects) {
        switch target {
        case .door(let token): effects.append(.reply(token, reply))
        case .connection(let connection, let id):
            effects.append(.answer(.response(Response(id: id, reply: reply)), to: connection))
        case .member(let member, let id):
            effects.append(.send(.response(Response(id: id, reply: reply)), to: member))
        case .none: break
        }
    }

    /// A receipt without counts yet.
    func receipt(of coordination: Coordination, _ asked: AskedQuorum, _ now: Now) -> Receipt {
        Receipt(
            coordinator: me, epoch: coordination.plan.epoch, asked: asked,
            duration: now.monotonic - coordination.started)
    }
}

extension ReplyTarget {
    var requestID: RequestID? {
        switch self {
        case .connection(_, let id), .member(_, let id): id
        case .door, .none: nil
        }
    }
}

extension Operation {
    /// Whether a quorum read comes first: to check a condition, or because a delete brought no context.
    var needsRead: Bool {
        switch self {
        case .get, .update: false
        case .put(_, _, let condition): condition != nil
        case .delete(let context, let condition): context == nil || condition != nil
        }
    }
}
