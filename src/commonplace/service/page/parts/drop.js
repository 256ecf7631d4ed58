// Where files are dropped or chosen; each is sent in turn. What falls anywhere else on the page lands here too.

import { upload } from "./api.js";
import { h } from "./dom.js";

let zoneShown = null; // {zone, send}
let waiting = []; // files that fell where no zone is; the next one takes them

/** Take what falls onto the page, whichever view is shown, if `mayAdd` says so. */
export function takeDrops(mayAdd) {
  const over = (is) => zoneShown?.zone.classList.toggle("over", is);
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return; // words that are dragged into the box
    event.preventDefault(); // else the file replaces the page
    over(true);
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
  addEventListener("drop", async (event) => {
    const files = filesOf(event.dataTransfer);
    if (!files.length) return;
    event.preventDefault();
    over(false);
    if (document.querySelector("dialog[open]") || !await mayAdd()) return;
    if (zoneShown?.zone.isConnected) return zoneShown.send(files);
    waiting.push(...files);
    location.hash = "#/library";
  });
}

/** `sent` is told the job of each file that has arrived, or a promise of it while it is on its way. */
export function dropZone(limit, onupload) {
  const picker = h("input", { type: "file", multiple: true, id: "picker", class: "unseen", onchange: () => send([...picker.files]) });
  const failures = h("div", { role: "alert" });
  const zone = h("div", { class: "drop" },
    h("p", {}, "Drop notes, papers and pages here, or ", picker, h("label", { for: "picker", class: "link" }, "choose files"), "."),
    h("p", { class: "quiet small" }, "They are kept in the library. The same name again is a newer version."), failures);

  async function send(files) {
    failures.replaceChildren();
    const names = namesApart(files);
    for (const [at, file] of files.entries()) {
      try {
        await onupload(names[at], uploadOf(file, names[at]));
      } catch (error) {
        failures.append(h("p", { class: "problem-line" }, `${file.name}: ${error.message}`));
      }
    }
    picker.value = "";
  }

  async function uploadOf(file, name) {
    if (file.folder) throw new Error("a folder is added where it lies: commonplace add, or serve --watch");
    if (file.size > limit) throw new Error(`it is larger than the ${(limit / 1e6).toFixed(0)} MB that are taken`);
    return upload(file, name);
  }
  zoneShown = { zone, send };
  send(waiting.splice(0));
  return zone;
}

/** A name for each of some files that come at once: of one name the second is "notes (2).md". */
function namesApart(files) {
  const taken = new Set();
  return files.map(({ name }) => {
    const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/s.exec(name);
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = `${stem} (${number})${suffix ?? ""}`;
    taken.add(free);
    return free;
  });
}

/** The files of a drop; a folder cannot be sent, so it is only named. */
function filesOf(transfer) {
  return [...transfer?.items ?? []].filter((item) => item.kind === "file").map((item) => {
    const entry = item.webkitGetAsEntry?.();
    return entry?.isDirectory ? { name: entry.name, folder: true } : item.getAsFile();
  });
}
