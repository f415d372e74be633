// Plays a scenario's timeline in virtual time: each step when the one before it is done and its time has come.

import CoteriePrimitives
import CoterieRing

extension World {
    /// How often a step that waits looks whether it may go on.
    private static let scriptStep: Int64 = 1_000_000

    func beginScript() {
        script.isDone = plan.timeline.isEmpty
        script.began = now
        script.lastDone = now
        playScript()
    }

    /// Plays what is due, until something has to be waited for.
    func playScript() {
        if now >= script.wakesAt { script.wakesAt = .max }
        guard stage == .safety else { return }
        while !script.isDone {
            guard script.next < plan.timeline.count else {
                script.isDone = true
                return
            }
            let step = plan.timeline[script.next]
            if !script.hasBegun {
                let due = due(step)
                guard now >= due else { return wakeScript(at: due) }
                script.lives = nodes.map(\.life)
                guard begin(step) else { return wakeScript(at: now + Self.scriptStep) }
                script.hasBegun = true
            }
            guard isDone(step) else {
                if now >= script.deadline { return giveUp(step) }
                return wakeScript(at: min(now + Self.scriptStep, script.deadline))
            }
            script.next += 1
            script.hasBegun = false
            script.deadline = .max
            script.lastDone = now
        }
    }

    /// The timeline is looked at then, or before.
    func wakeScript(at time: Int64) {
        guard time < script.wakesAt else { return }
        script.wakesAt = time
        queue.push(.script, 0, at: max(now, time))
    }

    private func due(_ step: Step) -> Int64 {
        switch step.time {
        case .now: now
        case .at(let span): script.began + span.nanoseconds
        case .after(let span): script.lastDone + span.nanoseconds
        }
    }

    // MARK: Steps

    /// False where it cannot begin yet: its session is waiting for an answer.
    private func begin(_ step: Step) -> Bool {
        if case .request(let request) = step.action, script.busy.contains(request.session) { return false }
        if trace.isOn { trace.add(now, "--", "step", "line \(step.place.line): \(step.action.line)") }
        switch step.action {
        case .faults(let faults): for fault in faults { perform(fault) }
        case .slowLink(let one, let other, let delay, let rate, let during):
            for (from, to) in [(one, other), (other, one)] {
                perform(.slowLink(from: from, to: to, factor: 1, bytesPerSecond: rate, during: during))
                if let from = process(from), let to = process(to) { links[from, to].added = delay.nanoseconds }
            }
        case .restart(let members):
            for member in members {
                perform(node(member)?.state == .down ? .start(member) : .stop(member, downFor: .zero))
            }
        case .resume(let members):
            endFaults { if case .pause(let member, _) = $0 { members.contains(member) } else { false } }
        case .heal(let scope): heal(scope)
        case .request(let request): ask(request, step: script.next)
        case .await(_, let within): script.deadline = now + within.nanoseconds
        }
        return true
    }

    private func isDone(_ step: Step) -> Bool {
        switch step.action {
        case .slowLink, .resume, .heal: true
        case .faults(let faults):
            faults.allSatisfy { if case .stop(let member, _) = $0 { hasStopped(member) } else { true } }
        case .restart(let members):
            members.allSatisfy { hasStopped($0) && node($0)?.state != .down }
        case .request(let request): !request.waits || script.calls[script.next] == nil
        case .await(let condition, within: _): holds(condition)
        }
    }

    /// Whether a node that was told to stop has ended, if it could be told.
    private func hasStopped(_ member: MemberNumber) -> Bool {
        guard let node = node(member) else { return true }
        return node.state == .down || node.life != script.lives[node.index] || !node.isStopping
    }

    private func holds(_ condition: AwaitCondition) -> Bool {
        switch condition {
        case .allServe: nodes.allSatisfy { $0.isServing && !$0.isStopping }
        case .serves(let member): node(member).map { $0.isServing && !$0.isStopping } ?? false
        case .isDown(let member): node(member)?.state == .down
        case .allConnected: upMembersAreConnected
        case .isSeen(let member, let status): isSeen(member, status)
        case .allKeysEqual: keys.indices.allSatisfy(ownersAgree)
        case .noHints: hintsAreGone
        case .workloadDone: workloadIsDone
        case .requests(let count): statistics.operations >= count
        case .answer(let name): script.answers[name] != nil
        }
    }

    /// What follows a wait in vain would be another story.
    private func giveUp(_ step: Step) {
        if case .await(let condition, let within) = step.action {
            giveUpScript("waited \(SettingText.text(of: within)) in vain: \(condition)")
        }
    }

    /// Plays no more of it, and says where it was.
    func giveUpScript(_ reason: String) {
        guard !script.isDone, script.next < plan.timeline.count else { return }
        script.unmet.append(UnmetExpectation(reason, at: plan.timeline[script.next].place))
        script.isDone = true
    }

    // MARK: Healing

    private func heal(_ scope: HealScope) {
        switch scope {
        case .all: heal()
        case .network:
            endFaults { [.partition, .asymmetricCut, .slowLink, .datagrams].contains($0.kind) }
        case .nodes:
            endFaults { $0.kind == .pause }
            for node in nodes where node.state == .down { perform(.start(node.member.number)) }
        case .disks:
            endFaults {
                [.slowDisk, .fullDisk, .failingFsyncs, .failingAppends, .failingReads].contains($0.kind)
            }
        }
    }

    private func endFaults(where isMeant: (Fault) -> Bool) {
        for number in faults.activeNumbers {
            if let fault = faults.active[number], isMeant(fault) { endFault(number) }
        }
    }

    private var upMembersAreConnected: Bool {
        let up = nodes.filter { $0.state != .down }
        return up.allSatisfy { node in
            up.allSatisfy { other in
                guard other !== node else { return true }
                let serial = node.connections[other.index]
                guard serial >= 0, let connection = connections[serial] else { return false }
                return connection[0].isUp && connection[1].isUp && connection[0].isOpen && connection[1].isOpen
                    && !connection.isBroken
            }
        }
    }

    private func ownersAgree(_ key: Int) -> Bool {
        let states = owners(of: key).map { stored(key, at: $0) }
        guard let first = states.first, first != nil else { return states.isEmpty }
        return states.allSatisfy { $0 == first }
    }
}
