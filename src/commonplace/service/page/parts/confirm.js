// A question before something that cannot be taken back.

import { byId, h } from "./dom.js";

/** Whether the person said yes; Escape is no. */
export function confirmed(title, consequence, verb) {
  const dialog = byId("confirm");
  return new Promise((answer) => {
    dialog.returnValue = "";
    dialog.onclose = () => answer(dialog.returnValue === "yes");
    dialog.replaceChildren(h("form", { method: "dialog" },
      h("h2", { id: "confirm-title" }, title), h("p", { class: "quiet" }, consequence),
      h("p", { class: "acts" }, h("button", { value: "yes", class: "primary" }, verb), h("button", { value: "", autofocus: true }, "Keep it"))));
    dialog.showModal();
  });
}
