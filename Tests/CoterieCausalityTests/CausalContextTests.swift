// The opaque form of contexts: golden text, and every way in which text from outside can be wrong.

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct CausalContextTests {
    let one = CausalContext(vector(a(7)))
    let three = CausalContext(vector(a(1_000), replica(2, life: 0xfeed_beef_cafe_f00d, sub: 3)(9), c(1)))

    func error(of text: String, limits: CausalContext.Limits = .standard) -> ContextError? {
        do {
            _ = try CausalContext(text: text, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    /// The format's first version: these texts must decode for ever.
    @Test func goldenVectors() throws {
        #expect(hex(CausalContext().encoded()) == "0100" + "58c223be")
        #expect(hex(one.encoded()) == "0101" + "01" + "0000000000000001" + "00" + "07" + "176ff33c")
        #expect(CausalContext().text == "AQBYwiO-")
        #expect(one.text == "AQEBAAAAAAAAAAEABxdv8zw")
        #expect(three.text == "AQMBAAAAAAAAAAEA6AcC_u2-78r-8A0DCQMAAAAAAAAAAQABUSeOVg")
        #expect(try CausalContext(text: "AQEBAAAAAAAAAAEABxdv8zw") == one)
    }

    @Test(arguments: 0 ..< 50 as Range<UInt64>) func contextsComeBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let replicas = (0 ..< random.below(30)).map { _ in replica(UInt32(random.below(5)), life: random.next()) }
        let context = CausalContext(random.vector(over: replicas, upTo: 1_000_000))
        #expect(try CausalContext(text: context.text) == context, "seed \(seed)")
        #expect(try CausalContext(decoding: context.encoded()) == context)
        #expect(context.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
    }

    @Test func noChangedCharacterIsTakenForAContext() throws {
        let text = Array(three.text)
        for position in text.indices {
            for other in ["A", "Q", "_", "7", "z"] as [Character] where other != text[position] {
                var changed = text
                changed[position] = other
                #expect(error(of: String(changed)) != nil, "\(other) at \(position)")
            }
        }
    }

    /// The last character carries bits that belong to no byte: with any of them set it is another text of the same bytes.
    @Test func aContextHasOneTextOnly() throws {
        #expect(three.text.hasSuffix("Vg"))
        let alias = String(three.text.dropLast()) + "h"
        #expect(error(of: alias) != nil)
    }

    @Test func aContextCutOffAnywhereIsRefused() throws {
        let text = three.text
        for length in 0 ..< text.count {
            let cut = error(of: String(text.prefix(length)))
            guard case .truncated = cut else {
                Issue.record("\(length) characters: \(String(describing: cut))")
                continue
            }
        }
    }

    @Test func theErrorsSayWhatIsWrong() throws {
        #expect(error(of: "") == .truncated(bytes: 0))
        #expect(error(of: "AQBY wiO-") == .badAlphabet(byte: 0x20, offset: 4))
        #expect(error(of: one.text + "=") == .badAlphabet(byte: 0x3d, offset: one.text.utf8.count))
        #expect(error(of: "AQBY+iO-") == .badAlphabet(byte: 0x2b, offset: 4))
        #expect(error(of: "AQBYwiO_") == .badChecksum)
        #expect(error(of: "AgBYwiO-") == .unknownVersion(2, newest: 1))
        #expect(error(of: "AABYwiO-") == .unknownVersion(0, newest: 1))
        for error in [
            ContextError.badAlphabet(byte: 0x3d, offset: 3), .badChecksum, .unknownVersion(9, newest: 1),
            .truncated(bytes: 3), .unordered(offset: 2), .tooLarge(bytes: 9, limit: 8), .tooManyEntries(5, limit: 4),
            .malformed(.trailingBytes(3)),
        ] {
            #expect(error.description.hasPrefix("causal context: "))
        }
        #expect(ContextError.badAlphabet(byte: 0x3d, offset: 3).description.contains("0x3d at offset 3"))
    }

    /// Right checksums over wrong contents, as an attacker would send them.
    @Test func aRightChecksumDoesNotMakeAContext() throws {
        func forged(_ body: String) -> ContextError? {
            var buffer = bytes(body)
            buffer.writeInteger(buffer.crc32())
            do {
                _ = try CausalContext(decoding: buffer)
                return nil
            } catch {
                return error
            }
        }
        let first = "01 0000000000000001 00 01"
        let second = "02 0000000000000001 00 01"
        #expect(forged("01 02" + first + second) == nil)
        #expect(forged("01 02" + second + first) == .unordered(offset: 13))
        #expect(forged("01 02" + first + first) == .unordered(offset: 13))
        #expect(forged("01 01" + first + "00") == .malformed(.trailingBytes(1)))
        #expect(
            forged("01 01 01 0000000000000001 00 00")
                == .malformed(.outOfRange(.counter, value: 0, allowed: 1 ... UInt64(Int64.max), offset: 12)))
        #expect(
            forged("01 7f" + first) == .malformed(.countTooLarge(.entryCount, count: 127, possible: 1, offset: 1)))
    }

    @Test func limitsBoundWhatIsTaken() throws {
        let limits = CausalContext.Limits(maximumEntries: 2, maximumBytes: 64)
        #expect(error(of: one.text, limits: limits) == nil)
        #expect(error(of: three.text, limits: limits) == .tooManyEntries(3, limit: 2))
        #expect(error(of: String(repeating: "A", count: 1000), limits: limits) == .tooLarge(bytes: 750, limit: 64))
        let long = ByteBuffer(repeating: 1, count: 65)
        #expect(throws: ContextError.tooLarge(bytes: 65, limit: 64)) {
            try CausalContext(decoding: long, limits: limits)
        }
    }

    @Test func theLargestContextWithinTheEntryLimitFitsTheByteLimit() throws {
        let limits = CausalContext.Limits.standard
        var widest = VersionVector()
        for life in 0 ..< UInt64(limits.maximumEntries) {
            widest.observe(Dot(replica(.max, life: .max - life, sub: .max), Dot.maximumCounter))
        }
        #expect(try CausalContext(text: CausalContext(widest).text).vector == widest)
        widest.observe(a(1))
        #expect(error(of: CausalContext(widest).text) == .tooManyEntries(4097, limit: 4096))
    }

    @Test(arguments: 0 ..< 20 as Range<UInt64>) func randomBytesAndFlipsNeverTrap(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0 ..< 100 {
            var bytes = Array(three.encoded().readableBytesView)
            for _ in 0 ... random.below(3) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
            if bytes != Array(three.encoded().readableBytesView) {
                #expect(throws: ContextError.self) { try CausalContext(decoding: ByteBuffer(bytes: bytes)) }
            }
            let noise = (0 ..< random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            _ = try? CausalContext(decoding: ByteBuffer(bytes: noise))
            _ = try? CausalContext(text: String(decoding: noise, as: UTF8.self))
        }
    }
}
