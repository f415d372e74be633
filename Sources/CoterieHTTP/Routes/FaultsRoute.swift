// GET, PUT and DELETE of `/admin/faults`. Where faults are not allowed there is no such path.

import CoterieRing
import CoterieTransport
import HTTPTypes
import NIOCore

extension Routes {
    private static let faultsLimit = Call.BodyLimit(bytes: 1 << 20, what: "the faults", name: "of a faults body")

    func faults(_ call: Call, _ injection: any FaultInjection) async throws -> Answer {
        switch call.method {
        case .put:
            let table = try await faultTable(in: call)
            await injection.set(table)
        case .delete: await injection.set(FaultTable(seed: await injection.table().seed))
        default: break
        }
        return Answer(.ok, text: await injection.table().json, contentType: "application/json")
    }

    private func faultTable(in call: Call) async throws -> FaultTable {
        let body = try await call.body(Self.faultsLimit)
        let table: FaultTable
        do throws(FaultTableError) {
            table = try FaultTable(json: body)
        } catch {
            throw Problem.bad("\(error)")
        }
        let others = gateway.layout.members.filter { $0.number != gateway.member }.map(\.name)
        for rule in table.rules {
            guard case .member(let name) = rule.link.peer, !others.contains(name) else { continue }
            let own = gateway.layout.member(gateway.member)?.name == name
            throw Problem.bad(
                "\(own ? "\(name) is this node itself" : "there is no member \"\(printable(name))\""); "
                    + "the ends of its links are \(others.joined(separator: ", ")) and clients")
        }
        return table
    }
}
