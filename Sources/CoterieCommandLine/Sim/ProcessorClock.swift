// Processor time, which does not count what other processes take.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

enum ProcessorClock {
    /// Of this process, in nanoseconds. (`clock` counts in millionths of a second wherever POSIX is kept to.)
    static var now: Int64 { Int64(clock()) * 1_000 }
}
