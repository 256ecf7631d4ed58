// An answer: sentences in a serif, their sources as notes in the margin. Where the library is unsure, the
// closest quotes stand as quotations, with the doubt below them. A refusal has neither.

import { ApiError, events } from "../parts/api.js";
import { announce, day, duration, folderAndName, h, plural, shortPath } from "../parts/dom.js";
import { howView } from "./how.js";
import { inline } from "./inline.js";
import { placeWithin, sourceLink } from "../parts/place.js";
import { hidePassage, showPassage } from "./passage.js";
import { OF_AN_ANSWER, thumbs } from "./thumbs.js";
import { decisionView } from "./why.js";

const LAST = ["answer", "unsure", "refusal"];

/** Let a view grow with what is asked; it ends with one of the three outcomes, or an error. */
export async function streamAnswer(view, question, signal) {
  let ended = false;
  for await (const [name, record] of events("/api/ask/stream", question, signal)) {
    view[name]?.(record);
    ended ||= LAST.includes(name);
  }
  if (!ended) throw new ApiError("The answer broke off; the service may have been stopped.", 0);
}

/** What the events of an answer are told to; `element` grows with them. */
export function answerView(question, { me, onsearch, filters = {} }) {
  const sentences = h("div", { class: "sentences" });
  const state = h("p", { class: "loading" }, "looking in the library");
  const foot = h("footer", { class: "foot" });
  const element = h("article", { class: "answer" }, h("h2", { class: "unseen" }, question), sentences, state, foot);
  const sources = new Map(); // what is cited already: id -> {number, note}
  return {
    element,
    retrieved: ({ passages, paths }) => {
      state.textContent = `reading ${plural(passages, "passage")} of ${plural(paths.length, "file")}`;
    },
    sentence: (record) => {
      state.textContent = "reading on";
      sentences.append(sentenceRow(record, sources, question, me));
    },
    answer: (record) => {
      state.remove();
      announce(`answered, ${plural(record.sentences.length, "sentence")}`);
      sentences.after(...record.missing.map((part) => h("p", { class: "doubt" }, `Not answered: ${part}`)));
      foot.append(...aboutAnswer(record, sources, me), howView(record, filters));
    },
    unsure: (record) => {
      state.remove();
      announce(`unsure: the library may say this, ${plural(record.closest.length, "quote")}`);
      sentences.before(h("h3", { class: "may" }, record.outline.length ? "What there is to read" : "The library may say this"));
      if (record.outline.length) sentences.before(h("ul", { class: "may" }, record.outline.map((heading) => h("li", {}, heading))));
      sentences.append(...record.closest.map((citation) => quoteRow(citation, sources, question, me)));
      sentences.after(h("p", { class: "doubt" }, record.outline.length ? sentenceCase(record.reason) : `In doubt, because ${record.reason}.`));
      foot.append(...aboutDoubt(record, sources, me), howView(record, filters, "Why it is unsure"));
    },
    refusal: (record) => {
      state.remove();
      sentences.remove();
      announce("the library does not answer this");
      element.append(refusalView(record, onsearch));
    },
  };
}

const sentenceCase = (clause) => `${clause[0].toUpperCase()}${clause.slice(1)}.`;

/** A quote that comes close, as a quotation, and beside it where it stands. */
function quoteRow(citation, sources, question, me) {
  const quote = h("q", {}, inline(citation.quote, citation.path));
  return sourcedRow("blockquote", quote, { text: citation.quote, citations: [citation] }, sources, question, me);
}

function sentenceRow(record, sources, question, me) {
  const row = sourcedRow("p", inline(record.text, record.citations[0]?.path ?? ""), record, sources, question, me);
  row.querySelector(".words").after(...earlierLines(record));
  return row;
}

/** What the sentence supersedes, muted: since when it holds, and each earlier statement with its place and day. */
function earlierLines({ note = "", superseded = [] }) {
  if (!superseded.length) return [];
  const lines = superseded.map(({ stated, citation }) => {
    const [, name] = folderAndName(citation.path);
    const words = citation.quote.replace(/\s+/g, " ");
    return h("span", { class: "line" }, h("q", {}, inline(words, citation.path)), " (",
      sourceLink(citation.id, { title: citation.path }, name), stated && `, ${stated}`, ")");
  });
  return [h("p", { class: "earlier" }, `${sentenceCase(note)} `, lines)];
}

/** Words, and beside them a note for each source that was not cited before; they know each other. */
function sourcedRow(element, words, record, sources, question, me) {
  const row = h("div", { class: "sentence" });
  const notes = [];
  const marks = record.citations.map((citation) => {
    if (!sources.has(citation.id)) {
      const number = sources.size + 1;
      const before = [...sources.values()].at(-1)?.citation;
      const note = noteOf(citation, before, number, record.text, question, me);
      sources.set(citation.id, { number, note, citation });
      notes.push(note);
    }
    const { number, note } = sources.get(citation.id);
    const mark = markOf(citation, number);
    connect(row, mark, note);
    return h("sup", {}, mark);
  });
  row.append(h(element, { class: "words" }, words, marks), h("div", { class: "margin" }, notes));
  return row;
}

/** What belongs together lights up together, from either side. */
function connect(row, mark, note) {
  const set = (on) => () => { for (const element of [row, mark, note]) element.classList.toggle("connected", on); };
  for (const element of [mark, note]) {
    for (const name of ["mouseenter", "focusin"]) element.addEventListener(name, set(true));
    for (const name of ["mouseleave", "focusout"]) element.addEventListener(name, set(false));
  }
}

function markOf(citation, number) {
  const link = sourceLink(citation.id, { class: "mark", "aria-label": `Source ${number}: ${citation.title || shortPath(citation.path)}`,
    onmouseenter: () => showPassage(link, citation), onmouseleave: hidePassage,
    onfocus: () => showPassage(link, citation), onblur: hidePassage }, number);
  return link;
}

/** A source that is the one before it is not said twice: "ibid.", as in every book, and where else in it. */
function noteOf(citation, before, number, sentence, question, me) {
  const quote = citation.quote.replace(/\s+/g, " ");
  const title = citation.title || shortPath(citation.path, 1);
  const ibid = before?.path === citation.path;
  const within = placeWithin(citation);
  const elsewhere = !ibid || within !== placeWithin(before);
  const place = [elsewhere && within && h("span", { class: "within" }, within), !ibid && h("span", { class: "file" }, folderAndName(citation.path)[1])];
  return h("div", { class: ibid ? "note ibid" : "note", role: "group", "aria-label": `Source ${number}` },
    h("span", { class: "number", "aria-hidden": "true" }, number),
    h("p", { class: "from" },
      sourceLink(citation.id, { "data-stop": true, "aria-label": ibid && `${title}, ${elsewhere ? within : "the same place"}` }, ibid ? "ibid." : title),
      place.some(Boolean) && h("span", { class: "place", title: citation.path }, place)),
    quote !== sentence.replace(/\s+/g, " ") && h("q", {}, inline(quote, citation.path)),
    citation.changed && h("p", { class: "changed" }, `this source has changed: ${citation.changed}`),
    me.role === "write" && thumbs(question, [{ citation: citation.id, rank: number }], "ask"));
}

const wrote = (reader) => (reader === "extractive" ? "quoted word for word" : `written by ${reader.replace(/^generative \((.*)\)$/, "$1")}`);

const wearing = ({ path, strength, stale }) => `wearing ${shortPath(path, 1)}${strength === 1 ? "" : ` at ${strength}`}${stale.length ? ", which is stale" : ""}`;

function aboutAnswer(record, sources, me) {
  const written = day(record.oldest) === day(record.newest) ? day(record.oldest)
    : `${day(record.oldest)} to ${day(record.newest)}`;
  return about(record, sources, me, [`${sure(record)} sure`, wrote(record.reader), ...record.worn.map(wearing),
    `sources written ${written}`]);
}

const aboutDoubt = (record, sources, me) => about(record, sources, me,
  [`only ${sure(record)} sure`, "quoted word for word", ...record.worn.map(wearing)]);

const sure = (record) => `${Math.round(100 * record.confidence)} %`;

/** A line of what is to be said of it, with the thumbs for all that it cites. */
function about(record, sources, me, parts) {
  const seconds = Object.values(record.timings).reduce((sum, each) => sum + each, 0);
  const cited = [...sources].map(([citation, { number }]) => ({ citation, rank: number }));
  return [
    h("div", { class: "sure" }, h("p", { class: "about" }, [...parts, duration(seconds)].join(" · ")),
      me.role === "write" && thumbs(record.question, cited, "ask", OF_AN_ANSWER)),
    record.unsupported > 0 && h("p", { class: "about" }, `${plural(record.unsupported, "sentence")} left out: not supported by the library`),
    comparison(record.comparison, record.outcome),
  ].filter(Boolean);
}

function refusalView(record, onsearch) {
  return h("div", { class: "refusal" },
    h("p", { class: "no" }, "Your library does not answer this."),
    h("p", { class: "quiet" }, `${record.reason[0].toUpperCase()}${record.reason.slice(1)}. `,
      `The reader was ${sure(record)} sure.`),
    record.nearest.length > 0 && h("p", { class: "quiet" }, "Nearest, without answering it: ",
      record.nearest.map((path, at) => [at > 0 && ", ", h("span", { class: "path", title: path }, shortPath(path))]), "."),
    onsearch && record.nearest.length > 0 && h("button", { type: "button", onclick: onsearch }, "Show passages that come near"),
    record.why && record.why.reasons.length > 0 && h("details", { class: "how" }, h("summary", {}, "Why it was refused"), h("div", { class: "why" }, decisionView(record.why))),
    comparison(record.comparison, record.outcome));
}

/** What an earlier answer to the same question said, and why it is another now. */
function comparison(record, outcome) {
  if (!record) return null;
  if (!record.changed && record.outcome === outcome) return h("p", { class: "about same" }, `The same ${outcome === "answered" ? "answer" : "outcome"} as on ${day(record.at)}.`);
  return h("div", { class: "compared" },
    record.reasons.length > 0 && [h("p", {}, h("strong", {}, "The answer changed because:")),
      h("ul", {}, record.reasons.map((reason) => h("li", {}, reason)))],
    record.then.length ? [h("p", { class: "about" }, `On ${day(record.at)} it said:`), h("blockquote", {}, record.then.join(" "))]
      : h("p", { class: "about" }, `On ${day(record.at)} ${record.outcome === "unsure" ? "the library was unsure" : "it was refused"}.`));
}
