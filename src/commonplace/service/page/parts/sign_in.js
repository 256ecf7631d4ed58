// The one question that is asked before anything is shown, where the service asks for a token.

import { byId, h } from "./dom.js";

let asking = null;

/** Ask for a token until one is taken. */
export function signIn() {
  asking ??= new Promise((done) => ask(done)).finally(() => { asking = null; });
  return asking;
}

function ask(done) {
  const dialog = byId("sign-in");
  const field = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true });
  const failure = h("p", { class: "problem-line", role: "alert" });
  const form = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    failure.textContent = await refusal(field.value);
    if (failure.textContent) {
      field.select();
      return;
    }
    dialog.onclose = null;
    dialog.close();
    done();
  } },
  h("h2", { id: "sign-in-title" }, "This library asks for a token"),
  h("p", { class: "quiet" }, "Whoever runs the service has one for you: ", h("code", {}, "commonplace token add NAME"), "."),
  h("label", { for: "token" }, "Token"), field, failure,
  h("button", { class: "primary" }, "Sign in"));
  dialog.replaceChildren(form);
  dialog.oncancel = (event) => event.preventDefault();
  dialog.onclose = () => dialog.showModal(); // a second Escape closes it without asking
  if (!dialog.open) dialog.showModal();
}

/** Why a token is not taken; empty where it is. */
async function refusal(token) {
  try {
    const headers = { "content-type": "application/json" };
    const response = await fetch("/api/session", { method: "POST", headers, body: JSON.stringify({ token }) });
    return response.ok ? "" : (await response.json()).error.message;
  } catch {
    return "The service does not answer; is it still running?";
  }
}
