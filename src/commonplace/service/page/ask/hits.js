// What a search found: passages as quotations, each with its place, its thumbs and its reasons.

import { day, duration, h, marked, plural, shortPath } from "../parts/dom.js";
import { inline } from "./inline.js";
import { placeOf, sourceLink } from "../parts/place.js";
import { thumbs } from "./thumbs.js";
import { whyHere } from "./why.js";

export function hitsView(response, query, { me, filters }) {
  if (!response.hits.length) {
    return h("div", { class: "refusal" }, h("p", { class: "no" }, "Nothing found."),
      h("p", { class: "quiet" }, Object.keys(filters).length ? "The filters leave nothing that fits." : "No passage shares a word or a meaning with it."));
  }
  const none = !response.hits.some((hit) => hit.fits);
  return h("div", { class: "hits" },
    none && h("p", { class: "quiet" }, "Nothing fits well; this comes nearest."),
    h("p", { class: "about count" }, `${plural(response.hits.length, "passage")} in ${duration(response.seconds)}`),
    h("ol", {}, response.hits.map((hit, at) => h("li", {}, hitView(hit, at + 1, query, me, filters)))));
}

function hitView(hit, rank, query, me, filters) {
  const { button, why } = whyHere("why here?", { q: query, citation: hit.id, ...filters });
  return h("article", { class: "hit" },
    h("div", { class: "source" },
      h("h3", {}, sourceLink(hit.id, { "data-stop": true }, hit.title || shortPath(hit.path, 1))),
      h("p", { class: "place", title: hit.path }, placeOf(hit), h("span", { class: "written" }, day(hit.written_at))),
      hit.also_in.map((path) => h("p", { class: "quiet", title: path }, `the same in ${shortPath(path)}`)),
      hit.changed && h("p", { class: "earlier" }, `the file is ${hit.changed}`),
      hit.superseded_by && h("p", { class: "earlier" }, `superseded by ${hit.superseded_by}`)),
    h("blockquote", { class: hit.kind === "code" ? "excerpt code" : "excerpt" }, excerpt(hit, query)),
    h("div", { class: "acts" }, me.role === "write" && thumbs(query, [{ citation: hit.id, rank }], "search"), button), why);
}

/** The passage as one reads it, without its empty lines, the words of the query marked. */
function excerpt(hit, query) {
  if (hit.kind === "code") return marked(hit.text, query);
  return inline(hit.text.replace(/\n\s*\n/g, "\n"), hit.path, (words) => marked(words, query));
}
