// What the page does.

extension CartPage {
    /// Plain JavaScript. What comes from the store is shown as text, never as markup.
    static let script = #"""
        "use strict";
        const $ = id => document.getElementById(id);
        const element = (name, text, attributes) => {
          const made = Object.assign(document.createElement(name), attributes || {});
          if (text !== undefined) made.textContent = text;
          return made;
        };
        const rules = { map: "maps", siblings: "siblings", lww: "lww" };
        const base = member => "http://" + member.http;
        const lines = text => text.split("\n").filter(line => line);
        const typed = () => $("rule").value === "map";
        const path = kind => "/types/" + rules[$("rule").value] + "/buckets/carts/" + kind + "/"
          + encodeURIComponent($("name").value || "alice");
        let members = [], sides = [];

        async function call(member, method, path, body, headers) {
          const answer = await fetch(base(member) + path, {
            method, body, headers: headers || {}, signal: AbortSignal.timeout(8000), cache: "no-store" });
          const text = await answer.text();
          if (!answer.ok && answer.status !== 404 && answer.status !== 300) {
            let reason = text.trim();
            try { reason = JSON.parse(text).detail || reason; } catch {}
            throw new Error(answer.status + ": " + reason);
          }
          return { status: answer.status, text, receipt: answer.headers.get("X-Coterie-Receipt") };
        }

        // A side of the page: one node and what the cart looks like through it.
        class Side {
          constructor(root, member) {
            this.root = root;
            this.member = member;
            this.cart = { siblings: [], context: null };
            this.working = Promise.resolve();
            root.append(element("h2", "through " + member.name), element("div", member.http, { className: "note" }));
            const form = element("form");
            this.input = element("input", undefined, { type: "text", placeholder: "milk", maxLength: 100 });
            this.input.setAttribute("aria-label", "item to put in, through " + member.name);
            form.append(this.input, element("button", "Put in"));
            form.onsubmit = event => {
              event.preventDefault();
              const item = this.input.value.trim();
              if (item) this.change("put in " + item, () => this.add(item));
              this.input.value = "";
            };
            this.list = element("div");
            this.note = element("div", "", { className: "note" });
            this.log = element("div", undefined, { className: "log" });
            root.append(form, this.list, this.note, this.log);
          }

          // One change after the other, as a person's are.
          change(what, body) {
            this.working = this.working.then(async () => {
              this.say(what + " …");
              try {
                const done = await body();
                this.say(what + ": " + (done && done.receipt || "done"));
              } catch (error) {
                this.say(what + ": " + error.message, true);
              }
              await this.refresh();
            });
            return this.working;
          }

          say(text, isError) {
            this.note.textContent = text;
            this.note.classList.toggle("error", !!isError);
          }

          async add(item) {
            if (typed()) {
              return call(this.member, "POST", path("datatypes") + "?w=1",
                JSON.stringify({ update: { [item + "_counter"]: 1 } }), { "Content-Type": "application/json" });
            }
            return this.rewrite(items => items.add(item));
          }

          async remove(item) {
            if (typed()) {
              return call(this.member, "POST", path("datatypes"),
                JSON.stringify({ remove: [item + "_counter"], context: this.cart.context }),
                { "Content-Type": "application/json" });
            }
            return this.rewrite(items => items.delete(item));
          }

          // Reads, changes the union of what is there, and writes it in place of what was read.
          async rewrite(body) {
            const read = await this.read();
            const items = new Set(read.siblings.flatMap(sibling => sibling.map(each => each.item)));
            body(items);
            const headers = { "Content-Type": "text/plain" };
            if (read.context) headers["X-Riak-Vclock"] = read.context;
            return call(this.member, "PUT", path("keys") + "?w=2", [...items].sort().join("\n"), headers);
          }

          async read() {
            if (typed()) {
              const found = JSON.parse((await call(this.member, "GET", path("datatypes") + "?r=1")).text);
              const items = Object.entries(found.value || {}).filter(([name, count]) =>
                name.endsWith("_counter") && count > 0);
              return { context: found.context || null,
                siblings: [items.map(([name, count]) => ({ item: name.slice(0, -8), count }))] };
            }
            const answer = await call(this.member, "GET", path("keys") + "?r=1", undefined, { Accept: "application/json" });
            if (answer.status === 404) return { context: null, siblings: [] };
            const found = JSON.parse(answer.text);
            return { context: found.context,
              siblings: found.siblings.map(each => lines(each.value || "").map(item => ({ item, count: 1 }))) };
          }

          async refresh() {
            try {
              this.cart = await this.read();
              this.root.dataset.state = "ok";
            } catch (error) {
              this.root.dataset.state = "failed";
              this.say(error.message, true);
            }
            this.show();
            await this.showMerges();
          }

          show() {
            const siblings = this.cart.siblings.filter((each, index) => each.length || index === 0);
            const shown = siblings.map((items, index) => {
              const box = element("div", undefined, { className: siblings.length > 1 ? "sibling" : "" });
              if (siblings.length > 1) box.append(element("h3", "sibling " + (index + 1)));
              const list = element("ul");
              for (const { item, count } of items) {
                const row = element("li");
                row.dataset.item = item;
                row.append(element("span", count > 1 ? count + " × " + item : item));
                const button = element("button", "take out", { type: "button" });
                button.onclick = () => this.change("take out " + item, () => this.remove(item));
                row.append(button);
                list.append(row);
              }
              box.append(items.length ? list : element("p", "The cart is empty."));
              return box;
            });
            if (siblings.length > 1) {
              const button = element("button", "Unite the siblings", { type: "button" });
              button.onclick = () => this.change("unite the siblings", () => this.rewrite(() => {}));
              shown.push(button);
            }
            this.list.replaceChildren(...(shown.length ? shown : [element("p", "The cart is empty.")]));
          }

          // What this node remembers of the key's merges.
          async showMerges() {
            const query = "type=" + rules[$("rule").value] + "&bucket=carts&key="
              + encodeURIComponent($("name").value || "alice");
            let merges = [];
            try {
              merges = JSON.parse((await call(this.member, "GET", "/admin/explain?" + query)).text).merges || [];
            } catch { return; }
            const list = element("ul");
            const count = (events, word) => events && events.length ? events.length + " " + word : "";
            for (const merge of merges.slice(0, 4)) {
              const what = [count(merge.arrived, "came"), count(merge.replaced, "replaced"),
                count(merge.discarded, "discarded"), count(merge.stayed, "stayed beside")].filter(each => each).join(", ");
              list.append(element("li", (merge.agoMilliseconds / 1000).toFixed(1) + " s ago"
                + (merge.from ? ", from " + merge.from : "") + ": " + (what || "nothing new")));
            }
            this.log.replaceChildren(...(merges.length ? [element("h3", "merges at " + this.member.name), list] : []));
          }
        }

        // Two groups of nodes that do not hear each other: each does it to what it sends.
        async function part(isParted) {
          const half = Math.floor(members.length / 2);
          const groups = [members.slice(0, half), members.slice(half)];
          for (const [index, group] of groups.entries()) {
            for (const member of group) {
              if (!isParted) {
                await call(member, "DELETE", "/admin/faults");
                continue;
              }
              const rules = groups[1 - index].map(other => ({ to: other.name, cut: "break" }));
              await call(member, "PUT", "/admin/faults", JSON.stringify({ rules }), { "Content-Type": "application/json" });
            }
          }
        }

        function showWire() {
          const isParted = $("parted").checked;
          $("sides").classList.toggle("parted", isParted);
          $("wire").textContent = isParted ? "⇎" : "⇄";
          $("wireText").textContent = isParted ? "parted" : "connected";
        }

        async function refresh() { await Promise.all(sides.map(side => side.refresh())); }

        async function begin() {
          const layout = JSON.parse(await (await fetch("/admin/layout")).text());
          members = layout.members;
          const known = new Set(layout.bucketTypes.map(type => type.name));
          for (const option of [...$("rule").options]) if (!known.has(rules[option.value])) option.remove();
          sides = [new Side($("left"), members[0]), new Side($("right"), members[members.length - 1])];
          const faults = await fetch(base(members[0]) + "/admin/faults").catch(() => null);
          if (members.length > 1 && faults && faults.ok) {
            $("parted").disabled = false;
            $("parted").checked = JSON.parse(await faults.text()).rules.some(rule => rule.cut);
          } else {
            $("partedText").textContent = "part the nodes (a cluster made with --allow-faults can)";
          }
          $("parted").onchange = async () => {
            $("parted").disabled = true;
            try {
              await part($("parted").checked);
            } catch (error) {
              for (const side of sides) side.say("parting: " + error.message, true);
              $("parted").checked = !$("parted").checked;
            }
            $("parted").disabled = false;
            showWire();
            await refresh();
          };
          $("name").onchange = refresh;
          $("rule").onchange = refresh;
          showWire();
          await refresh();
          document.body.dataset.ready = "yes";
          while (true) {
            await new Promise(done => setTimeout(done, 700));
            await refresh();
          }
        }
        begin().catch(error => document.body.append(element("p", "The page cannot go on: " + error.message,
          { className: "error" })));
        """#
}
