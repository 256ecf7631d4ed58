// The box, and what comes back: an answer that arrives sentence by sentence, or passages.

import { answerView, streamAnswer } from "./answer.js";
import { get } from "../parts/api.js";
import { announce, day, h, plural, problem } from "../parts/dom.js";
import { filtersOf } from "./filters.js";
import { hitsView } from "./hits.js";

// What stands on the page is kept while another view is shown; `address` is what it answers.
const state = { text: "", mode: "ask", model: "", filters: null, result: null, address: "" };

/** Fill the view; `name` is "ask" or "search" where the address names a question. */
export async function showAsk(main, detail, name, me) {
  state.filters ??= filtersOf();
  const field = h("textarea", {
    id: "question", rows: 1, enterkeyhint: "go", "aria-label": "Question or words to search for",
    placeholder: "Ask your library, or search it", maxlength: 4000,
    oninput: () => grow(field),
    onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); run(); }
    },
  });
  const modes = ["ask", "search"].map((mode) => h("label", { class: "mode" },
    h("input", { type: "radio", name: "mode", value: mode, checked: mode === state.mode,
      onchange: () => { state.mode = mode; } }), mode === "ask" ? "Ask" : "Search"));
  const result = h("section", { class: "result", "aria-label": "Result" });
  const form = h("form", { class: "box", role: "search", onsubmit: (event) => { event.preventDefault(); run(); } },
    field,
    h("div", { class: "under" }, h("div", { class: "modes", role: "radiogroup", "aria-label": "What to do" }, modes),
      writers(me), state.filters.button, h("button", { class: "primary go" }, "Go"), state.filters.element));
  main.replaceChildren(h("h1", { class: "unseen" }, "Ask"), form, result);

  let running = null;
  async function run() {
    const text = field.value.trim();
    if (!text) { field.focus(); return; }
    running?.abort();
    const controller = running = new AbortController();
    Object.assign(state, { text, result: null, address: `#/${state.mode}/${encodeURIComponent(text)}` });
    if (!location.hash.startsWith("#/source/")) history.replaceState(null, "", state.address);
    const job = { text, filters: state.filters.values(), signal: controller.signal, target: result, me, run };
    try {
      await (state.mode === "ask" ? ask(job) : search(job));
      if (running === controller) state.result = result;
    } catch (error) {
      if (error.name !== "AbortError") broken(result, error, run);
    }
  }
  state.filters.onchange = () => { if (running || state.result) run(); };

  if (detail && `#/${name}/${encodeURIComponent(detail)}` !== state.address) {
    state.text = detail;
    state.mode = name === "search" ? "search" : "ask";
    state.result = null;
  }
  for (const radio of form.querySelectorAll("[name=mode]")) radio.checked = radio.value === state.mode;
  field.value = state.text;
  requestAnimationFrame(() => grow(field));
  if (matchMedia("(hover: hover)").matches && !document.querySelector("dialog[open]")) field.focus({ preventScroll: true });
  if (state.result) result.append(...state.result.childNodes);
  else if (detail) run();
  else welcome(me).then((view) => { if (!running) result.replaceChildren(view); }, (error) => broken(result, error, run));
  state.result &&= result;
  return () => { running?.abort(); state.filters.onchange = () => {}; };
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

/** What had arrived stays; below it stands what went wrong. */
function broken(target, error, again) {
  target.querySelector(".loading")?.remove();
  target.querySelector(".problem")?.remove();
  if (!target.querySelector(".sentence")) target.replaceChildren();
  target.append(problem(error, again));
}

/** Who writes the answer, where the service offers language models. */
function writers(me) {
  if (!me.models.length) return null;
  return h("select", { "aria-label": "Who writes", class: "chip writer", onchange: (event) => { state.model = event.target.value; } },
    h("option", { value: "" }, "quote word for word"),
    me.models.map((name) => h("option", { value: name, selected: name === state.model }, `let ${name} write`)));
}

async function ask({ text, filters, signal, target, me, run }) {
  const view = answerView(text, { me, filters, onsearch: () => searchInstead({ text, filters, signal, target, me, run }) });
  target.replaceChildren(view.element);
  target.setAttribute("aria-busy", "true");
  announce("looking in the library");
  try {
    await streamAnswer(view, { question: text, ...filters, model: state.model || null }, signal);
  } finally {
    if (!signal.aborted) target.removeAttribute("aria-busy");
  }
}

async function search({ text, filters, signal, target, me }) {
  if (!target.querySelector(".hits")) target.replaceChildren(h("p", { class: "loading" }, "searching"));
  target.setAttribute("aria-busy", "true"); // passages stay until others come, so that nothing flickers
  try {
    const response = await get("/api/search", { q: text, limit: 20, ...filters }, signal);
    announce(plural(response.hits.length, "passage"));
    target.replaceChildren(hitsView(response, text, { me, filters }));
  } finally {
    if (!signal?.aborted) target.removeAttribute("aria-busy");
  }
}

async function searchInstead(job) {
  try {
    await search(job);
  } catch (error) {
    if (error.name !== "AbortError") broken(job.target, error, job.run);
  }
}

/** What stands there before anything was asked. */
async function welcome(me) {
  const [{ totals }, { records }] = await Promise.all([get("/api/files", { limit: 0 }), get("/api/log", { limit: 60 })]);
  if (!totals.passages) return emptyBook(me);
  return h("div", { class: "welcome" },
    h("p", { class: "lead" }, `${plural(totals.passages, "passage")} from ${plural(totals.indexed, "file")}.`),
    h("p", { class: "quiet" }, "Every sentence of an answer cites the words that it rests on. Where the library is unsure, it shows the closest words. What it does not hold is refused."),
    h("p", { class: "quiet for-keys" }, h("kbd", {}, "/"), " to write, ", h("kbd", {}, "?"), " for the keys."),
    me.role === "read" && h("p", { class: "quiet" }, "Your token may read this library, and change nothing in it."),
    lately(records));
}

function emptyBook(me) {
  return h("div", { class: "welcome" },
    h("p", { class: "lead" }, "This book is still empty."),
    h("p", { class: "quiet" }, me.role === "write"
      ? ["Drop notes, papers and pages into the ", h("a", { href: "#/library" }, "library"), ", or add a folder from a terminal: "]
      : "Whoever keeps it adds to it from a terminal: ", h("code", {}, "commonplace add ~/notes")));
}

/** Questions asked before, each once: a start for another. */
function lately(records) {
  const questions = new Map();
  for (const record of records) {
    if (record.verb === "ask" && !questions.has(record.query)) questions.set(record.query, record);
  }
  if (!questions.size) return null;
  return h("section", { class: "lately", "aria-labelledby": "lately" },
    h("h2", { id: "lately" }, "Asked before"),
    h("ul", {}, [...questions.values()].slice(0, 5).map(({ query, at }) => h("li", {},
      h("a", { href: `#/ask/${encodeURIComponent(query)}`, "data-stop": true }, query), h("span", { class: "place" }, day(at))))));
}
