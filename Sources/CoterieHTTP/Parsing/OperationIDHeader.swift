// `X-Coterie-Operation-Id`: the client's name for an update, sent again with each retry of it. Any text will do that the
// client gives to no other update, a UUID for example; the form of our own client, `3f9k/17`, is taken as it is.

import CoteriePrimitives
import CoterieTypes
import HTTPTypes
import NIOCore

extension OperationID {
    /// What a name may be, for errors.
    public static let allowedText = "1 to \(longestText) visible ASCII characters"
    private static let longestText = 128

    /// The same text names the same operation. Nil of what is no name.
    public init?(text: String) {
        guard (1 ... Self.longestText).contains(text.utf8.count), text.utf8.allSatisfy({ (33 ... 126).contains($0) })
        else { return nil }
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        if halves.count == 2, let client = UInt64(halves[0], radix: 36), let number = UInt64(halves[1]) {
            let id = OperationID(client: client, number: number)
            if id.description == text {
                self = id
                return
            }
        }
        var text = text
        self = text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            let domain: UInt64 = 0x6f70_6572_6174_696f
            return OperationID(
                client: stableHash(bytes, key: HashKey(domain, 0)), number: stableHash(bytes, key: HashKey(domain, 1)))
        }
    }
}

extension HTTPFields {
    /// The update's name; nil where it has none.
    func operationID() throws(Problem) -> OperationID? {
        guard let text = self[.operationID]?.trimmed() else { return nil }
        guard let id = OperationID(text: text) else {
            throw .bad("X-Coterie-Operation-Id is \(OperationID.allowedText), not \"\(printable(text))\"")
        }
        return id
    }
}
