// What was asked: ask it again, and see whether the answer is another now, and why.

import { answerView } from "./answer.js";
import { events, get } from "./api.js";
import { h, minute, problem } from "./dom.js";

export async function showLog(main, detail, name, me) {
  main.replaceChildren(h("h1", {}, "Log"), h("p", { class: "loading" }, "reading the log"));
  const { records } = await get("/api/log", { limit: 200 });
  main.replaceChildren(h("h1", {}, "Log"),
    h("p", { class: "about" }, "What was asked of this library. The log stays on the machine that serves it."),
    records.length ? h("ol", { class: "log" }, records.map((record) => row(record, me)))
      : h("p", { class: "quiet" }, "Nothing was asked yet."));
}

function row(record, me) {
  const again = h("div", {});
  const isQuestion = record.verb === "ask";
  return h("li", {},
    h("p", { class: "about" }, `${minute(record.at)} · ${isQuestion ? outcome(record) : `search · ${record.profile}`} · ${took(record)}`),
    h("p", { class: "asked" }, h("a", { href: `#/${isQuestion ? "ask" : "search"}/${encodeURIComponent(record.query)}`, "data-stop": true }, record.query)),
    isQuestion && record.sentences?.length ? h("blockquote", { class: "then" }, record.sentences.join(" ")) : "",
    isQuestion && h("button", { type: "button", class: "small", onclick: () => askAgain(record, again, me) }, "Ask again, and compare") || "",
    again);
}

const outcome = (record) => (record.answered ? `answered, ${Math.round(100 * record.confidence)} % sure` : "refused");
const took = (record) => `${(1000 * Object.values(record.timings ?? {}).reduce((sum, each) => sum + each, 0)).toFixed(0)} ms`;

/** The filter as it was, but the library as it is. */
async function askAgain(record, target, me) {
  const view = answerView(record.query, { me, heading: false });
  target.replaceChildren(view.element);
  const { paths, kinds, since, until } = record.filter ?? {};
  const asked = { question: record.query, against: record.at, in: paths ?? [], kind: kinds ?? [], since, until };
  try {
    for await (const [name, step] of events("/api/ask/stream", asked)) view[name]?.(step);
  } catch (error) {
    target.replaceChildren(problem(error, () => askAgain(record, target, me)));
  }
}
