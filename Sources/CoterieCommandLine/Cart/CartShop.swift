// Shopping by hand: a line says what to do, and the cart is shown after each.

import CoterieClient
import Foundation

/// Reads what to do from standard input, until check-out or the end of it.
struct CartShop {
    let cart: Cart
    private let output = Output.standard
    /// A person types: then there is a prompt.
    private let isInteractive = isatty(STDIN_FILENO) == 1

    init(_ cart: Cart) { self.cart = cart }

    /// What a line asks for.
    enum Order: Equatable {
        case add(String, Int64)
        case remove(String, Int64?)
        case show
        case checkout
        case help
        case leave
        /// Not understood: why.
        case unclear(String)

        static let verbs = "add [AMOUNT] ITEM, remove [AMOUNT] ITEM, show, checkout, quit"

        /// `add milk`, `add 2 bread`, `remove milk`, `show`, `checkout`, `quit`. Items may have several words.
        init(_ line: String) {
            var words = line.split(whereSeparator: { $0.isWhitespace }).map(String.init)
            guard !words.isEmpty else {
                self = .show
                return
            }
            let verb = words.removeFirst()
            switch verb {
            case "show": self = .show
            case "checkout": self = .checkout
            case "quit", "exit": self = .leave
            case "help", "?": self = .help
            case "add", "remove":
                var amount: Int64?
                if words.count > 1, let number = Int64(words[0]) {
                    guard (1 ... 1_000_000).contains(number) else {
                        self = .unclear("\(number) is no amount: 1 to 1000000 are")
                        return
                    }
                    amount = number
                    words.removeFirst()
                }
                guard !words.isEmpty else {
                    self = .unclear("\(verb) what? \(Self.verbs)")
                    return
                }
                let item = words.joined(separator: " ")
                self = verb == "add" ? .add(item, amount ?? 1) : .remove(item, amount)
            default: self = .unclear("\"\(verb)\" is not known here: \(Self.verbs)")
            }
        }
    }

    func run() async throws {
        if isInteractive { output.line(output.styled(Order.verbs, .dim)) }
        try await show()
        while true {
            if isInteractive { output.write(output.styled("\(cart.name)> ", .bold)) }
            guard let line = readLine() else { break }
            do {
                if try await !perform(Order(line)) { return }
            } catch let error as CoterieError {
                // The next one may work: the network may be back.
                Output.error.line("\(error.code): \(error.message)")
            }
        }
        if isInteractive { output.line() }
    }

    /// False where it ends the shopping.
    private func perform(_ order: Order) async throws -> Bool {
        switch order {
        case .add(let item, let amount):
            try await cart.add(item, amount)
            try await show()
        case .remove(let item, let amount):
            if try await !cart.remove(item, amount) { output.line("there is no \(item) in the cart") }
            try await show()
        case .show: try await show()
        case .checkout:
            let items = try await cart.checkout()
            output.line(items.isEmpty ? "the cart is empty" : "bought \(CartText.text(items))")
            return items.isEmpty
        case .help: output.line(Order.verbs)
        case .leave: return false
        case .unclear(let why): output.line(why)
        }
        return true
    }

    private func show() async throws {
        for line in CartText.lines(try await cart.contents().items, of: cart.name, on: output) { output.line(line) }
    }
}
