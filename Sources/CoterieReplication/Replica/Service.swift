// Whether this replica serves, and how an empty one comes to serve.
//
// A store that is marked "serving" serves at once. An empty one cannot tell by itself whether it is new or has been
// lost: it introduces itself (NodeMachine+Introduction.swift). Nobody knew it: it is new and serves. Somebody did: what
// it held is lost, and it takes the content of all other owners of each of its groups before it serves (design, section
// 4, rule 11).

import CoterieCausality
import CoterieMembership
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

/// Whether this replica serves.
public enum Service: Equatable, Sendable, CustomStringConvertible {
    /// The start nonce is not durable yet. Can transition to: `serving`, `introducing`, `refilling`.
    case starting
    /// The store has never served. Can transition to: `serving`, `refilling`.
    case introducing
    /// What was here is lost. Can transition to: `serving`.
    case refilling
    case serving

    /// The state's name, as `/admin/status` shows it.
    public var description: String {
        switch self {
        case .starting: "starting"
        case .introducing: "introducing"
        case .refilling: "refilling"
        case .serving: "serving"
        }
    }
}

/// Names of the metadata records.
enum MetadataName {
    static let layout = "layout"
    static let nonce = "nonce"
    /// "serving" or "refilling".
    static let service = "service"
    /// The nonce of the store's first start: which store it is.
    static let store = "store"
    /// The first store under which that member was met.
    static func known(_ member: MemberNumber) -> String { "known/\(member.rawValue)" }
    /// The round that this member has reached.
    static let round = "round"
    static let propertiesIndex = "properties"
}

extension NodeMachine {
    /// The store is open: the start nonce is made durable before anything else.
    mutating func start(_ now: Now, _ effects: inout Effects) {
        if storeIsDoubtful { effects.append(.note(.quarantined)) }
        properties = PropertiesTable(restoring: engine.metadata(MetadataName.propertiesIndex))
        effects.append(.setTimer(.exchange, at: now.monotonic + settings.exchangeInterval))
        if settings.scrubInterval > .zero {
            effects.append(.setTimer(.scrub, at: now.monotonic + settings.scrubInterval))
        }
        if case .interval(let every) = settings.durability {
            effects.append(.setTimer(.flush, at: now.monotonic + every))
        }
        tell(.start, now, &effects)
        recordStart(&effects)
    }

    private mutating func recordStart(_ effects: inout Effects) {
        var metadata = [MetadataChange(name: MetadataName.nonce, value: ByteBuffer(integer: nonce))]
        if engine.metadata(MetadataName.store) == nil {
            metadata.append(MetadataChange(name: MetadataName.store, value: ByteBuffer(integer: nonce)))
        }
        if engine.metadata(MetadataName.layout) == nil {
            metadata.append(MetadataChange(name: MetadataName.layout, value: layout.encoded()))
        }
        // A store of before there were rounds; a new one is told its round with the introductions.
        if recordedRound == 0, engine.metadata(MetadataName.service).map({ String(buffer: $0) }) == "serving" {
            metadata.append(MetadataChange(name: MetadataName.round, value: ByteBuffer(integer: UInt64(1))))
        }
        if storeIsDoubtful {
            metadata.append(MetadataChange(name: MetadataName.service, value: ByteBuffer(string: "refilling")))
        }
        do throws(StorageFailure) {
            try engine.apply(Batch(metadata: metadata))
            barriers.await(.started, .durable)
        } catch {
            markFailed = true
            effects.append(.note(.writesRefused(error)))
        }
    }

    /// What could not be recorded, on a disk that was full, is tried again.
    mutating func retryMark(_ effects: inout Effects) {
        guard markFailed else { return }
        markFailed = false
        switch service {
        case .starting: recordStart(&effects)
        case .introducing: if isAcquainted { serve(&effects) }
        case .refilling:
            mark("refilling", thenAwait: nil, &effects)
            if refill == nil { serve(&effects) }
        case .serving: break
        }
    }

    /// The start nonce is durable.
    mutating func nonceIsDurable(_ now: Now, _ effects: inout Effects) {
        switch engine.metadata(MetadataName.service).map({ String(buffer: $0) }) {
        case "serving":
            service = .serving
            effects.append(.note(.serving))
            for member in peers.keys.sorted() where isConnected(member) { advertiseAll(to: member, &effects) }
        case "refilling": beginRefill(&effects)
        default:
            service = .introducing
            for member in peers.keys.sorted() { greet(member, &effects) }
            if isAcquainted { serve(&effects) }
        }
    }

    /// Serves from the moment on that this is durable.
    mutating func serve(_ effects: inout Effects) {
        takeIntroducedRound(&effects)
        mark("serving", thenAwait: .serving, &effects)
    }

    /// What is lost cannot be told any more: nothing here vouches for anything until it is refilled.
    mutating func quarantine(_ effects: inout Effects) {
        renewIdentity("records were lost, and which cannot be told", &effects)
        guard service == .serving || service == .refilling else { return }
        effects.append(.note(.quarantined))
        mark("refilling", thenAwait: nil, &effects)
        beginRefill(&effects)
    }

    /// Rule 11: a store whose index of a group is not what its digest says is not believed. O(keys of the group).
    /// - Returns: whether it is.
    mutating func audit(_ group: Group, _ effects: inout Effects) -> Bool {
        guard !settings.omitted.contains(.vouching), !engine.audit(group) else { return true }
        counters.faults += 1
        effects.append(.note(.digestDisagrees(group)))
        quarantine(&effects)
        return false
    }

    mutating func mark(_ state: String, thenAwait waiting: AwaitingBarrier?, _ effects: inout Effects) {
        do throws(StorageFailure) {
            let change = MetadataChange(name: MetadataName.service, value: ByteBuffer(string: state))
            try engine.apply(Batch(metadata: [change]))
            if let waiting { barriers.await(waiting, .durable) }
        } catch {
            markFailed = true
            effects.append(.note(.writesRefused(error)))
        }
    }
}
