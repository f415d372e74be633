// Documentation that points at what is not there misleads: every relative link leads somewhere.

import Foundation
import Testing

/// Links in Markdown.
enum MarkdownLinks {
    /// The targets of `[text](target)` that are paths in the repository, with their lines; code blocks are left out.
    static func relative(in text: String) -> [(target: String, line: Int)] {
        var found: [(String, Int)] = []
        var inCode = false
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") { inCode.toggle() }
            if inCode { continue }
            for match in line.matches(of: /\]\(([^)\s]+)\)/) {
                let target = String(match.output.1)
                let isElsewhere =
                    target.contains("://") || target.hasPrefix("#") || target.hasPrefix("mailto:")
                    || target.hasPrefix("doc:")
                if !isElsewhere { found.append((String(target.split(separator: "#")[0]), index + 1)) }
            }
        }
        return found
    }
}

@Suite struct LinkTests {
    @Test func everyRelativeLinkLeadsSomewhere() {
        let tree = SourceTree.here
        let pages =
            ["Sources", "Documentation"].flatMap { tree.files(under: $0, ending: [".md"]) }
            + ["README.md"].compactMap { tree.file($0) }
        for page in pages {
            let folder = tree.root.appendingPathComponent(page.path).deletingLastPathComponent()
            for (target, line) in MarkdownLinks.relative(in: page.text) {
                let path = target.hasPrefix("/") ? tree.root.path + target : folder.appendingPathComponent(target).path
                if !FileManager.default.fileExists(atPath: path) {
                    Issue.record("\(page.path):\(line): the link to \(target) leads nowhere")
                }
            }
        }
    }

    @Test func linksAreFoundOutsideOfCode() {
        let text = "See [a](x/y.md#part) and [b](https://c.d).\n```\n[no](z)\n```\n[c](#here) [d](../e)"
        #expect(MarkdownLinks.relative(in: text).map(\.target) == ["x/y.md", "../e"])
        #expect(MarkdownLinks.relative(in: text).map(\.line) == [1, 5])
    }
}
