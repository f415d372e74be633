// Drawing requests.

import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieWire

extension World {
    /// A request of the plan's mix, the place of its key, and what follows its answer.
    func drawRequest(for index: Int) -> (ClientRequest, key: Int, Session.Next) {
        let wall = WallTime(milliseconds: ProcessClock.epoch + now / 1_000_000)
        let drawn = requests.draw(sessions[index].memory, from: &workloadDraws, wall: wall) { history.freshValue() }
        return (drawn.request, drawn.key, drawn.isUpdate ? .put(drawn.key) : .nothing)
    }

    /// A put over what a session has just read.
    func drawPut(over key: Int, for index: Int) -> ClientRequest {
        requests.put(key, context: sessions[index].memory.contexts[key], from: &workloadDraws) { history.freshValue() }
    }
}
