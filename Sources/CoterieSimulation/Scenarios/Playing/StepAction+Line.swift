// Steps as the trace tells them.

import CoteriePrimitives

extension StepAction {
    /// What it does, on one line.
    public var line: String {
        switch self {
        case .faults(let faults): faults.map { "\($0)" }.joined(separator: ", ")
        case .slowLink(let one, let other, let delay, _, _): "slow link \(one) \(other) by \(delay)"
        case .restart(let members): "restart \(members.map(\.description).joined(separator: ", "))"
        case .resume(let members): "resume \(members.map(\.description).joined(separator: ", "))"
        case .heal(let scope): "heal \(scope.rawValue)"
        case .request(let request):
            switch request.verb {
            case .get: "\(request.session) gets \(request.key)"
            case .put(let value): "\(request.session) puts \(value) into \(request.key)"
            case .delete: "\(request.session) deletes \(request.key)"
            }
        case .await(let condition, within: _): "await \(condition)"
        }
    }
}
