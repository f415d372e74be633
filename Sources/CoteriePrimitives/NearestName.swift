// A mistyped name gets the nearest known one suggested. Distance: Damerau–Levenshtein with adjacent transpositions
// (optimal string alignment), case folded.

/// Finds the known name that someone probably meant.
public enum NearestName {
    /// The candidate nearest to `name`, if near enough to be a slip: a third of the longer name's letters, at least 1.
    /// Of equally near ones the first in order.
    public static func of(_ name: String, among candidates: [String]) -> String? {
        var best: (distance: Int, name: String)?
        for candidate in candidates.sorted() {
            let distance = distance(Array(name.lowercased()), Array(candidate.lowercased()))
            guard distance <= max(1, max(name.count, candidate.count) / 3) else { continue }
            if distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.name
    }

    /// ` (did you mean "x"?)`, or nothing.
    public static func suggestion(for name: String, among candidates: [String]) -> String {
        of(name, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
    }

    /// How many letters to insert, drop, change or swap with their neighbour. O(a × b).
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0 ... b.count)
        for i in a.indices {
            var row = [i + 1]
            row.reserveCapacity(b.count + 1)
            for j in b.indices {
                var cost = min(last[j + 1], row[j]) + 1
                cost = min(cost, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
