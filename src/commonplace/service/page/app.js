// The page: which view is shown, the keys, the theme. Each view is a module that fills <main>.

import { get } from "./api.js";
import { showAsk } from "./ask.js";
import { byId, h, problem } from "./dom.js";
import { installKeys } from "./keys.js";
import { showLibrary } from "./library.js";
import { showLog } from "./log.js";
import { showReading } from "./reading.js";
import { closeSource, openSource } from "./source.js";

const VIEWS = { ask: showAsk, library: showLibrary, reading: showReading, log: showLog };
const TITLES = { ask: "commonplace", library: "Library", reading: "Reading list", log: "Log" };
let leave = () => {};
let shown = "";
let beneath = null; // the address of the view that a source was opened over

/** #/ , #/library, #/reading, #/log, #/ask/QUESTION, #/search/QUERY, #/source/ID */
async function route(event) {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const detail = decodeURIComponent(rest.join("/"));
  if (name === "source") {
    if (!shown) await show("ask", "", "");
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
  const view = name in VIEWS ? name : "ask";
  await show(view, detail, name);
}

async function show(view, detail, name) {
  leave();
  leave = () => {};
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = view === "ask" ? "commonplace" : `${TITLES[view]} · commonplace`;
  const main = byId("main");
  if (shown && shown !== view) main.focus({ preventScroll: true });
  shown = view;
  try {
    leave = (await VIEWS[view](main, detail, name, await me())) ?? (() => {});
  } catch (error) {
    main.replaceChildren(problem(error, route));
  }
}

let known = null;
async function me() {
  known ??= await get("/api/me");
  return known;
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

byId("theme").addEventListener("click", toggleTheme);
byId("show-keys").addEventListener("click", installKeys({ toggleTheme }));
addEventListener("hashchange", route);
byId("main").append(h("p", { class: "loading" }, "opening the library"));
route();
