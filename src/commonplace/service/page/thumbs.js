// Up and down: how a passage fitted. This library's ranking learns from it.

import { post, remove } from "./api.js";
import { announce, h, icon } from "./dom.js";

const LABELS = { up: "This fits", down: "This does not fit" };

/** What was said can be seen, and is taken back by saying it again. */
export function thumbs(query, citation, rank, source) {
  let given = null; // {verdict, id}
  const said = h("span", { class: "problem-line", role: "alert" });
  const buttons = Object.entries(LABELS).map(([verdict, label]) => h("button", {
    type: "button", class: "thumb plain", "aria-pressed": "false", "aria-label": label, title: label, "data-verdict": verdict,
    onclick: () => give(verdict),
  }, icon(verdict)));

  async function give(verdict) {
    said.textContent = "";
    try {
      const before = given;
      if (before) await remove(`/api/feedback/${before.id}`);
      given = null;
      if (before?.verdict !== verdict) {
        const { records } = await post("/api/feedback", { query, citation, verdict, rank, source });
        given = { verdict, id: records[0].id };
      }
      announce(given ? `noted: ${LABELS[verdict].toLowerCase()}` : "taken back");
    } catch (error) {
      said.textContent = error.message;
    }
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.verdict === given?.verdict));
  }
  return h("span", { class: "thumbs" }, buttons, said);
}
