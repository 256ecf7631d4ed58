// Which part of the library is asked, as chips. One filter is one chip; a click takes it away.

import { get } from "../parts/api.js";
import { h, icon, problem, shortPath } from "../parts/dom.js";

const EARLIEST = "1000-01-01";
const KINDS = ["text", "markdown", "html", "pdf", "code", "rst", "notebook", "epub", "docx", "pptx", "xlsx", "odf", "rtf", "mail", "mailbox", "page", "calendar", "canvas"];

/** {button, element, values(), onchange}; `values` are fields of the API. */
export function filtersOf() {
  const selected = new Map(); // "field:value" -> [field, value, label]
  const chips = h("span", { class: "chips" });
  const panel = h("div", { class: "panel", hidden: true, role: "group", "aria-label": "Filters" });
  const button = h("button", { type: "button", class: "chip", "aria-expanded": "false", onclick: toggle }, "Filter");

  async function toggle() {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel.hidden) return;
    try {
      panel.replaceChildren(...await fields());
    } catch (error) {
      panel.replaceChildren(problem(error));
    }
  }

  function set(field, value, label, only) {
    for (const key of [...selected.keys()]) if (only && key.startsWith(`${field}:`)) selected.delete(key);
    if (value) selected.set(`${field}:${value}`, [field, value, label]);
    changed();
  }

  function drop(key) {
    const [field] = selected.get(key);
    selected.delete(key);
    const input = panel.querySelector(`input[name=${field}]`);
    if (input) input.value = "";
    button.focus();
    changed();
  }

  function changed() {
    draw();
    filters.onchange();
  }

  function draw() {
    chips.replaceChildren(...[...selected].map(([key, [, , label]]) => h("button", {
      type: "button", class: "chip on", "aria-label": `Remove the filter ${label}`,
      onclick: () => drop(key),
    }, label, icon("close"))));
  }

  async function fields() {
    const folders = foldersOf((await get("/api/files")).files);
    return [
      h("label", {}, "Folder", h("select", { name: "folder", onchange: (event) => {
        if (event.target.value) set("in", event.target.value, `in ${shortPath(event.target.value)}`);
        event.target.value = "";
      } }, h("option", { value: "" }, "choose"), folders.map((path) => h("option", { value: path }, shortPath(path, 3))))),
      h("label", {}, "Kind", h("select", { name: "kind", onchange: (event) => {
        if (event.target.value) set("kind", event.target.value, event.target.value);
        event.target.value = "";
      } }, h("option", { value: "" }, "choose"), KINDS.map((kind) => h("option", { value: kind }, kind)))),
      dateField("Written since", "since", "T00:00:00"),
      dateField("Written until", "until", "T23:59:59"),
      dateField("As of", "as_of", "T23:59:59"),
    ];
  }

  function dateField(label, field, time) {
    const words = label.toLowerCase();
    const [current] = [...selected.values()].filter(([name]) => name === field);
    return h("label", {}, label, h("input", { type: "date", name: field, value: current?.[2].slice(-10), onchange: (event) => {
      if (event.target.value && event.target.value < EARLIEST) return; // a year that is still being typed
      const moment = event.target.value && new Date(event.target.value + time).toISOString();
      set(field, moment, `${words} ${event.target.value}`, true);
    } }));
  }

  const filters = {
    onchange: () => {},
    button,
    element: h("div", { class: "filters" }, chips, panel),
    values: () => {
      const values = {};
      for (const [field, value] of selected.values()) {
        if (field === "in" || field === "kind") (values[field] ??= []).push(value);
        else values[field] = value;
      }
      return values;
    },
  };
  return filters;
}

/** Every folder that holds files of the library, and those above that hold more than one of them. */
function foldersOf(files) {
  const counts = new Map();
  for (const { path } of files) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const folder = path.slice(0, at);
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
  }
  const all = files.length;
  return [...counts].filter(([, count]) => count < all || counts.size === 1).map(([path]) => path).sort();
}
