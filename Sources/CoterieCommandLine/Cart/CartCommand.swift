// `coterie cart`: a shopping cart, as a program that uses the store.

import ArgumentParser
import CoterieClient
import CoterieServer

struct CartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cart", abstract: "A shopping cart that never refuses an item, also in a partition.",
        discussion: """
            A cart is a map with a counter for each item, in the bucket carts of the bucket type maps. Any node takes an \\
            item; carts that grew apart come together by themselves. Without a verb it asks for what to do, until \\
            checkout or Ctrl-D.

            Examples:
              coterie cart add alice milk
              coterie cart add alice bread --amount 2
              coterie cart remove alice milk
              coterie cart show alice
              coterie cart checkout alice
              coterie cart                        by hand
              coterie cart demo                   what a partition makes of it
            """,
        subcommands: [Shop.self, Add.self, Remove.self, Show.self, CheckOut.self, CartDemoCommand.self],
        defaultSubcommand: Shop.self)

    /// Which cart.
    struct Arguments: ParsableArguments {
        @OptionGroup var cluster: ClusterOptions
        @Argument(help: "Whose cart.") var cart: String
    }

    static func amount(_ amount: Int64?) throws {
        if let amount, !(1 ... 1_000_000).contains(amount) {
            throw ValidationError("--amount \(amount): allowed are 1 to 1000000")
        }
    }

    /// Does something with a cart; errors are told as every command that talks to the cluster tells them.
    static func with(_ arguments: Arguments, _ body: (Cart) async throws -> Void) async throws {
        try await DataSession.run(arguments.cluster, RequestFlags.parse([]), isWrite: true) { session in
            try await body(Cart(arguments.cart, session.client))
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Put an item into a cart.",
            discussion: """
                Examples:
                  coterie cart add alice milk
                  coterie cart add alice bread --amount 2
                """)

        @OptionGroup var arguments: Arguments
        @Argument(help: "The item.") var item: String
        @Option(help: ArgumentHelp("How many.", valueName: "count")) var amount: Int64 = 1

        func validate() throws { try CartCommand.amount(amount) }

        func run() async throws {
            try await CartCommand.with(arguments) { cart in
                try await cart.add(item, amount)
                Output.standard.line("\(cart.name) has put in \(CartText.text(amount, item))")
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Take an item out of a cart; ends with exit code 3 where it is not in it.",
            discussion: """
                Without --amount all of it goes that is seen now: what is added at the same time through another node \\
                stays.

                Examples:
                  coterie cart remove alice milk
                  coterie cart remove alice bread --amount 1
                """)

        @OptionGroup var arguments: Arguments
        @Argument(help: "The item.") var item: String
        @Option(help: ArgumentHelp("How many (default: all).", valueName: "count")) var amount: Int64?

        func validate() throws { try CartCommand.amount(amount) }

        func run() async throws {
            try await CartCommand.with(arguments) { cart in
                guard try await cart.remove(item, amount) else {
                    throw CommandFailure(.notFound, "there is no \(item) in the cart of \(cart.name)")
                }
                let what = amount.map { CartText.text($0, item) } ?? item
                Output.standard.line("\(cart.name) has taken out \(what)")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show what is in a cart.",
            discussion: """
                Examples:
                  coterie cart show alice
                  coterie cart show alice --json
                """)

        @OptionGroup var arguments: Arguments
        @Flag(help: "One JSON object, for scripts.") var json = false

        func run() async throws {
            try await CartCommand.with(arguments) { cart in
                let items = try await cart.contents().items
                if json {
                    Output.standard.line(try JSONText.of(CartReport(cart: cart.name, items: items)))
                } else {
                    for line in CartText.lines(items, of: cart.name, on: .standard) { Output.standard.line(line) }
                }
            }
        }
    }

    struct CheckOut: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "checkout", abstract: "Take everything out of a cart that is seen in it.",
            discussion: """
                What is added at the same time through another node stays in the cart. Ends with exit code 3 where the \\
                cart is empty.

                Examples:
                  coterie cart checkout alice
                """)

        @OptionGroup var arguments: Arguments
        @Flag(help: "One JSON object, for scripts.") var json = false

        func run() async throws {
            try await CartCommand.with(arguments) { cart in
                let items = try await cart.checkout()
                guard !items.isEmpty else {
                    throw CommandFailure(.notFound, "the cart of \(cart.name) is empty")
                }
                if json {
                    let report = CartReport(cart: cart.name, items: items, checkedOut: true)
                    Output.standard.line(try JSONText.of(report))
                } else {
                    Output.standard.line("\(cart.name) has bought \(CartText.text(items))")
                }
            }
        }
    }

    struct Shop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "shop", abstract: "Shop by hand: what to do is read from the terminal.", shouldDisplay: false)

        @OptionGroup var cluster: ClusterOptions
        @Argument(help: "Whose cart.") var cart = "mine"

        func run() async throws {
            var arguments = Arguments()
            arguments.cluster = cluster
            arguments.cart = cart
            try await CartCommand.with(arguments) { try await CartShop($0).run() }
        }
    }
}
