// What the long proofs do with very many keys.

import Foundation

/// Many writers that share numbers among them.
enum ManyWriters {
    private static let count = 256

    /// Acts once for each number below `end`, many at once; tells what was done, and in how long.
    static func each(
        below end: Int, _ done: String, _ act: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let began = ContinuousClock().now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0 ..< count {
                group.addTask { for number in stride(from: writer, to: end, by: count) { try await act(number) } }
            }
            try await group.waitForAll()
        }
        Output.standard.line("\(grouped(end)) keys \(done) in \((ContinuousClock().now - began).tenths)")
    }
}

extension Duration {
    /// Seconds with one decimal, as in `4.5 s`.
    var tenths: String { String(format: "%.1f s", seconds) }
}
