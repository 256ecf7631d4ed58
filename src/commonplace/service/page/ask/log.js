// What was asked: ask it again, and see whether the answer is another now, and why.

import { answerView, streamAnswer } from "./answer.js";
import { get } from "../parts/api.js";
import { day, duration, h, minute, problem, shortPath } from "../parts/dom.js";
import { sourceLink } from "../parts/place.js";

export async function showLog(main, detail, name, me) {
  main.replaceChildren(h("h1", {}, "Log"), h("p", { class: "loading" }, "reading the log"));
  const closing = new AbortController();
  const { records } = await get("/api/log", { limit: 200 });
  main.replaceChildren(h("h1", {}, "Log"),
    h("p", { class: "about" }, "What was asked of this library. The log stays on the machine that serves it."),
    records.length ? h("ol", { class: "log" }, records.map((record) => row(record, me, closing.signal)))
      : h("p", { class: "lead" }, "Nothing was asked yet."));
  return () => closing.abort();
}

function row(record, me, signal) {
  const again = h("div", { class: "again" });
  const isQuestion = record.verb === "ask";
  const address = `#/${isQuestion ? "ask" : "search"}/${encodeURIComponent(record.query)}`;
  return h("li", {}, h("div", { class: "record" },
    h("div", { class: "asking" },
      h("h2", { class: "asked" }, h("a", { href: address, "data-stop": true }, record.query)),
      isQuestion && record.sentences?.length > 0 && h("blockquote", { class: "then" }, record.sentences.join(" ")),
      record.closest?.length > 0 && maySay(record.closest),
      isQuestion && h("button", { type: "button", class: "small", onclick: () => askAgain(record, again, me, signal) }, "Ask again, and compare")),
    h("p", { class: "about" }, [minute(record.at), `${isQuestion ? outcome(record) : "searched"} · ${took(record)}`,
      filtered(record.filter ?? {}), drafts(record.speculation)].filter(Boolean).map((line, at) => [at > 0 && h("br"), line])),
    again));
}

/** The quotes that came closest, each a way to its place. */
const maySay = (closest) => [h("p", { class: "about" }, "The library may say this:"),
  closest.map(({ id, quote }) => h("blockquote", { class: "then" }, h("q", {}, sourceLink(id, { "data-stop": true }, quote))))];

const outcome = (record) => {
  const sure = `${Math.round(100 * record.confidence)} %`;
  return record.answered ? `answered, ${sure} sure` : record.outcome === "unsure" ? `unsure (${sure})` : "refused";
};
const took = (record) => duration(Object.values(record.timings ?? {}).reduce((sum, each) => sum + each, 0));

/** What it was asked of, where that was not the whole library of its day. */
const filtered = ({ paths = [], kinds = [], since, until, as_of: asOf }) => [...paths.map((path) => `in ${shortPath(path)}`), ...kinds,
  since && `since ${day(since)}`, until && `until ${day(until)}`, asOf && `as of ${day(asOf)}`].filter(Boolean).join(" · ");

/** Whether drafts paid, where a language model drafted. */
const drafts = (speculation) => speculation?.drafted > 0 && `${speculation.accepted} of ${speculation.drafted} drafts right${
  speculation.speed_up ? `, ${speculation.speed_up.toFixed(2)} times as fast` : ""}`;

/** The filter as it was, but the library as it is. */
async function askAgain(record, target, me, signal) {
  const { paths, kinds, since, until } = record.filter ?? {};
  const filters = { in: paths ?? [], kind: kinds ?? [], since, until };
  const view = answerView(record.query, { me, filters });
  target.replaceChildren(view.element);
  const request = { question: record.query, against: record.at, ...filters };
  try {
    await streamAnswer(view, request, signal);
  } catch (error) {
    if (error.name !== "AbortError") target.replaceChildren(problem(error, () => askAgain(record, target, me, signal)));
  }
}
