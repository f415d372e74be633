// x86-64: folding by carry-less multiplication (Gopal and others, "Fast CRC Computation for Generic Polynomials Using
// PCLMULQDQ Instruction", Intel, 2009): 16 bytes a step where zlib's tables take one after the other. Whether the
// processor can is asked at run time. ARM: it has an instruction for this very polynomial.
#include "CChecksum.h"

#if defined(__x86_64__)

#include <immintrin.h>

__attribute__((target("pclmul,sse4.1"))) static uint32_t fold(uint32_t crc, const __m128i *blocks, size_t count) {
    // x^(128+32) and x^(128-32), x^64, the polynomial and its inverse, each modulo the polynomial, bits reflected.
    const __m128i step = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i half = _mm_set_epi64x(0, 0x0163cd6124);
    const __m128i polynomial = _mm_set_epi64x(0x01f7011641, 0x01db710641);
    const __m128i low = _mm_setr_epi32(~0, 0, ~0, 0);
    __m128i sum = _mm_xor_si128(_mm_loadu_si128(blocks), _mm_cvtsi32_si128((int)~crc));
    for (size_t i = 1; i < count; i++) {
        __m128i front = _mm_clmulepi64_si128(sum, step, 0x00);
        __m128i back = _mm_clmulepi64_si128(sum, step, 0x11);
        sum = _mm_xor_si128(_mm_xor_si128(front, back), _mm_loadu_si128(blocks + i));
    }
    // 128 bits to 96, to 64, to 32 (Barrett's reduction).
    sum = _mm_xor_si128(_mm_srli_si128(sum, 8), _mm_clmulepi64_si128(sum, step, 0x10));
    sum = _mm_xor_si128(_mm_srli_si128(sum, 4), _mm_clmulepi64_si128(_mm_and_si128(sum, low), half, 0x00));
    __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(sum, low), polynomial, 0x10);
    sum = _mm_xor_si128(sum, _mm_clmulepi64_si128(_mm_and_si128(quotient, low), polynomial, 0x00));
    return ~(uint32_t)_mm_extract_epi32(sum, 1);
}

size_t coterie_crc32_front(uint32_t *crc, const void *bytes, size_t count) {
    size_t blocks = count / 16;
    if (blocks == 0 || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1")) { return 0; }
    *crc = fold(*crc, bytes, blocks);
    return blocks * 16;
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>
#include <string.h>

size_t coterie_crc32_front(uint32_t *crc, const void *bytes, size_t count) {
    uint32_t sum = ~*crc;
    size_t words = count / 8;
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, (const char *)bytes + i * 8, 8);
        sum = __crc32d(sum, word);
    }
    *crc = ~sum;
    return words * 8;
}

#else

size_t coterie_crc32_front(uint32_t *crc, const void *bytes, size_t count) { return 0; }

#endif
