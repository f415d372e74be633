// `GET /cart`: a page on which one cart is shopped for by hand through two nodes, side by side. It is one text without
// outside resources, and talks to the nodes as any client does (HTTP.md): what it shows is what the store answers.

import HTTPTypes

/// The page.
enum CartPage {
    /// Nothing but what stands in it runs or is loaded; it may talk to the doors of the cluster's members.
    static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src http: https:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    static var answer: Answer {
        var answer = Answer(.ok, text: html, contentType: "text/html; charset=utf-8")
        answer.headers[.contentSecurityPolicy] = policy
        answer.headers[.cacheControl] = "no-cache"
        return answer
    }

    private static var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>A cart on two nodes</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        \(body)
        <script>
        \(script)
        </script>
        </body>
        </html>

        """
    }

    private static let style = """
        :root { color-scheme: light dark; --line: #8884; --soft: #8881; --here: #2a7; --bad: #c43; }
        body { font: 16px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
        h2 { font-size: 1.1rem; margin: 0; }
        p { margin: .25rem 0 .75rem; }
        .bar { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; margin: .75rem 0 1rem; }
        .sides { display: grid; grid-template-columns: 1fr auto 1fr; gap: 1rem; }
        .side { border: 1px solid var(--line); border-radius: .6rem; padding: .9rem; min-width: 0; }
        .wire { align-self: center; text-align: center; min-width: 5rem; color: var(--here); }
        .parted .wire { color: var(--bad); }
        .wire b { display: block; font-size: 1.6rem; line-height: 1; }
        form { display: flex; gap: .5rem; margin: .6rem 0; }
        input[type=text] { flex: 1; min-width: 0; font: inherit; padding: .35rem .5rem; }
        button { font: inherit; padding: .35rem .7rem; cursor: pointer; }
        ul { list-style: none; margin: .25rem 0; padding: 0; }
        li { display: flex; justify-content: space-between; align-items: center; gap: .5rem; padding: .15rem 0; }
        li button { padding: .05rem .5rem; }
        .sibling { background: var(--soft); border-radius: .5rem; padding: .4rem .7rem; margin: .4rem 0; }
        .sibling h3, .log h3 { font-size: .8rem; margin: 0; opacity: .7; font-weight: 600; }
        .note { font-size: .85rem; opacity: .75; min-height: 1.3em; overflow-wrap: anywhere; }
        .error { color: var(--bad); opacity: 1; }
        .log { font-size: .85rem; border-top: 1px solid var(--line); margin-top: .6rem; padding-top: .5rem; }
        .log li { display: block; overflow-wrap: anywhere; }
        @media (max-width: 40rem) { .sides { grid-template-columns: 1fr; } .wire b { transform: rotate(90deg); } }
        """

    private static let body = """
        <h1>A cart on two nodes</h1>
        <p>One cart, shopped for through two nodes. Part them, shop on both sides, heal, and see what the rule makes of it.</p>
        <div class="bar">
          <label>Cart <input type="text" id="name" value="alice" maxlength="60" size="10"></label>
          <label>Rule <select id="rule">
            <option value="map">map of counters</option>
            <option value="siblings">siblings</option>
            <option value="lww">last writer wins</option>
          </select></label>
          <label><input type="checkbox" id="parted" disabled> <span id="partedText">part the nodes</span></label>
        </div>
        <div class="sides" id="sides">
          <section class="side" id="left" aria-live="polite"></section>
          <div class="wire"><b id="wire">⇄</b><span id="wireText"></span></div>
          <section class="side" id="right" aria-live="polite"></section>
        </div>
        """
}
