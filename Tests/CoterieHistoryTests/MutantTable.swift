// The table of mutants, as the documentation shows it: mutant, what is broken, the checker made for it, how many seeds
// it took, and who else had found it by then. The mutation suite computes it anew and compares.

enum MutantTable {
    static let text = """
        lostAcknowledgement | a replica acknowledges a write and does not keep it | lost-writes | 5 | regularity, resurrection
        writeQuorumOffByOne | a write is answered with one acknowledgement too few | receipts | 1 | -
        readQuorumOffByOne | a read is answered with one replica too few | regularity | 6 | receipts
        reusedDot | a replica that lost its tail goes on minting under its old identity | dots | 18 | causality, lost-writes
        mergeDropsSibling | merge keeps one of two concurrent values | causality | 1 | lost-writes
        earlyReclaim | a marker is forgotten while another replica still has the value | resurrection | 26 | causality, lost-writes, regularity
        unsyncedAcknowledgement | a write is acknowledged as durable before its fsync | lost-writes | 32 | resurrection
        resurrectingRepair | read repair brings values and ignores contexts | resurrection | 15 | causality
        forwardedTwice | a write is applied by two owners, each with a dot of its own | dots | 1 | -
        lyingReceipt | a receipt counts a replica that did not answer | receipts | 1 | -
        countsTwice | a repeated acknowledgement counts twice | receipts | 1 | -
        refusedButApplied | a write is answered as not applied, and is | causality | 1 | -
        staleCache | a read is answered with an earlier read's answer | regularity | 6 | -
        floorIgnored | a read does not look at its floor | sessions | 24 | -
        contextOverreach | an answer's context covers a replica whose values it leaves out | causality | 2 | -
        clockBeatsCausality | lww keeps the later clock although the other write had seen it | causality | 17 | -
        contextIgnored | a write does not drop what its context covers | siblings | 5 | causality, resurrection
        deleteWithoutEffect | a delete mints its dot and leaves the values | resurrection | 5 | -
        misroutedRead | a read is answered with another key's object | causality | 1 | sessions
        tornValue | a value is answered in part | causality | 1 | -
        prunedContext | a replica drops an entry of a long context | causality | 3 | -
        silentReplica | one replica gets no repair, for ever | convergence | 7 | -
        misnamedDot | a receipt names another write's dot | dots | 1 | -
        setLosesElement | an acknowledged element vanishes | sets | 1 | -
        setReadsStale | a set's read is answered by a stale replica | sets | 1 | -
        setKeepsRefused | an element is added although it was refused | sets | 1 | -
        setCountsTwice | a set shows an element twice | sets | 1 | -
        counterLosesIncrement | an acknowledged increment is not counted | counters | 1 | -
        counterCountsRetryTwice | a repeated increment counts twice | counters | 1 | -
        counterAppliesRefused | an increment is counted although it was refused | counters | 2 | -
        registerReadsStale | a register's read is answered with the value before | linearizability | 1 | -
        registerLosesWrite | a register's acknowledged write has no effect | linearizability | 1 | -
        registerActsLate | a register's write takes effect after it was acknowledged | linearizability | 1 | -
        """
}
