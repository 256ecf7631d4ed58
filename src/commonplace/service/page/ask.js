// The box, and what comes back: an answer that arrives sentence by sentence, or passages.

import { answerView } from "./answer.js";
import { events, get } from "./api.js";
import { announce, h, plural, problem } from "./dom.js";
import { filtersOf } from "./filters.js";
import { hitsView } from "./hits.js";

const state = { text: "", mode: "ask", model: "", filters: null, result: null };

/** Fill the view; `name` is "ask" or "search" where the address names a question. */
export async function showAsk(main, detail, name, me) {
  state.filters ??= filtersOf();
  const field = h("textarea", {
    id: "question", rows: 1, enterkeyhint: "go", "aria-label": "Question or words to search for",
    placeholder: "Ask your library, or search it", maxlength: 4000,
    oninput: () => grow(field),
    onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); run(); }
    },
  });
  const modes = ["ask", "search"].map((mode) => h("label", { class: "mode" },
    h("input", { type: "radio", name: "mode", value: mode, checked: mode === state.mode,
      onchange: () => { state.mode = mode; } }), mode === "ask" ? "Ask" : "Search"));
  const result = h("section", { class: "result", "aria-label": "Result" });
  const form = h("form", { class: "box", role: "search", onsubmit: (event) => { event.preventDefault(); run(); } },
    field,
    h("div", { class: "under" }, h("div", { class: "modes", role: "radiogroup", "aria-label": "What to do" }, modes),
      writers(me), state.filters.element, h("button", { class: "primary go" }, "Go")));
  main.replaceChildren(h("h1", { class: "unseen" }, "Ask"), form, result);

  let running = null;
  async function run() {
    const text = field.value.trim();
    if (!text) { field.focus(); return; }
    running?.abort();
    running = new AbortController();
    state.text = text;
    history.replaceState(null, "", `#/${state.mode}/${encodeURIComponent(text)}`);
    const job = { text, filters: state.filters.values(), signal: running.signal, target: result, me, run };
    state.result = null;
    try {
      await (state.mode === "ask" ? ask(job) : search(job));
      state.result = [...result.childNodes];
    } catch (error) {
      if (error.name !== "AbortError") result.replaceChildren(problem(error, run));
    }
  }

  if (detail && detail !== state.text) {
    state.mode = name === "search" ? "search" : "ask";
    for (const radio of form.querySelectorAll("[name=mode]")) radio.checked = radio.value === state.mode;
    field.value = detail;
    requestAnimationFrame(() => grow(field));
    run();
  } else {
    field.value = state.text;
    requestAnimationFrame(() => grow(field));
    if (state.result) result.replaceChildren(...state.result);
    else await welcome(result, me);
  }
  if (matchMedia("(hover: hover)").matches) field.focus({ preventScroll: true });
  return () => running?.abort();
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

/** Who writes the answer, where the service offers language models. */
function writers(me) {
  if (!me.models.length) return null;
  return h("select", { "aria-label": "Who writes", class: "chip", onchange: (event) => { state.model = event.target.value; } },
    h("option", { value: "" }, "quote word for word"),
    me.models.map((name) => h("option", { value: name, selected: name === state.model }, `let ${name} write`)));
}

async function ask({ text, filters, signal, target, me, run }) {
  const view = answerView(text, { me, heading: false, onsearch: () => searchInstead(text, target, me, filters, run) });
  target.replaceChildren(view.element);
  target.setAttribute("aria-busy", "true");
  announce("looking in the library");
  const asked = { question: text, ...filters, model: state.model || null };
  try {
    for await (const [name, record] of events("/api/ask/stream", asked, signal)) view[name]?.(record);
  } finally {
    target.removeAttribute("aria-busy");
  }
}

async function search({ text, filters, signal, target, me }) {
  target.replaceChildren(h("p", { class: "loading" }, "searching"));
  const found = await get("/api/search", { q: text, limit: 20, ...filters }, signal);
  announce(plural(found.hits.length, "passage"));
  target.replaceChildren(hitsView(found, text, { me, filters }));
}

async function searchInstead(text, target, me, filters, again) {
  try {
    await search({ text, filters, target, me });
  } catch (error) {
    target.replaceChildren(problem(error, again));
  }
}

/** What stands there before anything was asked. */
async function welcome(target, me) {
  const { totals } = await get("/api/files", { limit: 0 });
  const empty = !totals.passages;
  target.replaceChildren(h("div", { class: "welcome" },
    empty ? [
      h("p", { class: "lead" }, "This book is still empty."),
      h("p", { class: "quiet" }, "Drop notes, papers and pages into the ", h("a", { href: "#/library" }, "library"),
        ", or add a folder from a terminal: ", h("code", {}, "commonplace add ~/notes")),
    ] : [
      h("p", { class: "lead" }, `${plural(totals.passages, "passage")} of ${plural(totals.indexed, "file")}.`),
      h("p", { class: "quiet" }, "Every sentence of an answer cites the words that it rests on. What the library does not hold is refused. ",
        "Press ", h("kbd", {}, "/"), " to write, ", h("kbd", {}, "?"), " for the keys."),
    ],
    !empty && me.role === "read" && h("p", { class: "quiet" }, "Your token may read this library, and change nothing in it.")));
}
