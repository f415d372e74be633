// What is seen: columns, cut lines, log lines.

import CoterieServer
import Foundation
import Logging
import Testing

@testable import CoterieCommandLine

@Suite struct ColumnsTests {
    private let plain = Output(descriptor: 1, isTerminal: false, environment: [:])
    private let coloured = Output(descriptor: 1, isTerminal: true, environment: ["TERM": "xterm"])

    @Test func cellsStandUnderTheirTitles() {
        var columns = Columns([("NODE", .left), ("COUNT", .right), ("PLACE", .left)])
        columns.add(["n1", "7", "here"])
        columns.add(["n2000", "12345678", ""])
        #expect(
            columns.lines(on: plain) == [
                "NODE      COUNT  PLACE", "n1            7  here", "n2000  12345678",
            ])
    }

    @Test func coloursTakeNoWidth() {
        var columns = Columns([("A", .left), ("B", .left)])
        columns.add([coloured.styled("xx", .green), "y"])
        let lines = columns.lines(on: coloured)
        #expect(lines[1] == "\u{1B}[32mxx\u{1B}[0m  y")
        #expect(Columns.width(of: lines[0]) == 5)
    }

    @Test func aLongLineIsCutAtWhatIsSeen() {
        #expect(Columns.truncated("abcdef", to: 4) == "abc…")
        #expect(Columns.truncated("abcd", to: 4) == "abcd")
        let text = coloured.styled("abcdef", .red)
        #expect(Columns.truncated(text, to: 4) == "\u{1B}[31mabc…\u{1B}[0m")
    }

    @Test(arguments: [
        (false, [:], false), (true, [:], true), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
        (true, ["TERM": "dumb"], false),
    ])
    func coloursAreForTerminalsThatWantThem(_ isTerminal: Bool, _ environment: [String: String], _ expected: Bool) {
        #expect(Output(descriptor: 1, isTerminal: isTerminal, environment: environment).hasColor == expected)
    }

    @Test func figuresAreShort() {
        #expect(
            [0, 850, 1_234, 12_345, 1_234_567].map(LocalStatusTable.microseconds)
                == ["0us", "850us", "1.23ms", "12.3ms", "1.23s"])
        #expect(
            [900, 59_999, 185_000, 7_800_000, 354_000_000].map { LocalStatusTable.uptime($0) }
                == ["0s", "59s", "3m05s", "2h10m", "4d02h"])
        #expect([0, 0.25, 9.96, 1_234.5].map(LocalStatusTable.rate) == ["0", "0.3", "10.0", "1235"])
    }
}

@Suite struct LogLineTests {
    private func line(_ format: NodeSettings.LogFormat, _ message: String, _ fields: [(String, String)] = []) -> String
    {
        LineLogHandler(
            level: .info, format: format, output: Output(descriptor: 2, isTerminal: false, environment: [:]),
            now: { Date(timeIntervalSince1970: 1_700_000_000.123) }
        ).line(level: .warning, message: message, fields: fields)
    }

    @Test func logfmtQuotesWhatNeedsIt() {
        #expect(
            line(.logfmt, "disk is full", [("free", "0"), ("path", "a b"), ("why", "say \"no\"")])
                == "time=2023-11-14T22:13:20.123Z level=warning msg=\"disk is full\" free=0 path=\"a b\" why=\"say \\\"no\\\"\""
        )
    }

    @Test func jsonIsOneObject() throws {
        let text = line(.json, "a \"quote\"\nand\ta line", [("k", "\u{1}")])
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String]
        #expect(
            object == [
                "time": "2023-11-14T22:13:20.123Z", "level": "warning", "msg": "a \"quote\"\nand\ta line", "k": "\u{1}",
            ])
    }

    @Test func textIsForPeople() {
        #expect(
            line(.text, "serving", [("http", "127.0.0.1:8101")]) == "22:13:20.123 WARNING  serving http=127.0.0.1:8101")
    }

    @Test(arguments: [NodeSettings.LogFormat.text, .logfmt, .json])
    func nothingThatIsLoggedBeginsALineOfItsOwn(_ format: NodeSettings.LogFormat) {
        #expect(!line(format, "a\nlevel=error msg=forged", [("k", "b\r\nc")]).contains("\n"))
    }

    @Test func autoIsLogfmtWhereNobodyLooks() {
        #expect(line(.auto, "x").hasPrefix("time="))
    }
}

@Suite struct ProgramNameTests {
    @Test func theNameIsEnoughWhereTheShellFindsIt() throws {
        let scratch = try Scratch()
        for folder in ["bin", "other"] {
            try LocalFiles.makeDirectory(scratch.path + "/" + folder)
            try scratch.write("#!/bin/sh\n", to: folder + "/coterie")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: scratch.path + "/\(folder)/coterie")
        }
        let own = scratch.path + "/bin/coterie"
        func text(_ searchPath: String, in folder: String) -> String {
            ProgramName.text(executable: own, searchPath: searchPath, folder: folder)
        }
        #expect(text("/nowhere:\(scratch.path)/bin", in: "/") == "coterie")
        // Another program of that name comes first.
        #expect(text("\(scratch.path)/other:\(scratch.path)/bin", in: scratch.path) == "bin/coterie")
        #expect(text("/nowhere", in: scratch.path + "/bin") == "./coterie")
        #expect(text("/nowhere", in: "/elsewhere") == own)
    }
}
