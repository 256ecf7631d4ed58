// The library: every file with its state and why, what is being added, and a place to drop more.

import { get, post, remove } from "../parts/api.js";
import { confirmed } from "../parts/confirm.js";
import { folderAndName, h, icon, plural, problem, shortPath } from "../parts/dom.js";
import { dropZone } from "../parts/drop.js";
import { drawJob, followJob } from "./jobs.js";

const SHOWN = 200;
const LOOK_MS = 1500; // between two looks for jobs that others began
const STATES = ["skipped", "stale", "superseded", "indexed"]; // what needs attention first

export async function showLibrary(main, detail, name, me) {
  const writes = me.role === "write";
  const jobs = h("div", { class: "jobs" });
  const list = h("div", {});
  const search = h("input", { type: "search", placeholder: "Which files?", "aria-label": "Show only files whose path holds", oninput: draw });
  const summaryLine = h("span", { class: "about" });
  main.replaceChildren(h("h1", {}, "Library"), writes ? dropZone(me.upload_bytes, followUpload) : "", jobs,
    h("div", { class: "controls" }, search, summaryLine), watched(me), list);
  let files = [];
  let totals = {};
  const followed = new Set(); // jobs that are followed, or had ended before
  const closing = new AbortController();
  let turn = Promise.resolve();

  async function load() {
    ({ files, totals } = await get("/api/files", {}, closing.signal));
    files.sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.path.localeCompare(b.path));
    draw();
  }

  function draw() {
    const query = search.value.trim().toLowerCase();
    const matching = files.filter((file) => file.path.toLowerCase().includes(query));
    const focusedKey = document.activeElement?.dataset.key; // the focus stays on the button that had it
    summaryLine.textContent = summary(totals);
    list.replaceChildren(
      files.length ? table(matching, writes, act) : h("p", { class: "lead" }, "Nothing is here yet."),
      matching.length > SHOWN ? h("p", { class: "about" }, `and ${plural(matching.length - SHOWN, "more file")}; write a part of the path above`) : "",
      files.length && !matching.length ? h("p", { class: "quiet" }, "No path holds this.") : "");
    if (focusedKey) [...list.querySelectorAll("[data-key]")].find((button) => button.dataset.key === focusedKey)?.focus();
  }

  async function act(kind, file) {
    const [, label] = folderAndName(file.path);
    if (kind === "remove" && !await confirmed(`Remove ${label}?`, file.uploaded
      ? "It leaves every index, old version and cache. It was uploaded here, so the file itself is deleted too."
      : "It leaves every index, old version and cache. The file itself stays where it is.", "Remove")) return;
    try {
      follow(await (kind === "remove" ? remove("/api/files", { path: file.path }) : post("/api/files/read", { path: file.path })));
    } catch (error) {
      jobs.prepend(problem(error));
    }
  }

  /** A line from the moment that a file is on its way. */
  async function followUpload(label, arriving) {
    const line = h("div", { class: "job waiting" }, h("p", {}, "Sending ", h("span", { class: "path" }, label)), h("progress", { "aria-label": `Sending ${label}` }));
    jobs.prepend(line);
    try {
      follow(await arriving, line);
    } catch (error) {
      line.remove();
      throw error;
    }
  }

  /** One stream at a time: jobs are done in turn, and a browser has few connections. */
  function follow(job, line) {
    if (followed.has(job.id)) { line?.remove(); return; }
    followed.add(job.id);
    const element = line ?? h("div", {});
    if (!line) jobs.prepend(element);
    drawJob(element, job, writes);
    turn = turn.then(() => followJob(job, element, closing.signal, writes)).then(load).catch((error) => {
      if (error.name === "AbortError") return;
      element.hidden = false;
      element.replaceChildren(problem(error));
    });
  }

  /** Jobs that others began: the folders that are watched, another page. Short ones may have ended already. */
  async function look() {
    const { jobs: current } = await get("/api/jobs", {}, closing.signal);
    for (const job of current.reverse()) follow(job);
  }

  const before = (await get("/api/jobs", {}, closing.signal)).jobs;
  for (const job of before) if (!["waiting", "running"].includes(job.state)) followed.add(job.id);
  await load();
  before.forEach((job) => follow(job));
  const timer = setInterval(() => look().catch(() => {}), LOOK_MS);
  return () => { clearInterval(timer); closing.abort(); };
}

function summary(totals) {
  const parts = [plural(totals.indexed, "file"), plural(totals.passages, "passage")];
  for (const state of ["skipped", "stale", "superseded"]) if (totals[state]) parts.push(`${totals[state].toLocaleString()} ${state}`);
  if (totals.vectors < totals.passages) parts.push(`${totals.vectors.toLocaleString()} with vectors`);
  return parts.join(" · ");
}

function watched(me) {
  return me.watched.length ? h("p", { class: "about" }, "Kept current by itself: ",
    me.watched.map((path, at) => [at > 0 && ", ", h("span", { title: path }, shortPath(path))])) : "";
}

function table(files, writes, act) {
  return h("table", { class: "files" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "File"), h("th", { scope: "col" }, "State"), h("th", { scope: "col", class: "number" }, "Passages"),
      writes && h("th", { scope: "col" }, h("span", { class: "unseen" }, "Actions")))),
    h("tbody", {}, files.slice(0, SHOWN).map((file) => row(file, writes, act))));
}

function row(file, writes, act) {
  const [folder, name] = folderAndName(file.path);
  const button = (kind, content, label) => h("button", { type: "button", class: "plain small", "data-key": `${kind} ${file.path}`,
    "data-stop": kind === "read", onclick: () => act(kind, file), "aria-label": label, title: label }, content);
  return h("tr", { class: file.state },
    h("th", { scope: "row", title: file.path }, h("span", { class: "name" }, name), h("span", { class: "place" }, file.uploaded ? "uploaded" : shortPath(folder, 3))),
    h("td", {}, h("span", { class: "state" }, file.state), file.reason && h("span", { class: "reason" }, file.reason)),
    h("td", { class: "number" }, file.passages.toLocaleString(), h("span", { class: "unit" }, file.passages === 1 ? " passage" : " passages")),
    writes && h("td", { class: "acts" }, button("read", "read again", `Read ${name} again`), button("remove", icon("close"), `Remove ${name}`)));
}
