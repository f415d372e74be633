// A headless browser, driven over the WebDriver protocol (w3.org/TR/webdriver2): what a person sees and does on a page.

import CoteriePrimitives
import CoterieRing
import Foundation
import NIOCore
import NIOHTTP1

@testable import CoterieCommandLine

/// What went wrong with the browser.
struct BrowserError: Error, CustomStringConvertible {
    let description: String
}

/// One session of a browser of its own.
final class Browser: Sendable {
    /// Where Chromium's driver lies; nil where it is not installed (`make deps` installs it).
    static let driver = ["/usr/bin/chromedriver", "/usr/local/bin/chromedriver", "/opt/homebrew/bin/chromedriver"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }
    /// Where a missing browser is a failure: a machine that is to run everything.
    static let isRequired = ProcessInfo.processInfo.environment["COTERIE_BROWSER"] == "required"

    private let driver: RunningCommand
    private let endpoint: Endpoint
    private let session: String

    /// Opens a session, runs `body`, and ends the browser however that ends.
    static func with(_ scratch: Scratch, _ body: (Browser) async throws -> Void) async throws {
        let browser = try await Browser(scratch)
        do {
            try await body(browser)
        } catch {
            await browser.end()
            throw error
        }
        await browser.end()
    }

    private init(_ scratch: Scratch) async throws {
        guard let path = Self.driver else {
            throw BrowserError(description: "there is no chromedriver: make deps installs it")
        }
        guard let base = PortCheck.freeBasePort(nodes: 1) else { throw BrowserError(description: "no free port") }
        endpoint = Endpoint(host: "127.0.0.1", port: base + 1)
        driver = try Binary.start(["--port=\(base + 1)"], in: scratch, of: path)
        let options: [String: Any] = [
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1100,800",
                "--user-data-dir=\(scratch.path)/browser",
            ]
        ]
        let (endpoint, driver) = (endpoint, driver)
        let isReady = await becomes(true) {
            let answer = try? await HTTPCall(endpoint: endpoint, path: "/status").perform()
            return answer?.status == 200
        }
        guard isReady else { throw BrowserError(description: "the driver does not answer: \(driver.text("err"))") }
        let capabilities = ["alwaysMatch": ["browserName": "chrome", "goog:chromeOptions": options]]
        let opened = try await Self.call(endpoint, "/session", ["capabilities": capabilities]) as? [String: Any]
        guard let id = opened?["sessionId"] as? String else {
            throw BrowserError(description: "no session: \(opened ?? [:])")
        }
        session = id
    }

    private func end() async {
        var call = HTTPCall(endpoint: endpoint, method: .DELETE, path: "/session/\(session)")
        call.timeout = .seconds(20)
        _ = try? await call.perform()
        driver.process.terminate()
        _ = await driver.end()
    }

    /// Goes to a page.
    func open(_ url: String) async throws { _ = try await post("url", ["url": url]) }

    /// Clicks on the first element of a CSS selector.
    func click(_ selector: String) async throws { _ = try await post("element/\(element(selector))/click", [:]) }

    /// Types into the first element of a CSS selector; a line feed is the return key.
    func type(_ text: String, into selector: String) async throws {
        _ = try await post("element/\(element(selector))/value", ["text": text])
    }

    /// What a function's body returns on the page.
    func evaluate(_ script: String) async throws -> Any? {
        try await post("execute/sync", ["script": script, "args": [Any]()])
    }

    /// A picture of the page, as PNG.
    func screenshot() async throws -> Data? {
        let answer = try await HTTPCall(endpoint: endpoint, path: "/session/\(session)/screenshot").perform()
        let value = try JSONSerialization.jsonObject(with: Data(answer.body.readableBytesView)) as? [String: Any]
        return (value?["value"] as? String).flatMap { Data(base64Encoded: $0) }
    }

    private func element(_ selector: String) async throws -> String {
        let found = try await post("element", ["using": "css selector", "value": selector]) as? [String: Any]
        guard let id = found?.values.first as? String else { throw BrowserError(description: "no element \(selector)") }
        return id
    }

    private func post(_ path: String, _ body: [String: Any]) async throws -> Any? {
        try await Self.call(endpoint, "/session/\(session)/\(path)", body)
    }

    private static func call(_ endpoint: Endpoint, _ path: String, _ body: [String: Any]) async throws -> Any? {
        var call = HTTPCall(endpoint: endpoint, method: .POST, path: path)
        call.headers = [("Content-Type", "application/json")]
        call.body = ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: body))
        call.timeout = .seconds(60)
        let answer = try await call.perform()
        let value =
            try JSONSerialization.jsonObject(
                with: Data(answer.body.readableBytesView), options: .fragmentsAllowed) as? [String: Any]
        guard answer.status == 200 else { throw BrowserError(description: "\(path): \(answer.text)") }
        return value?["value"]
    }
}

/// Waits until `body` gives `wanted`; false where it does not within a minute.
func becomes<T: Equatable>(_ wanted: T, within seconds: Int = 60, _ body: () async throws -> T?) async -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    while clock.now < deadline {
        if (try? await body()) == wanted { return true }
        await pause(.milliseconds(50))
    }
    return false
}
