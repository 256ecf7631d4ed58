// Up and down: how a passage fitted, or all that an answer rests on. This library's ranking learns from it.

import { post, remove } from "../parts/api.js";
import { announce, h, icon } from "../parts/dom.js";

const OF_A_PASSAGE = { up: "This fits", down: "This does not fit" };
export const OF_AN_ANSWER = { up: "This answers it", down: "This does not answer it" };

/** `cited`: [{citation, rank}]. What was said can be seen, and is taken back by saying it again. */
export function thumbs(query, cited, source, labels = OF_A_PASSAGE) {
  let given = null; // {verdict, ids}
  const failure = h("span", { class: "problem-line", role: "alert" });
  const buttons = Object.entries(labels).map(([verdict, label]) => h("button", {
    type: "button", class: "thumb plain", "aria-pressed": "false", "aria-label": label, title: label, "data-verdict": verdict,
    onclick: () => give(verdict),
  }, icon(verdict)));

  async function give(verdict) {
    failure.textContent = "";
    try {
      const before = given;
      for (const id of before?.ids.splice(0) ?? []) await remove(`/api/feedback/${id}`);
      given = null;
      if (before?.verdict !== verdict) {
        given = { verdict, ids: [] };
        for (const passage of cited) {
          const { records } = await post("/api/feedback", { query, verdict, source, ...passage });
          given.ids.push(records[0].id);
        }
      }
      announce(given ? `noted: ${labels[verdict].toLowerCase()}` : "taken back");
    } catch (error) {
      failure.textContent = error.message;
    }
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.verdict === given?.verdict));
  }
  return h("span", { class: "thumbs" }, buttons, failure);
}
