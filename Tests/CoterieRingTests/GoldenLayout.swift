// Bytes of a layout in format 1, written by protoc from `layout.proto` and the text form of `Tiny.layout()`.

import NIOCore

enum GoldenLayout {
    static let hex =
        "0801120474696e79190100000000000000210807060504030201280130023802422d080112026e311a027a3020012a0e0a09"
        + "3132372e302e302e3110914e320f0a093132372e302e302e3110a19c01422d080212026e321a027a3120022a0e0a09313237"
        + "2e302e302e3110924e320f0a093132372e302e302e3110a29c01422d080312026e331a027a3020032a0e0a093132372e302e"
        + "302e3110934e320f0a093132372e302e302e3110a39c014a270a0764656661756c7410021801221808fdffffff0f10fdffff"
        + "ff0f1800200030003800400150004a160a046661737410011802220a08feffffff0f10014800520400010102"

    static let digest = "31f1fd979d8913ac"

    static var bytes: ByteBuffer {
        var bytes = ByteBuffer()
        var rest = hex[...]
        while !rest.isEmpty {
            bytes.writeInteger(UInt8(rest.prefix(2), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
