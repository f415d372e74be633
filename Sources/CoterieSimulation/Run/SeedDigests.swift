// The digests of the first seeds as text: equal on every machine and in every build.

import CoterieRing

public enum SeedDigests {
    /// `seed digest`, the digest in hexadecimal, for the seeds from 1 on; short runs.
    public static func lines(_ count: UInt64) throws(LayoutError) -> [String] {
        var lines: [String] = []
        for seed in 1 ... max(1, count) {
            var options = SimulationRun.Options()
            options.operations = 60
            let digest = try SimulationRun(seed: seed, options: options).run().digest
            let text = String(digest, radix: 16)
            lines.append("\(seed) " + String(repeating: "0", count: 16 - text.count) + text)
        }
        return lines
    }
}
