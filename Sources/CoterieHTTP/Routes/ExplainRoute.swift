// `GET /admin/explain?type=&bucket=&key=`: this node's replica of one key, event by event.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import HTTPTypes

extension Routes {
    func explain(_ query: Query) async throws(Problem) -> ReplicaReport {
        let (key, bucketType) = try namedKey(query, of: "/admin/explain")
        let layout = gateway.layout
        let kind = bucketType.kind.rawValue
        let type: AnyReplicatedType
        do {
            type = try gateway.types[kind]
        } catch {
            throw Problem(.internalServerError, ErrorCode.internalError.description, "\(error)")
        }
        let view = await gateway.replica(of: key)
        var report = ReplicaReport(
            node: layout.member(gateway.member)?.name ?? "\(gateway.member)", epoch: layout.epoch.rawValue,
            bucketType: bucketType.name, datatype: kind, key: key,
            isOwner: layout.isOwner(gateway.member, of: layout.group(for: key, n: bucketType.n)))
        switch view.object {
        case .success(let object): report.describe(object, as: type, layout)
        case .failure(let failure): report.failure = "\(failure.code): \(failure.message)"
        }
        report.merges = view.merges.map { MergeReport($0, layout) }
        return report
    }
}

extension MergeReport {
    init(_ merge: ReplicaView.Merge, _ layout: Layout) {
        func names(_ dots: [Dot]) -> [EventName] { dots.map { EventName($0, layout) } }
        self.init(
            agoMilliseconds: merge.ago.milliseconds,
            from: merge.from.map { layout.member($0)?.name ?? $0.description },
            event: merge.event.map { EventName($0, layout) }, arrived: names(merge.arrived),
            replaced: names(merge.replaced), discarded: names(merge.discarded), stayed: names(merge.stayed))
    }
}
