// What changes the library, while it does: a line for each job, how far it is, what became of the files.

import { events, remove } from "../parts/api.js";
import { announce, h, problem, shortPath } from "../parts/dom.js";

const VERBS = { add: "Adding", read: "Reading again", remove: "Removing", watch: "Looking through" };
const runs = (job) => job.state === "waiting" || job.state === "running";

/** A line that follows a job until it has ended. */
export async function followJob(job, element, signal, mayStop) {
  for await (const [, record] of events(`/api/jobs/${job.id}/events`, null, signal)) drawJob(element, record, mayStop);
}

export function drawJob(element, job, mayStop) {
  const counts = Object.entries(job.counts).filter(([what]) => what !== "unchanged").map(([what, count]) => `${count} ${what}`);
  const quiet = job.kind === "watch" && job.state === "done" && !counts.length;
  element.hidden = quiet || (job.kind === "watch" && !job.files.length && runs(job));
  element.className = `job ${job.state}`;
  const state = job.state === "done" ? counts.join(", ") || "unchanged" : job.state;
  element.replaceChildren(
    h("p", { class: "what" }, `${VERBS[job.kind]} `, h("span", { class: "path" }, shortPath(job.label)), " ", h("span", { class: "state" }, state),
      mayStop && runs(job) && h("button", { type: "button", class: "plain small", onclick: () => stop(job, element) }, "stop")),
    ...progressOf(job),
    job.message && h("p", { class: "problem-line" }, job.message) || "",
    ...job.files.filter((file) => file.outcome === "skipped")
      .map((file) => h("p", { class: "problem-line" }, `${shortPath(file.path)}: ${file.reason}`)));
  if (!runs(job) && !quiet) announce(`${VERBS[job.kind]} ${job.label}: ${state}`);
}

/** How far the present stage is; without a total nobody knows, and the bar says so. */
function progressOf(job) {
  const stage = runs(job) && job.progress.at(-1);
  if (!stage) return [];
  const label = `${stage.stage}: ${stage.done.toLocaleString()}${stage.total ? ` of ${stage.total.toLocaleString()}` : ""} ${stage.unit}`;
  const extent = stage.total ? { value: stage.done, max: stage.total } : {};
  return [h("progress", { ...extent, "aria-label": label }), h("p", { class: "about" }, label)];
}

async function stop(job, element) {
  try {
    await remove(`/api/jobs/${job.id}`);
  } catch (error) {
    element.append(problem(error));
  }
}
