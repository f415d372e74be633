// Carts for people.

/// Lines about carts.
enum CartText {
    /// The items with their amounts in columns; a sentence where there are none.
    static func lines(_ items: [Cart.Item], of cart: String, on output: Output) -> [String] {
        guard !items.isEmpty else { return ["the cart of \(cart) is empty"] }
        var columns = Columns([("amount", .right), ("item", .left)])
        for item in items { columns.add(["\(item.amount)", item.name]) }
        return columns.lines(on: output)
    }

    /// "2 milk".
    static func text(_ amount: Int64, _ item: String) -> String { amount == 1 ? item : "\(amount) \(item)" }

    /// "milk, 2 bread"; "nothing".
    static func text(_ items: [Cart.Item]) -> String {
        items.isEmpty ? "nothing" : items.map { text($0.amount, $0.name) }.joined(separator: ", ")
    }
}

/// A cart as JSON.
struct CartReport: Encodable {
    let cart: String
    let items: [Cart.Item]
    /// Of a check-out: these were taken.
    var checkedOut: Bool?
}
