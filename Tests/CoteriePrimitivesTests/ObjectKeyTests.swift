// Keys as ordered, prefix-free bytes: the order of the encoding is the order of the components, whatever bytes they have.

import CoteriePrimitives
import NIOCore
import Testing

@Suite struct ObjectKeyTests {
    /// Components over a tiny alphabet that has all the bytes with a meaning of their own.
    static let components: [[UInt8]] = {
        let alphabet: [UInt8] = [0x00, 0x01, 0x61, 0xff]
        var all: [[UInt8]] = [[]]
        var last: [[UInt8]] = [[]]
        for _ in 0 ..< 2 {
            last = last.flatMap { prefix in alphabet.map { prefix + [$0] } }
            all += last
        }
        return all
    }()

    func buffer(_ bytes: [UInt8]) -> ByteBuffer { ByteBuffer(bytes: bytes) }

    func key(_ type: [UInt8], _ bucket: [UInt8], _ key: [UInt8]) -> ObjectKey {
        ObjectKey(type: buffer(type), bucket: buffer(bucket), key: buffer(key))
    }

    @Test func goldenBytes() {
        let plain = ObjectKey(type: "t", bucket: "b", key: "key")
        #expect(Array(plain.bytes.readableBytesView) == [0x74, 0, 1, 0x62, 0, 1, 0x6b, 0x65, 0x79, 0, 1])
        let zeros = key([0x00], [], [0x61, 0x00, 0x62])
        #expect(Array(zeros.bytes.readableBytesView) == [0, 0xff, 0, 1, 0, 1, 0x61, 0, 0xff, 0x62, 0, 1])
    }

    @Test func componentsComeBackWhateverBytesTheyHave() {
        for a in Self.components {
            for b in Self.components {
                let made = key(a, b, a + b)
                #expect(made.type == buffer(a))
                #expect(made.bucket == buffer(b))
                #expect(made.key == buffer(a + b))
                #expect(ObjectKey(encoded: made.bytes) == made)
                #expect(ObjectKey(encoded: made.bytes)?.key == buffer(a + b))
            }
        }
    }

    @Test func theOrderIsThatOfTheComponents() {
        var random = SeededGenerator(seed: 7)
        func draw() -> [UInt8] { random.pick(Self.components)! }
        for _ in 0 ..< 20_000 {
            let a = [draw(), draw(), draw()]
            let b = [random.chance(1, in: 2) ? a[0] : draw(), random.chance(1, in: 2) ? a[1] : draw(), draw()]
            let expected = zip(a, b).first { $0 != $1 }.map { $0.lexicographicallyPrecedes($1) } ?? false
            #expect((key(a[0], a[1], a[2]) < key(b[0], b[1], b[2])) == expected, "\(a) and \(b)")
        }
    }

    @Test func noKeyIsThePrefixOfAnother() {
        let keys = Self.components.flatMap { a in Self.components.map { b in key([0x61], a, b) } }
        let sorted = keys.sorted()
        for (a, b) in zip(sorted, sorted.dropFirst()) {
            #expect(a != b)
            #expect(!b.bytes.readableBytesView.starts(with: a.bytes.readableBytesView), "\(a.bytes) and \(b.bytes)")
        }
    }

    @Test func aBucketsKeysShareItsPrefixAndNoOthersDo() {
        for bucket in Self.components {
            let prefix = ObjectKey.bucketPrefix(type: buffer([0x74]), bucket: buffer(bucket))
            for other in Self.components {
                let bytes = key([0x74], other, [0x61]).bytes
                #expect(bytes.readableBytesView.starts(with: prefix.readableBytesView) == (other == bucket))
            }
        }
    }

    @Test func whatIsAppendedSortsRightBehindItsKey() {
        let keys = Self.components.map { key([0x74], [0x62], $0) }.sorted()
        for (a, b) in zip(keys, keys.dropFirst()) {
            var element = a.bytes
            element.writeBytes([0xff, 0xff])
            #expect(a.bytes.isOrderedBefore(element))
            #expect(element.isOrderedBefore(b.bytes))
        }
    }

    @Test(
        arguments: [
            [], [0x61], [0, 1], [0, 1, 0, 1], [0, 1, 0, 1, 0], [0, 1, 0, 1, 0x61], [0, 1, 0, 1, 0, 1, 0x61],
            [0, 1, 0, 1, 0, 1, 0, 1], [0, 0, 0, 1, 0, 1, 0, 1], [0, 2, 0, 1, 0, 1, 0, 1], [0, 0xff, 0, 1, 0, 1],
        ] as [[UInt8]])
    func malformedBytesAreRefused(_ bytes: [UInt8]) {
        #expect(ObjectKey(encoded: buffer(bytes)) == nil)
    }

    @Test func aKeyCutOffAnywhereIsRefused() {
        let whole = key([0x74], [0x00, 0x62], [0x6b, 0x00]).bytes
        for length in 0 ..< whole.readableBytes {
            #expect(ObjectKey(encoded: whole.getSlice(at: 0, length: length)!) == nil)
        }
    }

    @Test func equalityLooksAtNothingButTheBytes() {
        var shifted = ByteBuffer(string: "xx")
        shifted.writeImmutableBuffer(ObjectKey(type: "t", bucket: "b", key: "k").bytes)
        shifted.moveReaderIndex(forwardBy: 2)
        let slice = ObjectKey(encoded: shifted)!
        let made = ObjectKey(type: "t", bucket: "b", key: "k")
        #expect(slice == made)
        #expect(Set([slice, made]).count == 1)
        #expect(slice.key == ByteBuffer(string: "k"))
        #expect(slice.description == "t/b/k")
    }

    @Test func theRingsHashIsThatOfTheEncodedBytes() {
        let made = ObjectKey(type: "t", bucket: "b", key: "k")
        let key = HashKey(1, 2)
        #expect(made.hash(with: key) == made.bytes.withUnsafeReadableBytes { stableHash($0, key: key) })
        #expect(made.hash(with: key) != made.hash(with: HashKey(1, 3)))
    }
}
