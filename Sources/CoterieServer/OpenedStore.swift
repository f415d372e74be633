// The store that a node's settings name, opened.

import CoterieFileDisk
import CoteriePrimitives
import CoterieReplication
import CoterieStorage
import Logging
import NIOCore

/// An engine and the disk that its work is performed on.
struct OpenedStore {
    let engine: any StorageEngine
    let disk: any Disk
    /// Opening met losses that do not tell which keys they touch.
    let isDoubtful: Bool
    /// What the records say of the events that were handled.
    let knowledge = Knowledge()

    /// Locks the data directory and opens what is in it, blocking.
    init(settings: NodeSettings, logger: Logger) throws(NodeStartError) {
        let disk: FileDisk
        do throws(DiskError) {
            disk = try FileDisk(directory: settings.dataDirectory)
        } catch {
            switch error {
            case .locked(let text): throw .locked(text)
            case .notFound(let text), .full(let text), .io(let text):
                throw .cannotCreate(directory: settings.dataDirectory, reason: text)
            }
        }
        self.disk = disk
        switch settings.engine {
        case .memory:
            engine = MemoryEngine()
            isDoubtful = false
        case .log:
            let log: LogEngine
            do throws(StorageOpenError) {
                log = try LogEngine.open(disk: disk, settings: settings.storage, replay: knowledge.replay)
            } catch {
                throw .store(error)
            }
            let report = log.openingReport
            for fault in report.faults {
                logger.error(
                    "the store has a fault",
                    metadata: ["file": "\(fault.file)", "offset": "\(fault.offset)", "reason": "\(fault.reason)"])
            }
            logger.info(
                "store opened",
                metadata: [
                    "keys": "\(log.statistics.keys)", "segments": "\(log.statistics.segments)",
                    "replayed": "\(report.replayedRecords)", "cut": "\(report.cutBytes)",
                ])
            let knowledge = knowledge
            log.beforeCheckpoint = { knowledge.summarise() }
            engine = log
            isDoubtful = report.hasUnknownLosses
        }
    }
}
