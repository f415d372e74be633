// `coterie get`.

import ArgumentParser
import CoterieClient
import CoterieHTTP
import CoterieServer
import CoterieWire
import NIOCore

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Read a key.",
        discussion: """
            A single value goes to standard output as it was stored, byte for byte; that of a replicated type as JSON. Concurrent values are listed as \
            siblings, with the command that resolves them. A key that is not there ends with exit code 3.

            Examples:
              coterie get carts alice
              coterie get carts alice --r 1 --receipt
              coterie get carts alice --json
              coterie get photos cat > cat.jpg
              context=$(coterie get carts alice --print-context)
              coterie put carts alice eggs --context $context
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var flags: RequestFlags

    @Argument(help: "The bucket.") var bucket: String
    @Argument(help: "The key.") var key: String

    @Option(name: .long, help: ArgumentHelp("Show the sibling of this name alone.", valueName: "vtag"))
    var vtag: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Read at least what this context has seen: wait for it where need be.", valueName: "context")
    )
    var context: String?

    @Flag(name: .long, help: "Print the context instead of the value.")
    var printContext = false

    func run() async throws {
        try await DataSession.run(cluster, flags, isWrite: false) { try await perform($0) }
    }

    private func perform(_ session: DataSession) async throws {
        let handle = session.client.bucket(bucket, type: flags.type)
        let floor = try context.map { try handle.context($0, for: key) }
        var fetched: Fetched
        switch try await handle.read(key, atLeast: floor, options: flags.options) {
        case .contents(let found): fetched = found
        case .typed(let found): return try show(found, MemberNames(session.client.layout))
        }
        let names = MemberNames(session.client.layout)
        if let vtag { fetched = try only(vtag, of: fetched) }
        if flags.json {
            Output.standard.line(try JSONText.of(report(fetched, names)))
        } else if printContext {
            Output.standard.line(fetched.context.text)
        } else {
            show(fetched)
        }
        if flags.receipt, !flags.json {
            let lines = DataText.receipt(fetched.receipt, isWrite: false, names: names, on: .error)
            for line in lines + ["\(Output.error.styled("context", .dim))  \(fetched.context.text)"] {
                Output.error.line(line)
            }
        }
        guard fetched.isEmpty, !printContext else { return }
        let deleted = fetched.isDeleted ? " (it was deleted)" : ""
        throw CommandFailure(.notFound, flags.json ? "" : "not found: \(name.text)\(deleted)")
    }

    /// A key of a type with operations: its value as JSON.
    private func show(_ found: AnyValue.Typed, _ names: MemberNames) throws {
        if vtag != nil {
            throw CommandFailure(
                .usage, "--vtag: the bucket type \(flags.type) has the type \(found.type), without siblings")
        }
        let value = found.isThere ? try TypeJSON.value(found.value, of: found.type) : nil
        if flags.json {
            let report = TypedReport(
                name, datatype: found.type, found: found.isThere, value: value, context: found.context.text,
                receipt: ReceiptReport(found.receipt, isWrite: false, names: names))
            Output.standard.line(try JSONText.of(report))
        } else if printContext {
            Output.standard.line(found.context.text)
        } else if let value {
            Output.standard.line(value.line)
        }
        if flags.receipt, !flags.json {
            for line in DataText.receipt(found.receipt, isWrite: false, names: names, on: .error) {
                Output.error.line(line)
            }
        }
        if value == nil, !printContext { throw CommandFailure(.notFound, flags.json ? "" : "not found: \(name.text)") }
    }

    private var name: KeyName { KeyName(type: flags.type, bucket: bucket, key: key) }

    private func show(_ fetched: Fetched) {
        if let value = fetched.only {
            let bytes = Array(value.value.readableBytesView)
            Output.standard.write(bytes: bytes)
            // For a person the prompt goes to a line of its own; a file gets what was stored.
            if Output.standard.isTerminal, bytes.last != UInt8(ascii: "\n") { Output.standard.line() }
        } else if !fetched.isEmpty {
            let lines = DataText.siblings(
                fetched.values, vtags: fetched.vtags, context: fetched.context.text, of: name, flags: cluster.repeated,
                on: .standard)
            for line in lines { Output.standard.line(line) }
        }
    }

    private func report(_ fetched: Fetched, _ names: MemberNames) -> KeyReport {
        KeyReport(
            type: flags.type, bucket: bucket, key: key, found: !fetched.isEmpty, deleted: fetched.isDeleted,
            context: fetched.context.text,
            siblings: zip(fetched.values, fetched.vtags).map { SiblingReport($0, vtag: $1) },
            receipt: ReceiptReport(fetched.receipt, isWrite: false, names: names))
    }

    private func only(_ vtag: String, of fetched: Fetched) throws -> Fetched {
        guard let sibling = fetched.keeping(vtag: vtag) else {
            let known = fetched.vtags.isEmpty ? "there is none" : "there are \(fetched.vtags.joined(separator: ", "))"
            throw CommandFailure(.notFound, "not found: no sibling of \(name.text) has the vtag \(vtag); \(known)")
        }
        return sibling
    }
}

extension ClusterOptions {
    /// The flags that another command needs to find the same cluster, with a space before each.
    var repeated: String {
        (data.map { " --data \(LocalDirectory.shellQuoted($0))" } ?? "")
            + (node.map { " --node \(LocalDirectory.shellQuoted($0))" } ?? "")
    }
}
