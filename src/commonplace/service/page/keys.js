// The keys, and the list of them.

import { byId, h } from "./parts/dom.js";
import { hidePassage } from "./ask/passage.js";

const KEYS = [
  ["/", "write a question"],
  ["Enter", "ask, or search; on a source: open it"],
  ["↓ ↑", "next and previous citation, passage or file"],
  ["Esc", "close; back to the question"],
  ["1 2 3 4 5", "ask, library, reading list, log, plan"],
  ["t", "light or dark"],
  ["?", "these keys"],
];
const VIEWS = { 1: "#/", 2: "#/library", 3: "#/reading", 4: "#/log", 5: "#/plan" };

/** Listen; returns what shows the list. */
export function installKeys({ toggleTheme }) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") hidePassage();
    if (writes(event.target)) {
      if (event.key === "Escape") event.target.blur();
      else if (event.key === "ArrowDown" && atItsEnd(event.target)) move(event, 1);
      return;
    }
    if (event.key === "/") focusQuestion(event);
    else if (event.key === "?") showKeys();
    else if (event.key === "t") toggleTheme();
    else if (Object.hasOwn(VIEWS, event.key)) location.hash = VIEWS[event.key];
    else if (event.key === "ArrowDown") move(event, 1);
    else if (event.key === "ArrowUp") move(event, -1);
    else if (event.key === "Escape") focusQuestion(event);
  });
  return showKeys;
}

/** Whether keys are text for it, and not for us; a box to tick takes none but the space bar. */
const writes = (element) => element.matches("input:not([type=checkbox]), textarea, select");

/** From the end of what is written, or from a field that holds one line, the arrow leads on. */
const atItsEnd = (field) => field.matches("[type=search]")
  || (field.matches("#question") && field.selectionEnd === field.value.length);

function focusQuestion(event) {
  event.preventDefault();
  const field = byId("question") ?? document.querySelector("main input[type=search]");
  if (field) field.focus();
  else location.hash = "#/";
}

/** Move the focus among what can be opened. */
function move(event, step) {
  const stops = [...document.querySelectorAll("main [data-stop]")].filter((stop) => stop.checkVisibility());
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
