// The reading list: every link that the library mentions, once, with who mentions it.

import { get, post } from "../parts/api.js";
import { announce, h, outward, plural, problem, shortPath } from "../parts/dom.js";

const SHOWN = 300;
const ORDERS = {
  mentions: ["most mentioned", (a, b) => b.count - a.count || a.url.localeCompare(b.url)],
  title: ["by title", (a, b) => (a.title || a.url).localeCompare(b.title || b.url)],
  kind: ["by kind", (a, b) => a.kind.localeCompare(b.kind) || b.count - a.count],
};
const state = { order: "mentions", unread: false };

export async function showReading(main, detail, name, me) {
  main.replaceChildren(h("h1", {}, "Reading list"), h("p", { class: "loading" }, "collecting links"));
  const { entries } = await get("/api/reading");
  const list = h("div", {});
  const totals = h("p", { class: "about" });
  const search = h("input", { type: "search", placeholder: "Which links?", "aria-label": "Show only entries that hold", oninput: draw });
  const order = h("select", { "aria-label": "Order", onchange: () => { state.order = order.value; draw(); } },
    Object.entries(ORDERS).map(([key, [label]]) => h("option", { value: key, selected: key === state.order }, label)));
  const unread = h("label", {}, h("input", { type: "checkbox", checked: state.unread, onchange: (event) => { state.unread = event.target.checked; draw(); } }), " only unread");
  main.replaceChildren(h("h1", {}, "Reading list"), h("div", { class: "controls" }, search, order, unread), totals, list);

  function count() {
    totals.textContent = `${plural(entries.length, "link")}, ${entries.filter((entry) => entry.read).length.toLocaleString()} read`;
  }

  function draw() {
    const query = search.value.trim().toLowerCase();
    const matching = entries
      .filter((entry) => !(state.unread && entry.read) && `${entry.title} ${entry.url}`.toLowerCase().includes(query))
      .sort(ORDERS[state.order][1]);
    count();
    list.replaceChildren(
      entries.length ? h("ol", { class: "entries" }, matching.slice(0, SHOWN).map(row))
        : h("p", { class: "lead" }, "No note mentions a link yet."),
      entries.length && !matching.length ? h("p", { class: "quiet" }, "None of them is like this.") : "",
      matching.length > SHOWN ? h("p", { class: "about" }, `and ${plural(matching.length - SHOWN, "more link")}; write a part of it above`) : "");
  }

  function row(entry) {
    const failure = h("span", {});
    const box = h("input", { type: "checkbox", checked: entry.read, disabled: me.role === "read", "aria-label": `Read: ${entry.title || entry.url}`,
      onchange: async () => {
        try {
          Object.assign(entry, await post("/api/reading", { url: entry.url, read: box.checked }));
          announce(entry.read ? "marked read" : "marked unread");
          item.classList.toggle("read", entry.read);
          failure.replaceChildren();
          count();
        } catch (error) {
          box.checked = entry.read;
          failure.replaceChildren(problem(error));
        }
      } });
    const link = outward(entry.url, entry.title || entry.url.replace(/^https?:\/\//i, ""));
    if (link.href) link.dataset.stop = "";
    const item = h("li", { class: entry.read ? "entry read" : "entry" }, box,
      h("div", {}, h("p", { class: "title" }, link), h("p", { class: "place" }, `${entry.kind} · ${hostOf(entry.url)}`),
        h("details", {}, h("summary", {}, plural(entry.count, "mention")),
          h("ul", { class: "mentions" }, entry.mentions.slice(0, 20).map((mention) => h("li", {},
            h("span", { class: "place", title: mention.path }, shortPath(mention.path)), h("q", {}, mention.context || mention.label))))), failure));
    return item;
  }
  draw();
}

function hostOf(url) {
  try {
    return new URL(url).hostname;
  } catch {
    return url;
  }
}
