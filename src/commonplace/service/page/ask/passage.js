// The passage behind a mark, shown while the mark is hovered or focused.

import { byId, h } from "../parts/dom.js";

export function showPassage(mark, citation) {
  const box = byId("passage");
  const [start, end] = citation.id.split(":")[1].split("-").map(Number);
  const text = Array.from(citation.passage); // characters as the service counts them
  box.replaceChildren(
    citation.heading.length ? h("p", { class: "trail" }, citation.heading.join(" › ")) : "",
    h("p", { class: "said" }, text.slice(0, start).join(""), h("mark", {}, text.slice(start, end).join("")), text.slice(end).join("")));
  box.hidden = false;
  const words = box.querySelector("mark"); // of a long passage, the part that is cited is shown
  box.scrollTop = Math.max(0, words.offsetTop + words.offsetHeight / 2 - box.clientHeight / 2);
  mark.setAttribute("aria-describedby", "passage");
  const at = mark.getBoundingClientRect();
  const column = mark.closest(".words").getBoundingClientRect(); // beside it, the notes stay free
  const left = Math.max(12, Math.min(at.left - 40, Math.max(column.right, box.offsetWidth + 12) - box.offsetWidth));
  const below = at.bottom + box.offsetHeight + 16 < innerHeight;
  box.style.left = `${left + scrollX}px`;
  box.style.top = `${(below ? at.bottom + 8 : Math.max(8, at.top - box.offsetHeight - 8)) + scrollY}px`;
}

export function hidePassage() {
  byId("passage").hidden = true;
}
