// From any thread to the event loop: what tasks want is put into one list, and the loop is woken once for all of it.

import CoterieClientMachine
import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore
import Synchronization

/// Commands for a `LoopClient`, in the order they were posted.
final class Mailbox: Sendable {
    enum Command: Sendable {
        case call(ClientRequest, AsyncCall, CheckedContinuation<Completion, Never>)
        case cancel(AsyncCall)
        case waitForClose(@Sendable () -> Void)
        case close(grace: TimeSpan, @Sendable () -> Void)
        case abort
    }

    private struct State: Sendable {
        var commands: [Command] = []
        var layout: Layout?
    }

    private let client: LoopClient
    private let state = Mutex(State())
    private let desk = Desk()

    /// What only the event loop touches.
    private final class Desk: @unchecked Sendable {
        var isStarted = false
        var whenClosed: [@Sendable () -> Void] = []
        var isClosed = false
    }

    init(_ client: LoopClient) { self.client = client }

    var layout: Layout? { state.withLock { $0.layout } }

    func post(_ command: Command) {
        let isFirst = state.withLock { state in
            state.commands.append(command)
            return state.commands.count == 1
        }
        if isFirst { client.eventLoop.execute { self.drain() } }
    }

    private func drain() {
        let commands = state.withLock { state in
            let commands = state.commands
            state.commands = []
            return commands
        }
        for command in commands { obey(command) }
    }

    private func obey(_ command: Command) {
        switch command {
        case .call(let request, let call, let continuation):
            start()
            call.begin(request, on: client, continuation)
        case .cancel(let call): call.cancel(on: client)
        case .waitForClose(let then):
            start()
            if desk.isClosed { then() } else { desk.whenClosed.append(then) }
        case .close(let grace, let then): close(grace: grace, then)
        case .abort:
            client.close { self.closed() }
            client.abort()
        }
    }

    private func start() {
        guard !desk.isStarted else { return }
        desk.isStarted = true
        client.whenLearnt = { [weak self] layout in self?.state.withLock { $0.layout = layout } }
        client.start()
    }

    private func close(grace: TimeSpan, _ then: @escaping @Sendable () -> Void) {
        if desk.isClosed { return then() }
        desk.whenClosed.append(then)
        client.close { self.closed() }
        guard !desk.isClosed else { return }
        client.eventLoop.scheduleTask(in: .nanoseconds(max(grace.nanoseconds, 0))) { [weak self] in
            guard let self, !desk.isClosed else { return }
            client.abort()
        }
    }

    private func closed() {
        guard !desk.isClosed else { return }
        desk.isClosed = true
        let callbacks = desk.whenClosed
        desk.whenClosed = []
        for callback in callbacks { callback() }
    }
}

/// A call that a task awaits. Confined to the event loop once it is posted.
final class AsyncCall: CompletionReceiver, @unchecked Sendable {
    private enum State {
        case new
        case cancelledBeforeBegin
        case waiting(CallToken?, CheckedContinuation<Completion, Never>)
        case done
    }

    private var state = State.new

    func begin(_ request: ClientRequest, on client: LoopClient, _ continuation: CheckedContinuation<Completion, Never>)
    {
        if case .cancelledBeforeBegin = state {
            state = .done
            let text = "the task was cancelled before the request was sent"
            return continuation.resume(returning: .unanswered(Unanswered(.cancelled, text)))
        }
        state = .waiting(nil, continuation)
        let token = client.submit(request, tag: 0, to: self)
        if case .waiting = state { state = .waiting(token, continuation) }
    }

    func cancel(on client: LoopClient) {
        switch state {
        case .new: state = .cancelledBeforeBegin
        case .waiting(let token?, _): client.cancel(token)
        case .waiting(nil, _), .cancelledBeforeBegin, .done: break
        }
    }

    func completed(_ tag: UInt64, _ completion: Completion) {
        guard case .waiting(_, let continuation) = state else { return }
        state = .done
        continuation.resume(returning: completion)
    }
}
