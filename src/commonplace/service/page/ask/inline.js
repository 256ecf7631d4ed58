// A sentence of a Markdown note as one reads it: emphasis, code and the words of links, as elements
// with text in them. What a citation opens is the source as it is written.

import { h } from "../parts/dom.js";

const MARKS = /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])|!?\[([^\]]+)\]\([^)\s]*[^)]*\)/g;

/** The nodes of a sentence; of anything but Markdown the text as it is. `say` makes nodes of plain words. */
export function inline(text, path, say = (words) => [words]) {
  if (!/\.(md|markdown|qmd|mdx)$/i.test(path)) return say(text);
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(MARKS)) {
    const [whole, code, strong, emphasis, label] = match;
    nodes.push(...say(text.slice(at, match.index)), ...(code ? [h("code", {}, say(code))]
      : strong ? [h("strong", {}, say(strong))] : emphasis ? [h("em", {}, say(emphasis))] : say(label)));
    at = match.index + whole.length;
  }
  return [...nodes, ...say(text.slice(at))];
}
