// The rules of the house that a compiler does not check (Architecture, "The rules of the house").

import Foundation

/// One breach: where, what, and what to do instead.
struct Breach: Hashable, CustomStringConvertible {
    let path: String
    let line: Int
    let what: String
    var description: String { "\(path):\(line): \(what)" }
}

/// The rules.
enum Rules {
    /// Modules without IO, clocks, randomness and Foundation.
    static let pureModules = [
        "Primitives", "Causality", "Types", "Laws", "Ring", "Membership", "Wire", "Storage", "Replication",
        "ClientMachine", "Simulation", "History",
    ].map { "Coterie\($0)" }

    /// What a pure module may import besides our own modules: values and containers.
    private static let harmless: Set<String> = [
        "NIOCore", "CZlib", "DequeModule", "OrderedCollections", "HashTreeCollections",
    ]

    /// What single modules may import beyond that, and why.
    private static let allowances: [String: Set<String>] = [
        // A `Disk` is shared between the engine and whoever performs its work, so the simulated one has a mutex.
        "CoterieSimulation": ["Synchronization"]
    ]

    private static let instead: [String: String] = [
        "Foundation": "nothing of it: write the few lines (bytes: ByteBuffer, time: TimeSpan, Instant, WallTime)",
        "FoundationEssentials": "nothing of it: write the few lines",
        "Dispatch": "an effect; the shell has the threads",
        "Glibc": "an effect; the shell has the system", "Darwin": "an effect; the shell has the system",
        "Musl": "an effect; the shell has the system",
        "Logging": "an effect or a counter; the shell logs",
        "NIOPosix": "an effect; the shell has the sockets",
        "NIO": "NIOCore, for ByteBuffer alone",
        "Synchronization": "nothing: a machine is a value with one owner",
    ]

    /// Words that a pure module does not use, and what to use instead.
    private static let bannedWords: [(word: String, instead: String)] = [
        ("Date", "WallTime from Now"), ("ContinuousClock", "Now, handed in"), ("SuspendingClock", "Now, handed in"),
        ("DispatchTime", "Now, handed in"), ("NIODeadline", "Instant"), ("TimeAmount", "TimeSpan"),
        ("UUID", "SeededGenerator"), ("SystemRandomNumberGenerator", "SeededGenerator"),
        ("hashValue", "stableHash"), ("Hasher()", "stableHash"), ("shuffled()", "SeededGenerator"),
        ("shuffle()", "SeededGenerator"), ("randomElement()", "SeededGenerator"),
        ("EventLoop", "nothing: the shell calls the core in place"),
        ("EventLoopFuture", "an effect with an identifier"),
        ("EventLoopPromise", "an effect with an identifier"), ("ChannelHandler", "nothing: the shell has the channels"),
        ("ProcessInfo", "a setting"), ("FileManager", "the Disk protocol"), ("print(", "an effect or a thrown error"),
        ("Task {", "an effect"), ("Task.sleep", "a deadline"), ("nonisolated(unsafe)", "a value with one owner"),
    ]

    /// Breaches of purity in a file of a pure module.
    static func impurities(in file: SourceFile) -> [Breach] {
        var found: [Breach] = []
        let folder = file.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        let allowed = harmless.union(allowances[folder] ?? [])
        for (module, line) in file.imports where !module.hasPrefix("Coterie") && !allowed.contains(module) {
            let advice = instead[module].map { "; use \($0)" } ?? ""
            found.append(Breach(path: file.path, line: line, what: "a pure module imports \(module)\(advice)"))
        }
        let importing = Set(file.imports.map(\.line))
        for (index, line) in file.code.enumerated() where !importing.contains(index + 1) && !line.isEmpty {
            for (word, instead) in bannedWords where contains(word, in: line) {
                found.append(Breach(path: file.path, line: index + 1, what: "\(word) in a pure module; use \(instead)"))
            }
            if line.contains(".random("), !line.contains("using:") {
                found.append(
                    Breach(path: file.path, line: index + 1, what: ".random in a pure module; use SeededGenerator"))
            }
        }
        return found
    }

    /// Imports that Package.swift does not declare.
    static func undeclared(in file: SourceFile, of target: String, by manifest: PackageManifest) -> [Breach] {
        guard let declared = manifest.arrows[target] else {
            return [Breach(path: file.path, line: 1, what: "Package.swift has no target \(target)")]
        }
        return file.imports.filter { module, _ in
            module.hasPrefix("Coterie") && module != target && !declared.contains(module)
        }.map {
            Breach(
                path: file.path, line: $0.line,
                what: "\(target) imports \($0.module), which Package.swift does not declare")
        }
    }

    /// Arrows that the design forbids whatever Package.swift declares.
    static func forbidden(in manifest: PackageManifest) -> [String] {
        var found: [String] = []
        let never: [(String, [String])] = [
            (
                "CoterieSimulation",
                ["CoterieTransport", "CoterieServer", "CoterieHTTP", "CoterieClient", "CoterieFileDisk"]
            ),
            ("CoterieTransport", ["CoterieReplication", "CoterieServer", "CoterieStorage"]),
            ("CoterieHTTP", ["CoterieReplication", "CoterieServer", "CoterieStorage"]),
        ]
        for (from, targets) in never {
            for to in targets where manifest.arrows[from]?.contains(to) == true { found.append("\(from) -> \(to)") }
        }
        let shells: Set<String> = [
            "CoterieFileDisk", "CoterieTransport", "CoterieHTTP", "CoterieServer", "CoterieClient",
            "CoterieCommandLine",
        ]
        for module in pureModules {
            for to in (manifest.arrows[module] ?? []).intersection(shells).sorted() {
                found.append("\(module) -> \(to)")
            }
        }
        return found
    }

    /// What no file of ours has: too many lines, notes to oneself, paths of one machine.
    static func untidiness(in file: SourceFile) -> [Breach] {
        var found: [Breach] = []
        let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
        if file.path.hasSuffix(".swift"), lines.count > longestFile + 1 {
            found.append(
                Breach(
                    path: file.path, line: longestFile,
                    what: "\(lines.count) lines; one subject, at most \(longestFile)"))
        }
        // Most files have none: whole texts are searched before lines are.
        let presentNotes = notes.filter { file.text.contains($0) }
        let presentPaths = machinePaths.filter { file.text.contains($0) }
        guard !presentNotes.isEmpty || !presentPaths.isEmpty else { return found }
        for (index, line) in lines.enumerated() {
            for word in presentNotes where contains(word, in: String(line)) {
                found.append(Breach(path: file.path, line: index + 1, what: "\(word): do it, or file it"))
            }
            for path in presentPaths where line.contains(path) {
                found.append(Breach(path: file.path, line: index + 1, what: "a path of one machine (\(path))"))
            }
        }
        return found
    }

    static let longestFile = 600
    // Written in parts, so that this file does not break its own rule.
    static let notes = ["TO" + "DO", "FIX" + "ME"]
    static let machinePaths = [
        "/ho" + "me/", "/Us" + "ers/", "/ro" + "ot/", "/wo" + "rk/main", "/wo" + "rk/shared", "/tmp/cot" + "erie/",
    ]

    /// Whether `word` stands in the line and is not a part of a longer name.
    static func contains(_ word: String, in line: String) -> Bool {
        let (word, line) = (Array(word.utf8), Array(line.utf8))
        guard let first = word.first, let last = word.last, line.count >= word.count else { return false }
        for start in 0 ... line.count - word.count where line[start] == first {
            guard line[start ..< start + word.count].elementsEqual(word) else { continue }
            let startsInName = start > 0 && isNamed(line[start - 1]) && isNamed(first)
            let end = start + word.count
            let goesOn = end < line.count && isNamed(line[end]) && isNamed(last)
            if !startsInName, !goesOn { return true }
        }
        return false
    }

    private static func isNamed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a") ... UInt8(ascii: "z"), UInt8(ascii: "A") ... UInt8(ascii: "Z"),
            UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            return true
        default: return false
        }
    }
}
