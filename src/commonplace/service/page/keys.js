// The keys, and the list of them.

import { byId, h } from "./dom.js";

const KEYS = [
  ["/", "write a question"],
  ["Enter", "ask, or search; on a source: open it"],
  ["↓ ↑", "next and previous citation, passage or file"],
  ["Esc", "close; back to the question"],
  ["1 2 3 4", "ask, library, reading list, log"],
  ["t", "light or dark"],
  ["?", "these keys"],
];
const VIEWS = { 1: "#/", 2: "#/library", 3: "#/reading", 4: "#/log" };

/** Listen; returns what shows the list. */
export function installKeys({ toggleTheme }) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      else if (event.key === "ArrowDown" && event.target.matches("#question")) move(event, 1);
      return;
    }
    if (event.key === "/") focusQuestion(event);
    else if (event.key === "?") showKeys();
    else if (event.key === "t") toggleTheme();
    else if (event.key in VIEWS) location.hash = VIEWS[event.key];
    else if (event.key === "ArrowDown") move(event, 1);
    else if (event.key === "ArrowUp") move(event, -1);
    else if (event.key === "Escape") focusQuestion(event);
  });
  return showKeys;
}

function focusQuestion(event) {
  event.preventDefault();
  const field = byId("question") ?? document.querySelector("main input[type=search]");
  if (field) field.focus();
  else location.hash = "#/";
}

/** Move the focus among what can be opened. */
function move(event, step) {
  const stops = [...document.querySelectorAll("main [data-stop]")];
  if (!stops.length) return;
  event.preventDefault();
  const at = stops.indexOf(document.activeElement.closest("[data-stop]"));
  const next = at < 0 ? (step > 0 ? 0 : stops.length - 1) : at + step;
  if (next < 0) focusQuestion(event);
  else stops[Math.min(next, stops.length - 1)].focus();
}

function showKeys() {
  const dialog = byId("keys");
  dialog.replaceChildren(
    h("h2", { id: "keys-title" }, "Keys"),
    h("dl", { class: "keys" }, KEYS.map(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])),
    h("button", { type: "button", onclick: () => dialog.close() }, "Close"));
  dialog.showModal();
}
