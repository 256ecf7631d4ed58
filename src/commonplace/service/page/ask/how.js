// How an answer was made: where its seconds went, what drafts saved, and why each source was read.

import { duration, h, plural, shortPath } from "../parts/dom.js";
import { placeOf, placeWithin } from "../parts/place.js";
import { bar, decisionView, whyHere } from "./why.js";

const STAGES = {
  open: "opening the library", load: "opening weights", bm25: "finding by words", encode: "reading the question",
  dense: "finding by meaning", fuse: "joining both", rerank: "reading passages token by token", fetch: "fetching passages",
  read: "finding the sentences", write: "writing", cite: "citing",
};
const NOT_ASKED = "it was not asked for";

export function howView(record, filters, title = "How it was made") {
  const work = h("div", { class: "why" }, stages(record.timings), drafts(record.speculation));
  const decision = record.why && h("div", { class: "why" }, decisionView(record.why));
  return h("details", { class: "how" }, h("summary", {}, title), // what is asked for first comes first
    record.answered ? [work, decision] : [decision, work], sources(record, filters));
}

function stages(timings) {
  const timed = Object.entries(timings).filter(([, seconds]) => seconds >= 0.0005);
  const most = Math.max(...timed.map(([, seconds]) => seconds), 1e-9);
  return h("table", { class: "bars" }, h("caption", {}, "Where the time went"),
    h("tbody", {}, timed.map(([name, seconds]) => h("tr", {}, h("th", { scope: "row" }, STAGES[name] ?? name),
      h("td", {}, bar(seconds / most)), h("td", { class: "number" }, duration(seconds))))));
}

/** What a language model in the service's own process did. */
function drafts(speculation) {
  if (!speculation) return null;
  const lines = [`${plural(speculation.tokens, "token")} written in ${speculation.seconds.toFixed(1)} s`,
    `${speculation.cached_tokens} of ${speculation.prompt_tokens} prompt tokens kept from before`];
  if (speculation.drafted) lines.push(`${speculation.accepted} of ${speculation.drafted} drafted tokens were right`);
  if (speculation.drafted && speculation.speed_up) lines.push(`about ${speculation.speed_up.toFixed(2)} times as fast as without drafts`);
  if (speculation.off && speculation.off !== NOT_ASKED) lines.push(`nothing drafted: ${speculation.off}`);
  return h("ul", { class: "plain-list" }, lines.map((each) => h("li", {}, each)));
}

/** The ranking that an answer is read from is `best`; a passage is explained once. */
function sources(record, filters) {
  const cited = new Map();
  for (const citation of [...record.sentences.flatMap(({ citations }) => citations), ...record.closest]) {
    cited.set(citation.id.split(":")[0], citation);
  }
  const titles = [...cited.values()].map(titleOf);
  return [...cited].map(([id, citation]) => {
    const title = titleOf(citation);
    const isOne = titles.filter((other) => other === title).length === 1;
    const which = isOne || !placeWithin(citation) ? title : `${title} (${placeWithin(citation)})`;
    const { button, why } = whyHere(`why was ${which} read?`, { q: record.question, citation: id, profile: "best", ...filters });
    button.title = placeOf(citation);
    return h("div", {}, button, why);
  });
}

const titleOf = ({ title, path }) => title || shortPath(path, 1);
