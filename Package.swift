// swift-tools-version: 6.2
// The house and its arrows: see Sources/CoterieServer/Documentation.docc/Architecture.md.
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// A library target of ours. `uses` are our own modules, without the prefix.
func module(
    _ name: String, uses: [String] = [], _ external: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .target(
        name: "Coterie\(name)",
        dependencies: uses.map { .target(name: $0.hasPrefix("C_") ? String($0.dropFirst(2)) : "Coterie\($0)") }
            + external,
        exclude: exclude,
        swiftSettings: strict)
}

/// The tests of a module, beside the same name under `Tests`.
func tests(_ name: String, uses: [String], _ external: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "Coterie\(name)Tests",
        dependencies: uses.map { .target(name: $0.hasPrefix("C_") ? String($0.dropFirst(2)) : "Coterie\($0)") }
            + external,
        resources: resources,
        swiftSettings: strict)
}

let package = Package(
    name: "coterie",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "coterie", targets: ["coterie"]),
        .library(name: "CoterieClient", targets: ["CoterieClient"]),
        .library(name: "CoterieTypes", targets: ["CoterieTypes"]),
        .library(name: "CoterieLaws", targets: ["CoterieLaws"]),
        .library(name: "CoterieServer", targets: ["CoterieServer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),
    ],
    targets: [
        // C: system zlib, and system calls that Swift's Glibc does not expose.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(name: "CCoterieSystem"),

        // Pure: no IO, no clock, no randomness, no Foundation.
        module("Primitives", uses: ["C_CZlib"], [nioCore]),
        module("Causality", uses: ["Primitives"], [nioCore]),
        module("Types", uses: ["Primitives", "Causality"], [nioCore]),
        module("Laws", uses: ["Primitives", "Causality", "Types"], [nioCore]),
        module("Ring", uses: ["Primitives"], [nioCore], exclude: ["layout.proto"]),
        module("Membership", uses: ["Primitives"], [nioCore]),
        module("Wire", uses: ["Primitives", "Causality", "Types", "Ring"], [nioCore], exclude: ["coterie.proto"]),
        module("Storage", uses: ["Primitives", "C_CZlib"], [nioCore]),
        module(
            "Replication", uses: ["Primitives", "Causality", "Types", "Ring", "Membership", "Wire", "Storage"],
            [nioCore, .product(name: "DequeModule", package: "swift-collections")]),
        module(
            "ClientMachine", uses: ["Primitives", "Causality", "Types", "Ring", "Wire"],
            [nioCore, .product(name: "DequeModule", package: "swift-collections")]),

        // What clients saw, and judges of it.
        module("History", uses: ["Primitives", "Causality", "Types", "Ring", "Wire"], [nioCore]),
        // The environment, simulated: production's machines and engines in virtual time, under faults.
        module(
            "Simulation",
            uses: [
                "Primitives", "Causality", "Types", "Ring", "Membership", "Wire", "Storage", "Replication",
                "ClientMachine", "History",
            ], [nioCore]),

        // Shells: sockets, files, clocks.
        module("FileDisk", uses: ["Primitives", "Storage", "C_CCoterieSystem"], [nioCore]),
        module("Transport", uses: ["Primitives", "Ring", "Wire"], [nioCore, nioPosix, logging]),
        module(
            "HTTP", uses: ["Primitives", "Causality", "Types", "Ring", "Wire", "Transport"],
            [
                nioCore, nioPosix, logging, .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ]),
        module(
            "Server",
            uses: [
                "Primitives", "Causality", "Types", "Ring", "Membership", "Wire", "Storage", "Replication", "FileDisk",
                "Transport", "HTTP",
            ],
            [nioCore, nioPosix, logging, .product(name: "Yams", package: "Yams")]),
        module(
            "Client", uses: ["Primitives", "Causality", "Types", "Ring", "Wire", "ClientMachine", "Transport"],
            [nioCore, nioPosix, logging]),
        module(
            "CommandLine",
            uses: [
                "Primitives", "Causality", "Types", "Ring", "Wire", "Replication", "ClientMachine", "History",
                "Simulation",
                "FileDisk", "Transport", "HTTP", "Server", "Client",
                "C_CCoterieSystem",
            ],
            [
                nioCore, nioPosix, logging, .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "TextTable", package: "TextTable"),
            ]),
        .executableTarget(name: "coterie", dependencies: ["CoterieCommandLine"], swiftSettings: strict),

        tests("Primitives", uses: ["Primitives"], [nioCore]),
        tests("Causality", uses: ["Primitives", "Causality"], [nioCore]),
        tests("Types", uses: ["Primitives", "Causality", "Types"], [nioCore]),
        tests("Laws", uses: ["Primitives", "Causality", "Types", "Laws"], [nioCore]),
        tests("Ring", uses: ["Primitives", "Ring"], [nioCore]),
        tests("Membership", uses: ["Primitives", "Membership"], [nioCore]),
        tests(
            "Wire", uses: ["Primitives", "Causality", "Types", "Ring", "Wire"], [nioCore],
            resources: [.copy("golden.txt")]),
        tests("Storage", uses: ["Primitives", "Storage", "Simulation", "FileDisk"], [nioCore]),
        tests("FileDisk", uses: ["Primitives", "Storage", "FileDisk"], [nioCore]),
        tests(
            "Replication",
            uses: ["Primitives", "Causality", "Types", "Ring", "Membership", "Wire", "Storage", "Replication"],
            [nioCore]),
        tests(
            "ClientMachine", uses: ["Primitives", "Causality", "Types", "Ring", "Wire", "ClientMachine"], [nioCore]),
        tests(
            "Transport", uses: ["Primitives", "Causality", "Ring", "Wire", "Transport"],
            [nioCore, nioPosix, logging, .product(name: "NIOEmbedded", package: "swift-nio")]),
        tests(
            "HTTP", uses: ["Primitives", "Causality", "Types", "Ring", "Wire", "Transport", "HTTP"],
            [nioCore, nioPosix, logging, .product(name: "HTTPTypes", package: "swift-http-types")],
            resources: [.copy("Transcripts")]),
        tests(
            "Client", uses: ["Primitives", "Causality", "Types", "Ring", "Wire", "Transport", "Client"],
            [
                nioCore, nioPosix, logging, .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]),
        tests("Settings", uses: ["Primitives", "Ring", "Wire", "Storage", "Replication", "Transport", "Server"]),
        tests(
            "CommandLine",
            uses: ["Primitives", "Causality", "Ring", "Wire", "History", "HTTP", "Server", "CommandLine"],
            [
                nioCore, nioPosix, logging, .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        tests(
            "DataCommand",
            uses: ["Primitives", "Causality", "Types", "Ring", "Wire", "HTTP", "Server", "Client", "CommandLine"],
            [nioCore, .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        tests(
            "History", uses: ["Primitives", "Causality", "Types", "Ring", "Wire", "History"], [nioCore]),
        tests(
            "Simulation",
            uses: [
                "Primitives", "Causality", "Types", "Ring", "Membership", "Wire", "Storage", "Replication",
                "ClientMachine", "History", "Simulation",
            ], [nioCore], resources: [.copy("digests.txt")]),
        tests(
            "Scenario",
            uses: [
                "Primitives", "Ring", "Wire", "Replication", "History", "Simulation", "Server", "CommandLine",
            ]),
        tests("Purity", uses: []),
    ]
)
