// What is known of each segment: how long it is, how much of it is alive, and what may be done with it.

/// One segment of the log.
struct Segment: Equatable, Sendable {
    enum State: Equatable, Sendable {
        /// Appended to. Can transition to: sealed.
        case active
        /// Complete. Can transition to: drained.
        case sealed
        /// Nothing in it is needed once a checkpoint taken from now on is durable (L5). It then goes.
        case drained
    }

    let number: UInt32
    var file: String { LogFormat.file(of: number) }
    /// Bytes, those not yet written included.
    var length: Int
    /// Bytes and number of records that are the newest of their key.
    var liveBytes = 0
    var liveRecords = 0
    /// Bytes of removals: needed as long as an older segment exists (L6).
    var removalBytes = 0
    var state: State
    /// Whether all of it is fsynced.
    var isDurable = false
    /// Something in it could not be read: it is kept while keys point at it, as evidence that they are lost and not
    /// absent.
    var isUnreadable = false

    init(number: UInt32, length: Int, state: State) {
        self.number = number
        self.length = length
        self.state = state
    }
}

/// All segments, by number.
struct SegmentTable: Sendable {
    private var rows: [Segment?] = []
    private var firstNumber: UInt32 = 1
    private(set) var count = 0

    init() {}

    @inline(__always)
    subscript(number: UInt32) -> Segment? {
        guard number >= firstNumber, Int(number - firstNumber) < rows.count else { return nil }
        return rows[Int(number - firstNumber)]
    }

    /// Adds a segment; traps where the number is taken.
    mutating func insert(_ segment: Segment) {
        if rows.isEmpty { firstNumber = segment.number }
        if segment.number < firstNumber {
            rows.insert(contentsOf: repeatElement(nil, count: Int(firstNumber - segment.number)), at: 0)
            firstNumber = segment.number
        }
        let place = Int(segment.number - firstNumber)
        if place >= rows.count { rows.append(contentsOf: repeatElement(nil, count: place + 1 - rows.count)) }
        precondition(rows[place] == nil, "segment \(segment.number) is there already")
        rows[place] = segment
        count += 1
    }

    mutating func remove(_ number: UInt32) {
        guard self[number] != nil else { return }
        rows[Int(number - firstNumber)] = nil
        count -= 1
        let leading = rows.prefix { $0 == nil }.count
        if leading == rows.count {
            rows = []
        } else if leading > 0 {
            rows.removeFirst(leading)
            firstNumber += UInt32(leading)
        }
    }

    /// Changes a segment in place; does nothing where there is none.
    @inline(__always)
    mutating func update(_ number: UInt32, _ change: (inout Segment) -> Void) {
        guard number >= firstNumber, Int(number - firstNumber) < rows.count else { return }
        let place = Int(number - firstNumber)
        guard var segment = rows[place] else { return }
        change(&segment)
        rows[place] = segment
    }

    /// From the oldest segment's number to one beyond the newest's; some may be gone.
    @inline(__always)
    var numbers: Range<UInt32> { firstNumber ..< firstNumber + UInt32(rows.count) }
    /// All segments, oldest first.
    var all: [Segment] { rows.compactMap(\.self) }
    /// The number of the oldest segment.
    var oldest: UInt32? { rows.first.flatMap(\.self)?.number }

    /// A record at `location` has become the newest of its key.
    @inline(__always)
    mutating func becameLive(_ location: Location) {
        update(location.segment) {
            $0.liveBytes += Int(location.length)
            $0.liveRecords += 1
        }
    }

    /// The record at `location` is no longer the newest of its key.
    @inline(__always)
    mutating func becameDead(_ location: Location) {
        update(location.segment) {
            $0.liveBytes -= Int(location.length)
            $0.liveRecords -= 1
        }
    }
}
