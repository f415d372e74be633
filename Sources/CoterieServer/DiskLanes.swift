// The threads on which work that may block is done: one a lane, so that the work of a lane stays in order, and a few for
// the reads that requests wait for.

import CoterieStorage
import NIOCore
import NIOPosix

/// Performs an engine's disk work and gives it back on the event loop.
final class DiskLanes: Sendable {
    private let disk: any Disk
    private let eventLoop: any EventLoop
    private let write = NIOThreadPool(numberOfThreads: 1)
    private let read: NIOThreadPool
    private let background = NIOThreadPool(numberOfThreads: 1)

    init(disk: any Disk, eventLoop: any EventLoop, readers: Int) {
        self.disk = disk
        self.eventLoop = eventLoop
        read = NIOThreadPool(numberOfThreads: readers)
        for pool in [write, read, background] { pool.start() }
    }

    /// Calls back on the event loop.
    func perform(_ work: DiskWork, _ done: @escaping @Sendable (DiskCompletion) -> Void) {
        let (disk, eventLoop) = (disk, eventLoop)
        pool(of: work.lane).submit { state in
            guard state == .active else { return }
            let completion = work.perform(on: disk)
            eventLoop.execute { done(completion) }
        }
    }

    private func pool(of lane: DiskWork.Lane) -> NIOThreadPool {
        switch lane {
        case .write: write
        case .read: read
        case .background: background
        }
    }

    /// What has not begun is not done any more.
    func stop() async {
        for pool in [read, background, write] { try? await pool.shutdownGracefully() }
    }
}
