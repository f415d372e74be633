// What the commands for keys of one replicated type have in common: which key, which flags, what is said afterwards.

import ArgumentParser
import CoterieCausality
import CoterieClient
import CoterieHTTP
import CoterieServer
import CoterieTypes
import CoterieWire
import NIOCore

/// A key of a replicated type on the command line, and the quorums of its request.
struct TypedKeyArguments: ParsableArguments {
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var flags: RequestFlags

    @Argument(help: "The bucket.") var bucket: String
    @Argument(help: "The key.") var key: String
}

/// The flags of an update.
struct UpdateFlags: ParsableArguments {
    @Flag(name: .long, help: "Show the value as it is afterwards.")
    var returnBody = false
}

/// The flag of an update that may be tried again.
struct OperationFlag: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A name of this update: tried again with the same name, it counts once (default: a new one).",
            valueName: "id"))
    var operationId: String?

    /// Nil where none is given.
    var id: OperationID? {
        get throws {
            guard let operationId else { return nil }
            guard let id = OperationID(text: operationId) else {
                throw CommandFailure(.usage, "--operation-id: \(OperationID.allowedText), not \"\(operationId)\"")
            }
            return id
        }
    }
}

/// The flag of what removes.
struct SeenFlag: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Remove what this context has seen (default: the key is read first).", valueName: "context"))
    var context: String?
}

/// One request on a key of the type `T`.
struct TypedRequest<T: ReplicatedType> {
    let arguments: TypedKeyArguments
    /// The bucket type where none is given.
    let defaultType: String

    init(_ arguments: TypedKeyArguments, _ type: T.Type, bucketType: String) {
        self.arguments = arguments
        defaultType = bucketType
    }

    private var flags: RequestFlags { arguments.flags }
    var type: String { flags.givenType ?? defaultType }
    var name: KeyName { KeyName(type: type, bucket: arguments.bucket, key: arguments.key) }

    // MARK: Reading

    /// Reads the value and prints what `lines` makes of it. Ends with exit code 3 where the type has no value of nothing
    /// (`hasNothing`), or where `lines` is nil: what was asked for is not in it.
    func read(hasNothing: Bool = false, _ show: (T.Value) throws -> [String]?) async throws {
        try await DataSession.run(arguments.cluster, flags, isWrite: false) { session in
            let found = try await key(session).read(options: flags.options)
            let lines = try show(found.value)
            if flags.json {
                let names = MemberNames(session.client.layout)
                let report = TypedReport(
                    name, datatype: T.name, found: found.isThere, value: try json(found.value),
                    context: found.context.text, receipt: ReceiptReport(found.receipt, isWrite: false, names: names))
                Output.standard.line(try JSONText.of(report))
            } else {
                for line in lines ?? [] { Output.standard.line(line) }
            }
            receipt(found.receipt, found.context.text, isWrite: false, session)
            if lines == nil || hasNothing && !found.isThere {
                throw CommandFailure(.notFound, flags.json ? "" : "not found: \(name.text)")
            }
        }
    }

    // MARK: Updating

    /// Performs what `body` does with the key, and says so in the words of `done`.
    func update(
        _ updating: UpdateFlags, _ operation: OperationFlag? = nil, done: String,
        _ body: (TypedKey<T>, OperationID?, RequestOptions) async throws -> TypedUpdate<T.Value>
    ) async throws {
        try await DataSession.run(arguments.cluster, flags, isWrite: true) { session in
            var options = flags.options
            options.returnBody = updating.returnBody
            let updated = try await body(key(session), try operation?.id, options)
            if flags.json {
                let names = MemberNames(session.client.layout)
                let report = TypedReport(
                    name, datatype: T.name, updated: true, value: try updated.value.map { try json($0) },
                    minContext: updated.floor.text, operationId: updated.id?.description,
                    receipt: ReceiptReport(updated.receipt, isWrite: true, names: names))
                Output.standard.line(try JSONText.of(report))
            } else {
                Output.standard.line("\(name.text): \(done)")
                if let value = updated.value { Output.standard.line(try json(value).line) }
            }
            receipt(updated.receipt, nil, isWrite: true, session)
        }
    }

    /// What a removing command acts on: what it was told, or what a quorum has now.
    func seen(_ flag: SeenFlag, _ key: TypedKey<T>, _ options: RequestOptions) async throws -> KeyContext {
        if let text = flag.context { return try key.context(text) }
        var reading = options
        reading.returnBody = false
        return try await key.read(options: reading).context
    }

    private func key(_ session: DataSession) -> TypedKey<T> {
        session.client.bucket(arguments.bucket, type: type).key(arguments.key, T.self)
    }

    private func json(_ value: T.Value) throws -> JSONValue {
        try TypeJSON.value(value.canonicalBytes(), of: T.name)
    }

    private func receipt(_ receipt: Receipt, _ context: String?, isWrite: Bool, _ session: DataSession) {
        guard flags.receipt, !flags.json else { return }
        let names = MemberNames(session.client.layout)
        let lines = DataText.receipt(receipt, isWrite: isWrite, names: names, on: .error)
        for line in lines + (context.map { ["\(Output.error.styled("context", .dim))  \($0)"] } ?? []) {
            Output.error.line(line)
        }
    }
}

/// A key of a replicated type after a read or an update, as JSON.
struct TypedReport: Encodable {
    let type: String
    let bucket: String
    let key: String
    let datatype: String
    /// Of a read: whether anything is live.
    let found: Bool?
    /// Of an update: it was acknowledged.
    let updated: Bool?
    let value: JSONValue?
    /// Of a read: what was seen.
    let context: String?
    /// Of an update: what a read must have seen to show it (`coterie get --context`).
    let minContext: String?
    let operationId: String?
    let receipt: ReceiptReport

    init(
        _ name: KeyName, datatype: String, found: Bool? = nil, updated: Bool? = nil, value: JSONValue?,
        context: String? = nil, minContext: String? = nil, operationId: String? = nil, receipt: ReceiptReport
    ) {
        type = name.type
        bucket = name.bucket
        key = name.key
        self.datatype = datatype
        self.found = found
        self.updated = updated
        self.value = value
        self.context = context
        self.minContext = minContext
        self.operationId = operationId
        self.receipt = receipt
    }
}

extension ByteBuffer {
    /// As a line: text as it is, other bytes as base64 in the form of JSON.
    var shownLine: String {
        String(validating: readableBytesView, as: UTF8.self) ?? TypeJSON.json(self).line
    }
}
