// Bytes as hexadecimal text, and back.

import NIOCore

extension ByteBuffer {
    var hex: String {
        readableBytesView.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    init?(hex: some StringProtocol) {
        self.init()
        let digits = Array(hex.utf8)
        guard digits.count % 2 == 0 else { return nil }
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index ... index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            writeInteger(byte)
        }
    }
}
