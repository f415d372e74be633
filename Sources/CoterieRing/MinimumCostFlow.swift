// A flow of least cost through a small network: successive shortest paths (Busacker and Gowen, 1961), each found by
// Bellman and Ford's relaxation with a queue, which bears the negative costs of a network without negative cycles.

struct MinimumCostFlow {
    private struct Arc {
        let head: Int
        var capacity: Int
        let cost: Int
    }

    /// Arcs in pairs: the arc at an even index, its reverse behind it.
    private var arcs: [Arc] = []
    private var outgoing: [[Int]]

    init(nodes: Int) { outgoing = Array(repeating: [], count: nodes) }

    /// Adds an arc and names it for `flow(on:)`.
    @discardableResult
    mutating func addArc(from tail: Int, to head: Int, capacity: Int, cost: Int) -> Int {
        let name = arcs.count
        outgoing[tail].append(name)
        outgoing[head].append(name + 1)
        arcs.append(Arc(head: head, capacity: capacity, cost: cost))
        arcs.append(Arc(head: tail, capacity: 0, cost: -cost))
        return name
    }

    func flow(on arc: Int) -> Int { arcs[arc + 1].capacity }

    /// Sends up to `amount`, unit by unit, each on a cheapest path; what was sent and its cost.
    /// O(amount × nodes × arcs) at worst.
    mutating func send(_ amount: Int, from source: Int, to sink: Int) -> (sent: Int, cost: Int) {
        var cost = 0
        for sent in 0 ..< amount {
            guard let path = cheapestPath(from: source, to: sink) else { return (sent, cost) }
            for arc in path {
                arcs[arc].capacity -= 1
                arcs[arc ^ 1].capacity += 1
                cost += arcs[arc].cost
            }
        }
        return (amount, cost)
    }

    private func cheapestPath(from source: Int, to sink: Int) -> [Int]? {
        var distance: [Int?] = Array(repeating: nil, count: outgoing.count)
        var arrivedBy = Array(repeating: -1, count: outgoing.count)
        var isQueued = Array(repeating: false, count: outgoing.count)
        var queue = [source]
        var head = 0
        distance[source] = 0
        while head < queue.count {
            let node = queue[head]
            head += 1
            isQueued[node] = false
            guard let here = distance[node] else { continue }
            for name in outgoing[node] where arcs[name].capacity > 0 {
                let arc = arcs[name]
                if let known = distance[arc.head], known <= here + arc.cost { continue }
                distance[arc.head] = here + arc.cost
                arrivedBy[arc.head] = name
                if !isQueued[arc.head] {
                    isQueued[arc.head] = true
                    queue.append(arc.head)
                }
            }
        }
        guard distance[sink] != nil else { return nil }
        var path: [Int] = []
        var node = sink
        while node != source {
            path.append(arrivedBy[node])
            node = arcs[arrivedBy[node] ^ 1].head
        }
        return path
    }
}
