// The library: every file with its state and why, what is being added, and a place to drop more.

import { events, get, post, remove, upload } from "./api.js";
import { announce, h, icon, plural, problem, shortPath } from "./dom.js";

const SHOWN = 200;
const STATES = ["skipped", "stale", "superseded", "indexed"]; // what needs attention first

export async function showLibrary(main, detail, name, me) {
  const jobs = h("div", { class: "jobs", "aria-live": "polite" });
  const list = h("div", {});
  const search = h("input", { type: "search", placeholder: "Which files?", "aria-label": "Show only files whose path holds", oninput: draw });
  main.replaceChildren(h("h1", {}, "Library"), me.role === "write" ? dropZone(me, follow) : "", watched(me), jobs,
    h("div", { class: "listed" }, search, list));
  let files = [];
  let totals = {};
  const followed = new Set();

  async function load() {
    ({ files, totals } = await get("/api/files"));
    files.sort((one, two) => STATES.indexOf(one.state) - STATES.indexOf(two.state) || one.path.localeCompare(two.path));
    draw();
  }

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    const found = files.filter((file) => file.path.toLowerCase().includes(wanted));
    list.replaceChildren(
      h("p", { class: "about" }, summary(totals)),
      files.length ? table(found, me, act) : h("p", { class: "quiet" }, "Nothing is here yet."),
      found.length > SHOWN && h("p", { class: "about" }, `and ${plural(found.length - SHOWN, "more file")}; write a part of the path above`) || "");
  }

  async function act(kind, file) {
    if (kind === "remove" && !confirm(`Remove ${file.path} from the library?${file.uploaded ? " The upload is deleted." : " The file itself stays where it is."}`)) return;
    try {
      follow(await (kind === "remove" ? remove("/api/files", { path: file.path }) : post("/api/files/read", { path: file.path })));
    } catch (error) {
      jobs.prepend(problem(error));
    }
  }

  /** Show a job, and how far it is, until it has ended. */
  async function follow(job) {
    if (followed.has(job.id)) return;
    followed.add(job.id);
    const element = h("div", { class: "job" });
    jobs.prepend(element);
    try {
      for await (const [, record] of events(`/api/jobs/${job.id}/events`, null, gone.signal)) jobView(element, record);
      await load();
    } catch (error) {
      if (error.name !== "AbortError") element.replaceChildren(problem(error));
    }
  }

  const gone = new AbortController();
  const look = async () => {
    const known = (await get("/api/jobs", {}, gone.signal)).jobs;
    known.filter((job) => ["waiting", "running"].includes(job.state)).forEach(follow);
  };
  const timer = setInterval(() => look().catch(() => {}), 1500);
  await load();
  await look();
  return () => { clearInterval(timer); gone.abort(); };
}

function summary(totals) {
  const parts = [plural(totals.indexed, "file"), plural(totals.passages, "passage")];
  for (const state of ["skipped", "stale", "superseded"]) if (totals[state]) parts.push(`${totals[state].toLocaleString()} ${state}`);
  if (totals.vectors < totals.passages) parts.push(`${totals.vectors.toLocaleString()} with vectors`);
  return parts.join(" · ");
}

function watched(me) {
  return me.watched.length ? h("p", { class: "about" }, "kept current by itself: ",
    me.watched.map((path, at) => [at > 0 && ", ", h("span", { title: path }, shortPath(path))])) : "";
}

function dropZone(me, follow) {
  const picker = h("input", { type: "file", multiple: true, id: "picker", class: "unseen", onchange: () => send([...picker.files]) });
  const said = h("p", { class: "problem-line", role: "alert" });
  const zone = h("div", { class: "drop",
    ondragover: (event) => { event.preventDefault(); zone.classList.add("over"); },
    ondragleave: () => zone.classList.remove("over"),
    ondrop: (event) => { event.preventDefault(); zone.classList.remove("over"); send([...event.dataTransfer.files]); } },
  h("p", {}, "Drop notes, papers and pages here, or ", picker, h("label", { for: "picker", class: "link" }, "choose files"), "."),
  h("p", { class: "quiet" }, "They are kept in the library. The same name again is a newer version."), said);
  async function send(files) {
    said.textContent = "";
    for (const file of files) {
      try {
        if (file.size > me.upload_bytes) throw new Error(`${file.name} is larger than the ${(me.upload_bytes / 1e6).toFixed(0)} MB that are taken`);
        follow(await upload(file));
      } catch (error) {
        said.textContent = `${file.name}: ${error.message}`;
      }
    }
    picker.value = "";
  }
  return zone;
}

const VERBS = { add: "Adding", read: "Reading again", remove: "Removing", watch: "Looking through" };

function jobView(element, job) {
  const running = ["waiting", "running"].includes(job.state);
  const stage = job.progress.at(-1);
  const counts = Object.entries(job.counts).filter(([what]) => what !== "unchanged").map(([what, count]) => `${count} ${what}`);
  const troubled = job.files.filter((file) => file.outcome === "skipped");
  const quiet = job.kind === "watch" && !running && !counts.length;
  element.hidden = quiet;
  element.className = `job ${job.state}`;
  element.replaceChildren(
    h("p", {}, `${VERBS[job.kind]} ${shortPath(job.label)} `, h("span", { class: "state" }, job.state === "done" ? counts.join(", ") || "unchanged" : job.state)),
    running && stage ? h("progress", { value: stage.done, max: stage.total ?? undefined, "aria-label": `${stage.stage}: ${stage.done} of ${stage.total ?? "?"} ${stage.unit}` }) : "",
    running && stage ? h("p", { class: "about" }, `${stage.stage}: ${stage.done.toLocaleString()}${stage.total ? ` of ${stage.total.toLocaleString()}` : ""} ${stage.unit}`) : "",
    job.message && h("p", { class: "problem-line" }, job.message) || "",
    ...troubled.map((file) => h("p", { class: "problem-line" }, `${shortPath(file.path)}: ${file.reason}`)));
  if (!running && !quiet) announce(`${VERBS[job.kind]} ${job.label}: ${job.state}`);
}

function table(files, me, act) {
  return h("table", { class: "files" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "File"), h("th", { scope: "col" }, "State"), h("th", { scope: "col", class: "number" }, "Passages"),
      me.role === "write" && h("th", { scope: "col" }, h("span", { class: "unseen" }, "Actions")))),
    h("tbody", {}, files.slice(0, SHOWN).map((file) => h("tr", { class: file.state },
      h("td", { class: "path", title: file.path }, shortPath(file.path, 3)),
      h("td", {}, h("span", { class: "state" }, file.state), file.reason && h("span", { class: "reason" }, file.reason)),
      h("td", { class: "number" }, file.passages.toLocaleString()),
      me.role === "write" && h("td", { class: "acts" },
        h("button", { type: "button", class: "plain small", "data-stop": true, onclick: () => act("read", file), "aria-label": `Read ${shortPath(file.path)} again` }, "read again"),
        h("button", { type: "button", class: "plain small", onclick: () => act("remove", file), "aria-label": `Remove ${shortPath(file.path)}` }, icon("close")))))));
}
