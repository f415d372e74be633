// A partition in the making: how many of its slots each zone has, and which zones and members must still come in.
//
// A member is pressing when it is wanted in every partition that is left; a zone has a least and a most number of slots,
// which differ only where some of the partitions left have one more than others.

struct PartitionDraft {
    private var counts: [Int]
    private var least: [Int]
    private var most: [Int]
    /// Pressing members of each zone that are not chosen yet.
    private var pressing: [Int]
    /// How many of the slots left are spoken for.
    private(set) var mustChoose = 0

    init(zoneCount: Int) {
        counts = Array(repeating: 0, count: zoneCount)
        least = counts
        most = counts
        pressing = counts
    }

    /// Empties the draft and takes the bounds from what `filling` has left.
    mutating func begin(_ filling: PartitionFilling) {
        let partitionsLeft = filling.partitionsLeft
        for zone in counts.indices {
            let (each, more) = filling.zoneLeft[zone].quotientAndRemainder(dividingBy: partitionsLeft)
            counts[zone] = 0
            pressing[zone] = 0
            least[zone] = each
            most[zone] = each + (more > 0 ? 1 : 0)
        }
        for (member, left) in filling.memberLeft.enumerated() where left == partitionsLeft {
            pressing[filling.problem.zones[member]] += 1
        }
        mustChoose = 0
        for zone in counts.indices { mustChoose += need(zone) }
    }

    func count(_ zone: Int) -> Int { counts[zone] }

    /// Whether another member of `zone` may be chosen: not above the zone's bound, with room left for its pressing
    /// members, and, where every slot left is spoken for (`isTight`), only one of those that they are kept for.
    func admits(_ zone: Int, isPressing: Bool, isTight: Bool) -> Bool {
        if isPressing { return counts[zone] < most[zone] }
        guard counts[zone] + pressing[zone] < most[zone] else { return false }
        return !isTight || least[zone] - counts[zone] > pressing[zone]
    }

    mutating func add(_ member: Int, zone: Int, isPressing: Bool) {
        mustChoose -= need(zone)
        counts[zone] += 1
        if isPressing { pressing[zone] -= 1 }
        mustChoose += need(zone)
    }

    private func need(_ zone: Int) -> Int { max(least[zone] - counts[zone], pressing[zone]) }
}
