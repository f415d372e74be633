// `coterie put`.

import ArgumentParser
import CoterieClient
import CoterieServer
import CoterieTypes
import CoterieWire
import Foundation
import NIOCore

struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Store a value.",
        discussion: """
            With --context the value replaces what the context has seen. Without one it replaces nothing: a value that \
            is there stays beside it, as a sibling. The value - is read from standard input.

            Examples:
              coterie put carts alice milk
              coterie put carts alice "milk, eggs" --context AQEB…
              coterie put photos cat - --content-type image/jpeg < cat.jpg
              coterie put carts alice milk --w all --receipt
              coterie put locks leader n1 --if-absent
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var flags: RequestFlags

    @Argument(help: "The bucket.") var bucket: String
    @Argument(help: "The key.") var key: String
    @Argument(help: "The value; - reads it from standard input.") var value: String

    @Option(name: .long, help: ArgumentHelp("Replace what this context has seen.", valueName: "context"))
    var context: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the value is (default: text/plain; application/octet-stream for bytes).", valueName: "type"))
    var contentType: String?

    @Flag(name: .long, help: "Show the values as they are afterwards.")
    var returnBody = false

    @Flag(name: .long, help: "Only where a quorum read just before finds no value.")
    var ifAbsent = false

    @Option(
        name: .long,
        help: ArgumentHelp("Only where a quorum read just before finds exactly this context.", valueName: "context"))
    var ifUnmodified: String?

    func validate() throws {
        if ifAbsent, ifUnmodified != nil {
            throw ValidationError("--if-absent and --if-unmodified exclude each other.")
        }
    }

    func run() async throws {
        let content = try content()
        try await DataSession.run(cluster, flags, isWrite: true) { try await perform($0, content) }
    }

    private func perform(_ session: DataSession, _ content: Content) async throws {
        let handle = session.client.bucket(bucket, type: flags.type)
        var options = flags.options
        options.returnBody = returnBody
        let condition: Condition? =
            if ifAbsent { .absent } else { try ifUnmodified.map { .unmodified(try CausalText.vector($0)) } }
        let stored = try await handle.put(
            key, content, context: try context.map { try handle.context($0, for: key) }, condition: condition,
            options: options)
        try WriteOutput(
            name: KeyName(type: flags.type, bucket: bucket, key: key), flags: flags, cluster: cluster,
            names: MemberNames(session.client.layout)
        ).show(stored, verb: "stored")
    }

    private func content() throws -> Content {
        guard value == "-" else {
            return Content(ByteBuffer(string: value), contentType: contentType ?? String.contentType)
        }
        let limit = Limits().maxValueBytes
        var bytes = ByteBuffer()
        while let chunk = try FileHandle.standardInput.read(upToCount: 1 << 20), !chunk.isEmpty {
            bytes.writeBytes(chunk)
            guard bytes.readableBytes <= limit else {
                throw CommandFailure(.usage, "the value on standard input is larger than \(limit) bytes")
            }
        }
        let isText = String(validating: bytes.readableBytesView, as: UTF8.self) != nil
        return Content(bytes, contentType: contentType ?? (isText ? String.contentType : Content.defaultContentType))
    }
}
