// Why a passage stands where it stands: what each kind of evidence adds, as bars. They are the score.

import { get } from "../parts/api.js";
import { h, problem, svg } from "../parts/dom.js";

const NAMES = {
  bm25: "its words (BM25)", cosine: "its meaning (cosine)", neighbours: "its neighbours",
  "late interaction": "read token by token", feedback: "your feedback",
};
const WIDTH = 160;

/** A button, and what it opens: the explanation of a hit, fetched when it is first wanted. */
export function whyHere(label, query) {
  const why = h("div", { class: "why", hidden: true });
  const button = h("button", { type: "button", class: "plain small asks", "aria-expanded": "false", onclick: toggle }, label);
  async function toggle() {
    why.hidden = !why.hidden;
    button.setAttribute("aria-expanded", String(!why.hidden));
    if (why.hidden || why.childElementCount) return;
    try {
      why.replaceChildren(whyView((await get("/api/explain", query)).hit));
    } catch (error) {
      why.replaceChildren(problem(error));
    }
  }
  return { button, why };
}

function whyView(hit) {
  const parts = hit.explanation.contributions.filter(([name, value]) => value || NAMES[name]);
  const most = Math.max(...parts.map(([, value]) => Math.abs(value)), 1e-9);
  const middle = parts.some(([, value]) => value < 0) ? WIDTH / 2 : 0; // where zero is
  return h("div", {},
    h("table", { class: "bars" },
      h("caption", {}, "What each kind of evidence adds"),
      h("tbody", {}, parts.map(([name, value]) => h("tr", {},
        h("th", { scope: "row" }, NAMES[name] ?? name),
        h("td", {}, bar(value / most, middle)),
        h("td", { class: "number" }, signed(value)))),
      h("tr", { class: "sum" }, h("th", { scope: "row" }, "score"), h("td", {}), h("td", { class: "number" }, signed(hit.score))))),
    hit.explanation.terms.length > 0 && h("details", {}, h("summary", {}, "The words"), terms(hit.explanation)));
}

const SHOWN = 4; // signals of each side that have a bar of their own

/** Why a question had its outcome: what each signal adds to the confidence, for and against. */
export function decisionView(why) {
  const most = Math.max(...why.reasons.map(({ adds }) => Math.abs(adds)), 1e-9);
  const sides = [why.reasons.filter(({ adds }) => adds > 0), why.reasons.filter(({ adds }) => adds < 0)];
  const rest = sides.flatMap((side) => side.slice(SHOWN));
  const row = (kind, label, adds, chart) => h("tr", { class: kind }, h("th", { scope: "row" }, label), h("td", {}, chart), h("td", { class: "number" }, signed(adds)));
  return h("table", { class: "bars" },
    h("caption", {}, "What speaks for an answer, and against"),
    h("tbody", {}, sides.flatMap((side) => side.slice(0, SHOWN)).map(({ phrase, measured, adds }) =>
      row(null, measured ? `${phrase} (${measured})` : phrase, adds, bar(adds / most, WIDTH / 2))),
    rest.length > 0 && row(null, `${rest.length} weaker`, rest.reduce((sum, { adds }) => sum + adds, 0)),
    row(null, "where an average question begins", why.start),
    row("sum", `together: ${percent(why.confidence)} sure; ${percent(why.threshold)} are needed`, why.logit)));
}

const percent = (share) => `${Math.round(100 * share)} %`;

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

/** From zero to the right where it adds, to the left where it takes. */
export function bar(share, zero = 0) {
  const length = Math.max(1, Math.abs(share) * (WIDTH - zero));
  const x = share < 0 ? zero - length : zero;
  return svg("svg", { viewBox: `0 0 ${WIDTH} 10`, width: WIDTH, height: 10, class: share < 0 ? "bar less" : "bar", "aria-hidden": "true" },
    svg("rect", { x, y: 1, width: length, height: 8 }),
    svg("line", { x1: zero, x2: zero, y1: 0, y2: 10 }));
}

function terms({ terms: rows, bm25 }) {
  return h("table", { class: "terms" },
    h("thead", {}, h("tr", {}, ["term", "here", "in passages", "adds"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.term), h("td", {}, row.tf), h("td", {}, row.df), h("td", {}, row.weight.toFixed(3)))),
      h("tr", { class: "sum" }, h("th", { scope: "row" }, "BM25"), h("td", {}), h("td", {}), h("td", {}, bm25.toFixed(3)))));
}
