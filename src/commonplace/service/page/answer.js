// An answer: sentences in a serif, their sources as notes in the margin. A refusal has neither.

import { post } from "./api.js";
import { announce, day, h, icon, plural, shortPath } from "./dom.js";
import { placeOf, sourceLink } from "./place.js";
import { hidePassage, showPassage } from "./passage.js";

/** What the events of an answer are told to; `element` grows with them. */
export function answerView(question, { me, onsearch, heading = true }) {
  const sentences = h("div", { class: "sentences" });
  const state = h("p", { class: "loading" }, "looking in the library");
  const foot = h("footer", { class: "foot" });
  const element = h("article", { class: "answer" }, h("h2", { class: heading ? "asked" : "unseen" }, question), sentences, state, foot);
  const numbers = new Map();
  return {
    element,
    retrieved: ({ passages, paths }) => {
      state.textContent = `reading ${plural(passages, "passage")} of ${plural(paths.length, "file")}`;
    },
    sentence: (record) => {
      state.textContent = "reading on";
      sentences.append(sentenceRow(record, numbers, question, me));
    },
    answer: (record) => {
      state.remove();
      announce(`answered, ${plural(record.sentences.length, "sentence")}`);
      foot.append(...aboutAnswer(record));
    },
    refusal: (record) => {
      state.remove();
      sentences.remove();
      announce("the library does not answer this");
      element.append(refused(record, onsearch));
    },
  };
}

/** A sentence, and beside it a note for each citation; they know each other. */
function sentenceRow(record, numbers, question, me) {
  const row = h("div", { class: "sentence" });
  const marks = [];
  const notes = [];
  for (const citation of record.citations) {
    const isNew = !numbers.has(citation.id);
    if (isNew) numbers.set(citation.id, numbers.size + 1);
    const number = numbers.get(citation.id);
    const note = isNew ? noteOf(citation, number, record.text, question, me) : null;
    marks.push(markOf(citation, number, note, row));
    if (note) notes.push(note);
  }
  const quote = h("p", { class: "words" }, record.text, marks);
  const margin = h("aside", { class: "margin", "aria-label": `Sources of: ${record.text.slice(0, 60)}` }, notes);
  row.append(quote, margin);
  return row;
}

function markOf(citation, number, note, row) {
  const connect = (on) => {
    row.classList.toggle("connected", on);
    note?.classList.toggle("connected", on);
  };
  const link = sourceLink(citation.id, { class: "mark", "aria-label": `Source ${number}: ${citation.title || shortPath(citation.path)}`,
    onmouseenter: () => { connect(true); showPassage(link, citation); },
    onmouseleave: () => { connect(false); hidePassage(); },
    onfocus: () => { connect(true); showPassage(link, citation); },
    onblur: () => { connect(false); hidePassage(); } }, number);
  return h("sup", {}, link);
}

function noteOf(citation, number, said, question, me) {
  const quote = citation.quote.replace(/\s+/g, " ");
  return h("div", { class: "note" },
    h("span", { class: "number", "aria-hidden": "true" }, number),
    h("p", { class: "from" },
      sourceLink(citation.id, { "data-stop": true }, citation.title || shortPath(citation.path, 1)),
      h("span", { class: "place", title: citation.path }, placeOf(citation))),
    quote !== said.replace(/\s+/g, " ") && h("q", {}, quote),
    citation.changed && h("p", { class: "changed" }, `this source has changed: ${citation.changed}`),
    me.role === "write" && thumbs(question, citation.id, number, "ask"));
}

/** Up and down; what was said can be seen, and is taken back by saying it again. */
export function thumbs(query, citation, rank, source) {
  const given = new Map();
  const buttons = ["up", "down"].map((verdict) => h("button", {
    type: "button", class: "thumb plain", "aria-pressed": "false",
    "aria-label": verdict === "up" ? "This fits" : "This does not fit",
    onclick: () => give(verdict),
  }, icon(verdict)));
  const refresh = () => buttons.forEach((button, at) =>
    button.setAttribute("aria-pressed", String(given.has(["up", "down"][at]))));
  async function give(verdict) {
    const { remove } = await import("./api.js");
    for (const [old, id] of [...given]) {
      given.delete(old);
      await remove(`/api/feedback/${id}`).catch(() => {});
      if (old === verdict) { refresh(); announce("taken back"); return; }
    }
    const { records } = await post("/api/feedback", { query, citation, verdict, rank, source });
    given.set(verdict, records[0].id);
    refresh();
    announce(verdict === "up" ? "noted: it fits" : "noted: it does not fit");
  }
  return h("span", { class: "thumbs" }, buttons);
}

function aboutAnswer(record) {
  const written = day(record.oldest) === day(record.newest) ? day(record.oldest)
    : `${day(record.oldest)} to ${day(record.newest)}`;
  const seconds = Object.values(record.timings).reduce((sum, each) => sum + each, 0);
  const parts = [`sources written ${written}`, `${Math.round(100 * record.confidence)} % sure`, record.reader, `${seconds.toFixed(1)} s`];
  return [
    h("p", { class: "about" }, parts.join(" · ")),
    record.unsupported > 0 && h("p", { class: "about" }, `${plural(record.unsupported, "sentence")} left out: not supported by the library`),
    comparison(record.comparison),
  ].filter(Boolean);
}

function refused(record, onsearch) {
  return h("div", { class: "refusal" },
    h("p", { class: "no" }, "Your library does not answer this."),
    h("p", { class: "quiet" }, `${record.reason[0].toUpperCase()}${record.reason.slice(1)}. `,
      `The reader was ${Math.round(100 * record.confidence)} % sure.`),
    record.nearest.length > 0 && h("p", { class: "quiet" }, "Nearest, without answering it: ",
      record.nearest.map((path, at) => [at > 0 && ", ", h("span", { class: "path", title: path }, shortPath(path))]), "."),
    onsearch && h("button", { type: "button", onclick: onsearch }, "Show passages that come near"),
    comparison(record.comparison));
}

/** What an earlier answer to the same question said, and why it is another now. */
function comparison(compared) {
  if (!compared) return null;
  if (!compared.changed) return h("p", { class: "about" }, `the same answer as on ${day(compared.at)}`);
  return h("div", { class: "compared" },
    h("p", {}, h("strong", {}, `The answer changed since ${day(compared.at)} because:`)),
    h("ul", {}, compared.reasons.map((reason) => h("li", {}, reason))),
    compared.then.length ? h("details", {}, h("summary", {}, "What it said then"), h("blockquote", {}, compared.then.join(" ")))
      : h("p", { class: "quiet" }, "Then it was refused."));
}
