// Making elements. Text is only ever a text node, so nothing from a library can become markup.

/** h("p", {class: "quiet", onclick: f}, "text", child, ...): an element. False children are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  return dressed(element, attributes, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for a picture. */
export function svg(name, attributes = {}, ...children) {
  return dressed(document.createElementNS(SVG, name), attributes, children);
}

function dressed(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child || child === 0).map(asNode));
  return element;
}

const asNode = (child) => (child instanceof Node ? child : document.createTextNode(String(child)));

export const byId = (id) => document.getElementById(id);

/** Say something to a screen reader. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** A link out, only where it is one. */
export function outward(url, ...children) {
  const safe = /^https?:\/\//i.test(url);
  return safe ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children)
    : h("span", {}, ...children);
}

/** A path as [its folder, its name]. */
export function folderAndName(path) {
  const at = path.lastIndexOf("/") + 1;
  return [path.slice(0, at), path.slice(at)];
}

/** The end of a path, which is what people know a file by. */
export function shortPath(path, parts = 2) {
  const names = path.split("/").filter(Boolean);
  return names.length > parts ? `…/${names.slice(-parts).join("/")}` : path;
}

export const day = (moment) => new Date(moment).toLocaleDateString(undefined, { dateStyle: "medium" });
export const minute = (moment) =>
  new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

export const duration = (seconds) => (seconds < 0.9995 ? `${(1000 * seconds).toFixed(0)}\u00a0ms` : `${seconds.toFixed(1)}\u00a0s`);

export const plural = (count, noun) => `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;

const ICONS = {
  up: "M4.5 14H2.5V7h2zM6 14V7l3-5.5c1.2 0 1.7 1 1.4 2L9.8 6H13c.9 0 1.4.8 1.2 1.6l-1.3 5.2c-.2.7-.7 1.2-1.4 1.2z",
  down: "M4.5 2H2.5v7h2zM6 2v7l3 5.5c1.2 0 1.7-1 1.4-2L9.8 10H13c.9 0 1.4-.8 1.2-1.6l-1.3-5.2C12.7 2.5 12.2 2 11.5 2z",
  close: "M3 3l10 10M13 3L3 13",
};

export function icon(name) {
  const stroke = name === "close" ? { stroke: "currentColor", "stroke-width": 1.5 } : {};
  return svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", { d: ICONS[name], ...stroke }));
}

/** One sentence about what went wrong; again only what may go well the next time. */
export function problem(error, again) {
  const refused = error.status >= 400 && error.status < 500;
  return h("div", { class: "problem", role: "alert" },
    h("p", {}, error.message || String(error)),
    again && !refused && h("button", { type: "button", onclick: again }, "Try again"));
}

/** The text with its words that a query asks for marked; words are alike by their beginnings. */
export function marked(text, query) {
  const roots = [...query.toLowerCase().matchAll(/[\p{L}\p{N}]{3,}/gu)].map(([word]) => root(word));
  if (!roots.length) return [text];
  return text.split(/([\p{L}\p{N}]+)/u).map((piece, index) =>
    index % 2 && piece.length > 2 && roots.includes(root(piece.toLowerCase())) ? h("mark", {}, piece) : piece);
}

const root = (word) => (word.length > 5 ? word.slice(0, Math.max(5, word.length - 3)) : word);
