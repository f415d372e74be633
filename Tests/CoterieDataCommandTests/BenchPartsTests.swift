import ArgumentParser
import CoterieClient
import CoteriePrimitives
import CoterieRing
import CoterieWire
import Foundation
import Testing

@testable import CoterieCommandLine

@Suite struct BenchPartsTests {
    @Test func zipfianRanksComeAsOftenAsTheLawSays() {
        let n = 1_000
        let zipfian = Zipfian(n: n, theta: 0.99)
        var generator = SeededGenerator(seed: 5)
        var counts = [Int](repeating: 0, count: n)
        let draws = 400_000
        for _ in 0 ..< draws { counts[zipfian.rank(generator.unit())] += 1 }
        // 1 / r^0.99, by the sum over all ranks.
        let sum = (1 ... n).reduce(0.0) { $0 + 1 / power(Double($1), 0.99) }
        for rank in [1, 2] {
            let expected = Double(draws) / power(Double(rank), 0.99) / sum
            #expect(abs(Double(counts[rank - 1]) - expected) < expected * 0.05, "rank \(rank): \(counts[rank - 1])")
        }
        // Beyond the first two the method approximates; the mass of the first tenth is what matters.
        let tenth = (1 ... n / 10).reduce(0.0) { $0 + 1 / power(Double($1), 0.99) } / sum
        let drawn = Double(counts.prefix(n / 10).reduce(0, +)) / Double(draws)
        #expect(abs(drawn - tenth) < 0.03, "\(drawn), not \(tenth)")
        #expect(counts.allSatisfy { $0 >= 0 } && counts.reduce(0, +) == draws)
    }

    @Test func oneKeyIsAlwaysDrawn() {
        let zipfian = Zipfian(n: 1, theta: 0.5)
        for step in 0 ..< 100 { #expect(zipfian.rank(Double(step) / 100) == 0) }
    }

    @Test func everyKeyCanBeDrawnAndIsItsOwn() throws {
        for distribution in KeyDistribution.allCases {
            var command = try BenchCommand.parse(["--keys", "50", "--distribution", distribution.rawValue])
            command.seed = 3
            let keys = KeySpace(BenchPlan(command, try KnownCluster(list: "h:1")))
            #expect(Set((0 ..< 50).map { keys[$0] }).count == 50)
            #expect(keys[7] == ObjectKey(type: "default", bucket: "bench", key: "k07"))
            var generator = SeededGenerator(seed: 1)
            let drawn = Set((0 ..< 20_000).map { _ in keys.draw(&generator) })
            #expect(drawn == Set(0 ..< 50), "\(distribution)")
        }
    }

    @Test func aProcessNameMayHoldAnything() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 999 1 2"
        #expect(NodeProcess.processorMicroseconds(stat: stat, ticks: 100) == 3_000_000)
        #expect(NodeProcess.processorMicroseconds(stat: "nonsense", ticks: 100) == nil)
    }

    @Test func whatABenchCannotDoIsRefused() {
        for arguments in [
            ["--reads", "101"], ["--keys", "0"], ["--rate", "0"], ["--theta", "1"], ["--duration", "0s"],
            ["--connections", "2", "--threads", "4"], ["--pids", "x"], ["--workload", "scan"], ["--count", "0"],
        ] {
            #expect(throws: (any Error).self, "\(arguments)") { try BenchCommand.parse(arguments) }
        }
    }

    @Test func aWorkloadOfGetsReadsAlways() throws {
        let cluster = try KnownCluster(list: "h:1,h:2")
        #expect(BenchPlan(try BenchCommand.parse(["--workload", "get"]), cluster).reads == 100)
        #expect(BenchPlan(try BenchCommand.parse(["--workload", "put"]), cluster).reads == 0)
        #expect(BenchPlan(try BenchCommand.parse(["--reads", "95"]), cluster).reads == 95)
        #expect(BenchPlan(try BenchCommand.parse([]), cluster).clientSettings.problem == nil)
    }

    @Test func numbersAreGrouped() {
        #expect([0, 999, 1_000, 1_234_567, -45_678].map(grouped) == ["0", "999", "1,000", "1,234,567", "-45,678"])
    }

    private func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
