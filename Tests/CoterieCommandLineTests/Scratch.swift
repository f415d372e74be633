// Folders and addresses for tests.

import CoteriePrimitives
import Foundation

@testable import CoterieCommandLine

/// A folder that goes when the test ends.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "coterie-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    func read(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path + "/" + name) ?? Data(), as: UTF8.self)
    }
}

/// Waits until `condition` holds; false where it does not within `seconds`.
func eventually(within seconds: Int = 60, _ condition: () -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    while clock.now < deadline {
        if condition() { return true }
        await pause(.milliseconds(10))
    }
    return condition()
}

/// The message of the `CommandFailure` that `body` throws; nil where it throws none.
func failure(_ body: () throws -> Void) -> CommandFailure? {
    do {
        try body()
        return nil
    } catch {
        return error as? CommandFailure
    }
}
