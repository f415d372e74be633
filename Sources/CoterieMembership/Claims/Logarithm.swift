// Logarithms of whole numbers in fixed point: SWIM's bounds grow with log n, and equal seeds must give equal runs on
// every machine, which a C library's floating point does not promise.

/// log₂(x) × 65,536, rounded down; `x` must be positive. (Bit by bit, by squaring the mantissa.)
func log2Scaled(_ x: UInt64) -> Int64 {
    precondition(x > 0, "zero has no logarithm")
    let whole = 63 - x.leadingZeroBitCount
    // In [2³¹, 2³²), so that its square fits.
    var mantissa = whole <= 31 ? x << UInt64(31 - whole) : x >> UInt64(whole - 31)
    var result = Int64(whole) << 16
    for bit in stride(from: 15, through: 0, by: -1) {
        mantissa = (mantissa * mantissa) >> 31
        if mantissa >= 1 << 32 {
            result |= 1 << Int64(bit)
            mantissa >>= 1
        }
    }
    return result
}

/// log₁₀(x) × 65,536, within 2; `x` must be positive.
func log10Scaled(_ x: UInt64) -> Int64 { log2Scaled(x) * 65_536 / log2Scaled(10) }

/// The least whole number that is not below log₁₀(x); `x` must be positive.
func log10Ceiling(_ x: UInt64) -> Int {
    precondition(x > 0, "zero has no logarithm")
    var digits = 0
    var power: UInt64 = 1
    while power < x, digits < 20 {
        let (next, overflows) = power.multipliedReportingOverflow(by: 10)
        digits += 1
        if overflows { break }
        power = next
    }
    return digits
}
