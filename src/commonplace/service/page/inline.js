// A sentence of a Markdown note as one reads it: emphasis, code and the words of links, as elements
// with text in them. What a citation opens is the source as it is written.

import { h } from "./dom.js";

const MARKS = /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])|!?\[([^\]]+)\]\([^)\s]*[^)]*\)/g;

/** The nodes of a sentence; of anything but Markdown the text as it is. */
export function inline(text, path) {
  if (!/\.(md|markdown|qmd|mdx)$/i.test(path)) return [text];
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(MARKS)) {
    const [whole, code, strong, emphasis, label] = found;
    nodes.push(text.slice(at, found.index),
      code ? h("code", {}, code) : strong ? h("strong", {}, strong) : emphasis ? h("em", {}, emphasis) : label);
    at = found.index + whole.length;
  }
  return [...nodes, text.slice(at)];
}
