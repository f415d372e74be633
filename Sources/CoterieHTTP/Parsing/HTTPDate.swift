// Dates as HTTP writes them (RFC 9110, section 5.6.7), without a calendar library: days are counted by Howard Hinnant's
// civil-date algorithms. Whole seconds, UTC.

import CoteriePrimitives

/// HTTP's form of a wall-clock time.
enum HTTPDate {
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, rounded down to the second.
    static func format(_ time: WallTime) -> String {
        let parts = Civil(time)
        return "\(days[parts.weekday]), \(pad(parts.day)) \(months[parts.month - 1]) \(pad(parts.year, 4)) "
            + "\(pad(parts.hour)):\(pad(parts.minute)):\(pad(parts.second)) GMT"
    }

    /// `1994-11-06T08:49:37.042Z`, as JSON shows it.
    static func iso8601(_ time: WallTime) -> String {
        let parts = Civil(time)
        return "\(pad(parts.year, 4))-\(pad(parts.month))-\(pad(parts.day))T\(pad(parts.hour)):\(pad(parts.minute)):"
            + "\(pad(parts.second)).\(pad(parts.millisecond, 3))Z"
    }

    /// Reads the three forms that HTTP has had: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
    /// `Sun Nov  6 08:49:37 1994`. nil where it is none of them, or no date there is.
    static func parse(_ text: String) -> WallTime? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }
        switch words.count {
        case 6 where words[5] == "GMT":
            guard let year = Int(words[3]) else { return nil }
            return time(day: words[1], month: words[2], year: century(year, digits: words[3].count), clock: words[4])
        case 5: return time(day: words[2], month: words[1], year: Int(words[4]), clock: words[3])
        default: return nil
        }
    }

    /// Two digits are a year within 50 years of this century's middle.
    private static func century(_ year: Int, digits: Int) -> Int {
        digits == 2 ? year + (year < 70 ? 2000 : 1900) : year
    }

    private static func time(day: Substring, month: Substring, year: Int?, clock: Substring) -> WallTime? {
        let times = clock.split(separator: ":", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard let day = Int(day), let month = months.firstIndex(of: String(month)), let year,
            (1 ... 9999).contains(year), times.count == 3, (0 ... 23).contains(times[0]),
            (0 ... 59).contains(times[1]), (0 ... 60).contains(times[2])
        else { return nil }
        let count = Civil.days(year: year, month: month + 1, day: day)
        guard Civil(days: count).day == day, Civil(days: count).month == month + 1 else { return nil }
        let seconds = Int64(count) * 86_400 + Int64(times[0] * 3600 + times[1] * 60 + times[2])
        return WallTime(milliseconds: seconds * 1000)
    }

    private static func pad(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// A time in the proleptic Gregorian calendar.
private struct Civil {
    var year = 0, month = 0, day = 0
    var hour = 0, minute = 0, second = 0, millisecond = 0
    /// 0 is Monday.
    var weekday = 0

    init(_ time: WallTime) {
        let seconds = Int(floored(time.milliseconds, by: 1000))
        let days = Int(floored(Int64(seconds), by: 86_400))
        self.init(days: days)
        let rest = seconds - days * 86_400
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        millisecond = Int(time.milliseconds - Int64(seconds) * 1000)
    }

    /// Days since 1970-01-01, a Thursday.
    init(days: Int) {
        weekday = ((days + 3) % 7 + 7) % 7
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        day = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    static func days(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    }
}

private func floored(_ number: Int64, by divisor: Int64) -> Int64 {
    let quotient = number / divisor
    return number % divisor < 0 ? quotient - 1 : quotient
}
