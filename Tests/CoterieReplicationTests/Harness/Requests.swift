// A tiny language for requests and answers in tests.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore

func key(_ name: String, type: String = "default") -> ObjectKey {
    ObjectKey(type: type, bucket: "b", key: name)
}

func get(_ name: String, type: String = "default", _ change: (inout RequestOptions) -> Void = { _ in })
    -> ClientRequest
{
    var options = RequestOptions()
    change(&options)
    return ClientRequest(key: key(name, type: type), operation: .get, options: options)
}

func put(
    _ name: String, _ value: String, context: VersionVector? = nil, condition: Condition? = nil,
    type: String = "default", _ change: (inout RequestOptions) -> Void = { _ in }
) -> ClientRequest {
    var options = RequestOptions()
    change(&options)
    return ClientRequest(
        key: key(name, type: type),
        operation: .put(Content(ByteBuffer(string: value)), context: context, condition: condition), options: options)
}

func delete(
    _ name: String, context: VersionVector? = nil, type: String = "default",
    _ change: (inout RequestOptions) -> Void = { _ in }
) -> ClientRequest {
    var options = RequestOptions()
    change(&options)
    return ClientRequest(
        key: key(name, type: type), operation: .delete(context: context, condition: nil), options: options)
}

extension ClientReply {
    /// The siblings' values, sorted; nil where it is no object.
    var values: [String]? {
        guard case .object(let object) = result else { return nil }
        return object.values
    }

    var object: CausalObject? {
        switch result {
        case .object(let object): object
        case .stored(_, let object): object
        case .failed: nil
        }
    }

    var context: VersionVector? {
        switch result {
        case .object(let object): object.context
        case .stored(let context, _): context
        case .failed: nil
        }
    }

    var failure: Failure? {
        if case .failed(let failure) = result { return failure }
        return nil
    }

    var isStored: Bool {
        if case .stored = result { return true }
        return false
    }
}

extension CausalObject {
    var values: [String] {
        siblings.compactMap { try? Content(decoding: $0.payload) }.map { String(buffer: $0.value) }.sorted()
    }
}

extension TestCluster {
    /// The nodes that own a key, and one that does not (where there is one).
    func owners(_ name: String, type: String = "default") -> [Int] {
        let n = layout.bucketType(named: type)!.n
        let group = layout.group(for: key(name, type: type), n: n)
        return layout.preferenceList(for: group).primaries.map { Int($0.rawValue) }
    }

    func stranger(to name: String) -> Int {
        let owned = owners(name)
        return numbers.map { Int($0.rawValue) }.first { !owned.contains($0) }!
    }

    /// What one replica holds.
    func held(_ number: Int, _ name: String, type: String = "default") -> CausalObject? {
        let group = layout.group(for: key(name, type: type), n: layout.bucketType(named: type)!.n)
        self[number].engine.readsAreSlow = false
        let result: ReadResult = self[number].engine.get(group, key(name, type: type).bytes)
        guard case .found(let bytes) = result else { return nil }
        return try? CausalObject(decoding: bytes)
    }
}
