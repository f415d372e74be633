// A node's failure as HTTP says it: the status of each stable code, and Riak's texts for quorums that were not met.

import CoterieWire
import HTTPTypes

/// Whether a request read or wrote: Riak's texts and the receipt name quorums by it.
enum RequestKind: Hashable, Sendable {
    case read
    case write
}

extension Problem {
    /// The failure of a request on a key. `receipt` tells which quorum was not met.
    init(_ failure: Failure, receipt: Receipt?, kind: RequestKind) {
        self.init(failure.code.httpStatus, failure.code.description, Self.detail(failure, receipt, kind))
        if kind == .write { outcome = failure.outcome }
        if failure.code == .overloaded { headers[.retryAfter] = "1" }
    }

    private static func detail(_ failure: Failure, _ receipt: Receipt?, _ kind: RequestKind) -> String {
        switch failure.code {
        case .insufficientReplicas:
            guard let receipt, let unmet = unmetQuorum(receipt, kind) else { return failure.message }
            return lines(unmet, failure.message)
        case .timeout: return lines("request timed out", failure.message)
        default: return failure.message.isEmpty ? failure.code.description : failure.message
        }
    }

    /// Riak's line, and behind it what the node says beyond it.
    private static func lines(_ first: String, _ message: String) -> String {
        var rest = message[...]
        if rest.hasPrefix(first) {
            rest = rest.dropFirst(first.count)
            if rest.hasPrefix(" ("), rest.hasSuffix(")") { rest = rest.dropFirst(2).dropLast() }
            if rest.hasPrefix(": ") { rest = rest.dropFirst(2) }
        }
        return rest.isEmpty ? first : "\(first)\n\(rest)"
    }

    /// Riak's line for the first quorum that was not met: asked behind the slash, met before it.
    private static func unmetQuorum(_ receipt: Receipt, _ kind: RequestKind) -> String? {
        let asked = receipt.asked
        let isRead = kind == .read
        if receipt.met < asked.quorum {
            return "\(isRead ? "R" : "W")-value unsatisfied: \(receipt.met)/\(asked.quorum)"
        }
        if receipt.metPrimary < asked.primary {
            return "\(isRead ? "PR" : "PW")-value unsatisfied: \(receipt.metPrimary)/\(asked.primary)"
        }
        if receipt.metDurable < asked.durable {
            return "DW-value unsatisfied: \(receipt.metDurable)/\(asked.durable)"
        }
        if asked.nodeConfirms > 0 {
            return "node_confirms-value unsatisfied: \(min(receipt.met, asked.nodeConfirms - 1))/\(asked.nodeConfirms)"
        }
        return nil
    }
}

extension ErrorCode {
    /// The HTTP status that shows this code.
    var httpStatus: HTTPResponse.Status {
        switch self {
        case .badRequest, .nMismatch, .badQuorum, .keyTooLarge, .contextTooLarge, .badOperation: .badRequest
        // As Riak refuses a data type where there is none.
        case .wrongType: .forbidden
        case .unknownBucketType: .notFound
        case .valueTooLarge: .contentTooLarge
        case .preconditionFailed: .preconditionFailed
        case .tooManySiblings, .operationRefused: .conflict
        case .insufficientReplicas, .timeout, .overloaded, .notInSync, .wrongEpoch, .notOwner, .shuttingDown,
            .ownerLost, .readOnly, .diskFull:
            .serviceUnavailable
        case .corrupt, .ioError, .causalityFault, .internalError: .internalServerError
        }
    }
}
