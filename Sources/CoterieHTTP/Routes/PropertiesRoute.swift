// GET, PUT and DELETE of a bucket's properties, GET and PUT of a bucket type's.

import CoterieRing
import CoterieWire
import HTTPTypes
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Routes {
    private static let bodyLimit = Call.BodyLimit(bytes: 64 << 10, what: "the properties", name: "of a properties body")

    func properties(_ call: Call, type name: ByteBuffer, bucket: ByteBuffer?) async throws -> Answer {
        let form = PropertiesJSON(type: try bucketType(name), bucket: bucket)
        switch call.method {
        case .put: return try await setProperties(call, form, name)
        case .delete:
            if let failure = await gateway.setProperties(nil, type: name, bucket: bucket) {
                throw Problem(failure, receipt: nil, kind: .write)
            }
            return Answer(.noContent)
        default:
            let effective = try await effectiveProperties(name, bucket)
            let isDurable = await gateway.status().durability == "fsync"
            return Answer(.ok, json: ["props": form.members(effective, isDurable: isDurable)])
        }
    }

    private func setProperties(_ call: Call, _ form: PropertiesJSON, _ name: ByteBuffer) async throws -> Answer {
        let sent = call.headers[.contentType] ?? ""
        guard MediaType(parsing: sent)?.essence == "application/json" else {
            throw Problem(
                .unsupportedMediaType, "unsupported_media_type",
                "properties are sent with Content-Type: application/json, "
                    + (sent.isEmpty ? "and there is none" : "not \"\(printable(sent))\""))
        }
        let members = try Self.members(try await call.body(Self.bodyLimit))
        // As set, not as effective: a value stays set when the type comes to have the same one, or had it already.
        let changed = try form.apply(members, to: await gateway.overrides(type: name, bucket: form.bucket))
        if let failure = await gateway.setProperties(changed, type: name, bucket: form.bucket) {
            throw Problem(failure, receipt: nil, kind: .write)
        }
        return Answer(.noContent)
    }

    private func effectiveProperties(_ type: ByteBuffer, _ bucket: ByteBuffer?) async throws(Problem)
        -> BucketProperties
    {
        switch await gateway.properties(type: type, bucket: bucket) {
        case .success(let properties): return properties
        case .failure(let failure): throw Problem(failure, receipt: nil, kind: .read)
        }
    }

    /// The members of `{"props":{…}}`.
    private static func members(_ body: ByteBuffer) throws(Problem) -> [String: JSONValue] {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body.readableBytesView)),
            case .object(let outer) = value, case .object(let members) = outer["props"]
        else {
            throw .bad("bucket PUT must be a JSON object of the form:\n{\"props\":{...bucket properties...}}")
        }
        return members
    }
}
