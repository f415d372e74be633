// SipHash-2-4 against the reference vectors of its authors, and the hash keys that a cluster derives.

import CoteriePrimitives
import NIOCore
import Testing

@Suite struct StableHashTests {
    /// Key 00 01 … 0f.
    let key = HashKey(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { stableHash($0, key: key) } }

    @Test func theExampleOfThePaper() {
        #expect(hash(Array(0 ..< 15)) == 0xa129_ca61_49be_45e5)
    }

    /// `vectors.h` of the reference implementation: entry i hashes the bytes 00 … i-1.
    @Test func theReferenceVectorsOfEveryTailLength() {
        let vectors: [UInt64] = [
            0x726f_db47_dd0e_0e31, 0x74f8_39c5_93dc_67fd, 0x0d6c_8009_d9a9_4f5a, 0x8567_6696_d7fb_7e2d,
            0xcf27_94e0_2771_87b7, 0x1876_5564_cd99_a68d, 0xcbc9_466e_58fe_e3ce, 0xab02_00f5_8b01_d137,
            0x93f5_f579_9a93_2462, 0x9e00_82df_0ba9_e4b0, 0x7a5d_bbc5_94dd_b9f3, 0xf4b3_2f46_226b_ada7,
            0x751e_8fbc_860e_e5fb, 0x14ea_5627_c084_3d90, 0xf723_ca90_8e7a_f2ee, 0xa129_ca61_49be_45e5,
            0x3f2a_cc7f_57c2_9bdb,
        ]
        for (length, expected) in vectors.enumerated() {
            #expect(hash((0 ..< length).map(UInt8.init)) == expected, "of \(length) bytes")
        }
    }

    @Test func unalignedBytesHashLikeAligned() {
        let bytes = (0 ..< 64).map(UInt8.init)
        bytes.withUnsafeBytes { raw in
            for start in 0 ..< 8 {
                let slice = UnsafeRawBufferPointer(rebasing: raw[start ..< start + 40])
                #expect(stableHash(slice, key: key) == hash(Array(bytes[start ..< start + 40])))
            }
        }
    }

    @Test func aClustersKeyIsAFunctionOfItsName() {
        let a = HashKey(clusterName: "coterie")
        #expect(a == HashKey(clusterName: "coterie"))
        #expect(a != HashKey(clusterName: "coterif"))
        #expect(a.k0 != a.k1)
        #expect(a == HashKey(0xf61c_3236_9b7e_6e8b, 0x0e69_a834_8873_55ef), "placement must never move: \(a)")
    }
}
