// Where something stands, in words; and the way to it.

import { h, shortPath } from "./dom.js";

/** "…/notes/lora.md · Why two matrices", "…/lora.pdf · page 3". */
export function placeOf({ path, title, locator, heading = [] }) {
  const headed = heading.at(-1) === title ? "" : heading.at(-1); // the title is said already
  const within = locator.type === "page" ? `page ${locator.page}` : headed || locator.part;
  return within ? `${shortPath(path)} · ${within}` : shortPath(path);
}

/** A link to a citation in its place. */
export const sourceLink = (id, attributes, ...children) =>
  h("a", { href: `#/source/${encodeURIComponent(id)}`, ...attributes }, ...children);
