// The page of the cart, in a browser, on a cluster of real processes: shopped for by hand on both sides of a partition.

import Foundation
import Testing

@testable import CoterieCommandLine

@Suite(
    .serialized, .enabled(if: Binary.path != nil, "the binary was not built"),
    .enabled(if: Browser.driver != nil || Browser.isRequired, "there is no chromedriver"))
struct CartPageTests {
    /// A cluster of five whose links can be cut, and its page.
    private func withPage(_ body: (Page) async throws -> Void) async throws {
        let scratch = try Scratch()
        let base = try #require(PortCheck.freeBasePort(nodes: 5))
        let up = try await Binary.run(
            ["local", "up", "--nodes", "5", "--base-port", "\(base)", "--allow-faults", "--detach"], in: scratch)
        #expect(up.status == 0, "\(up.errors)")
        do {
            try await Browser.with(scratch) { browser in
                try await browser.open("http://127.0.0.1:\(base + 1_001)/cart")
                let page = Page(browser: browser)
                let isReady = await becomes("yes") {
                    try await browser.evaluate("return document.body.dataset.ready") as? String
                }
                #expect(isReady)
                try await body(page)
            }
        } catch {
            await stop(scratch)
            throw error
        }
        await stop(scratch)
    }

    private func stop(_ scratch: Scratch) async {
        guard let cluster = try? LocalCluster(in: LocalDirectory(scratch.path + "/.coterie")) else { return }
        await cluster.kill(cluster.members)
    }

    @Test func aMapComesTogetherWithoutLosingAnything() async throws {
        try await withPage { page in
            try await page.put("milk", .left)
            try await page.shows(["milk"], .left)
            try await page.shows(["milk"], .right)

            try await page.part(true)
            try await page.put("eggs", .left)
            try await page.shows(["eggs", "milk"], .left)
            try await page.takeOut("milk", .left)
            try await page.put("jam", .right)
            try await page.shows(["eggs"], .left)
            try await page.shows(["jam", "milk"], .right)

            try await page.part(false)
            try await page.shows(["eggs", "jam"], .left)
            try await page.shows(["eggs", "jam"], .right)
        }
    }

    @Test func siblingsAreSeenAndUnited() async throws {
        try await withPage { page in
            try await page.choose("siblings")
            try await page.put("milk", .left)
            try await page.shows(["milk"], .right)
            try await page.part(true)
            try await page.put("bread", .left)
            try await page.put("jam", .right)
            try await page.shows(["bread", "milk"], .left)
            try await page.shows(["jam", "milk"], .right)
            try await page.part(false)
            for side in [Page.Side.left, .right] {
                let seen = await becomes(2) {
                    try await page.browser.evaluate("return document.querySelectorAll('#\(side) .sibling').length")
                        as? Int
                }
                #expect(seen, "\(side) shows both")
            }
            try await page.browser.click("#left > div > button")
            for side in [Page.Side.left, .right] { try await page.shows(["bread", "jam", "milk"], side) }
        }
    }
}

/// What a person does on the page.
private struct Page {
    enum Side: String, CustomStringConvertible {
        case left, right
        var description: String { rawValue }
    }

    let browser: Browser

    func put(_ item: String, _ side: Side) async throws {
        try await browser.type("\(item)\n", into: "#\(side) input")
    }

    func takeOut(_ item: String, _ side: Side) async throws {
        try await browser.click("#\(side) li[data-item='\(item)'] button")
    }

    func choose(_ rule: String) async throws {
        _ = try await browser.evaluate(
            "const rule = document.getElementById('rule'); rule.value = '\(rule)'; "
                + "rule.dispatchEvent(new Event('change'))")
    }

    /// Parts the nodes or heals them.
    func part(_ isParted: Bool) async throws {
        try await browser.click("#parted")
        let text = isParted ? "parted" : "connected"
        #expect(
            await becomes(text) {
                try await browser.evaluate("return document.getElementById('wireText').textContent") as? String
            })
    }

    /// The items of a side become these.
    func shows(
        _ items: [String], _ side: Side, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let script =
            "return [...new Set([...document.querySelectorAll('#\(side) li[data-item]')]"
            + ".map(row => row.dataset.item))].sort()"
        let shown = await becomes(items) { try await browser.evaluate(script) as? [String] }
        let now =
            try await browser.evaluate(
                "return document.getElementById('\(side)').innerText") as? String
        #expect(shown, "\(side) shows \(now ?? "nothing")", sourceLocation: sourceLocation)
    }
}
