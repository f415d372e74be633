// A structured text as a tree that knows where everything stands: what a YAML parser leaves, without the parser. The
// shells parse; what is made of the tree is decided here.

/// Where something stands in a text; line and column count from 1.
public struct Place: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public static func < (a: Self, b: Self) -> Bool { (a.line, a.column) < (b.line, b.column) }
    public var description: String { "\(line):\(column)" }
}

/// One value of a structured text.
public struct Outline: Hashable, Sendable {
    /// A name and what stands under it.
    public struct Pair: Hashable, Sendable {
        public var name: String
        public var place: Place
        public var value: Outline

        public init(_ name: String, at place: Place, _ value: Outline) {
            self.name = name
            self.place = place
            self.value = value
        }
    }

    public indirect enum Content: Hashable, Sendable {
        /// Nothing is written there.
        case nothing
        case text(String)
        case list([Outline])
        /// In the order of the text; no name twice.
        case mapping([Pair])
    }

    public var content: Content
    public var place: Place

    public init(_ content: Content, at place: Place) {
        self.content = content
        self.place = place
    }

    /// What it is, in an error's words.
    var kind: String {
        switch content {
        case .nothing: "nothing"
        case .text(let text): "\"\(text)\""
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
