// The page: which view is shown, the keys, the theme. Each view is a module that fills <main>.

import { get } from "./parts/api.js";
import { showAsk } from "./ask/view.js";
import { byId, h, problem } from "./parts/dom.js";
import { takeDrops } from "./parts/drop.js";
import { installKeys } from "./keys.js";
import { showLibrary } from "./library/view.js";
import { showLog } from "./ask/log.js";
import { showPlan } from "./plan.js";
import { showReading } from "./library/reading.js";
import { closeSource, openSource } from "./library/source.js";

const VIEWS = { ask: showAsk, library: showLibrary, reading: showReading, log: showLog, plan: showPlan };
const TITLES = { ask: "commonplace", library: "Library", reading: "Reading list", log: "Log", plan: "Plan" };
let leave = () => {};
let currentView = "";
let showCount = 0; // how often a view was shown: a slow one must not come up over a later one
let beneath = null; // the address of the view that a source was opened over

/** #/ , #/library, #/reading, #/log, #/plan/NAME, #/ask/QUESTION, #/search/QUERY, #/source/ID */
async function route(event) {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const detail = decode(rest.join("/"));
  if (name === "source") {
    if (!currentView) await show("ask", "", "");
    else if (event?.oldURL) history.replaceState({ beneath: true }, "");
    beneath ??= event?.oldURL ? new URL(event.oldURL).hash : "";
    openSource(detail);
    return;
  }
  closeSource();
  if (beneath === location.hash) { // back from a source: the view still stands there
    beneath = null;
    return;
  }
  beneath = null;
  const view = Object.hasOwn(VIEWS, name) ? name : "ask";
  await show(view, detail, name);
}

/** What an address says; one that somebody mistyped is taken as it is. */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function show(view, detail, name) {
  const showing = ++showCount;
  leave();
  leave = () => {};
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = view === "ask" ? "commonplace" : `${TITLES[view]} · commonplace`;
  const main = byId("main");
  if (currentView && currentView !== view) main.focus({ preventScroll: true });
  currentView = view;
  const stage = h("div", {}, h("p", { class: "loading" }, "opening the library"));
  main.replaceChildren(stage);
  try {
    const leaveNew = (await VIEWS[view](stage, detail, name, await me())) ?? (() => {});
    if (showing === showCount) leave = leaveNew;
    else leaveNew();
  } catch (error) {
    if (error.name !== "AbortError") stage.replaceChildren(problem(error, () => show(view, detail, name)));
  }
}

let account = null;
async function me() {
  account ??= await get("/api/me");
  byId("sign-out").hidden = !account.signed_in;
  byId("sign-out").title = account.name;
  byId("plan-link").hidden = !account.plans.length;
  return account;
}

async function signOut() {
  await fetch("/api/session", { method: "DELETE" }).catch(() => {});
  location.reload();
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

byId("theme").addEventListener("click", toggleTheme);
byId("sign-out").addEventListener("click", signOut);
byId("skip").addEventListener("click", (event) => { // its address would be taken for a view
  event.preventDefault();
  byId("main").focus();
});
byId("show-keys").addEventListener("click", installKeys({ toggleTheme }));
addEventListener("hashchange", route);
takeDrops(async () => (await me()).role === "write");
route();
