// Where something stands, in words; and the way to it.

import { h, shortPath } from "./dom.js";

/** "…/notes/lora.md · Why two matrices", "…/lora.pdf · page 3". */
export function placeOf(source) {
  const within = placeWithin(source);
  return within ? `${shortPath(source.path)} · ${within}` : shortPath(source.path);
}

/** "Why two matrices", "page 3"; nothing where the file has no parts. */
export function placeWithin({ title, locator, heading = [] }) {
  const headed = heading.at(-1) === title ? "" : heading.at(-1); // the title is said already
  return locator.type === "page" ? `page ${locator.page}` : headed || locator.part;
}

/** A link to a citation in its place. */
export const sourceLink = (id, attributes, ...children) =>
  h("a", { href: `#/source/${encodeURIComponent(id)}`, ...attributes }, ...children);
