// A citation in its place: the text around it, scrolled to it and marked, or the drawn PDF page.

import { ApiError, get } from "../parts/api.js";
import { byId, day, h, icon, problem, shortPath } from "../parts/dom.js";
import { placeOf, placeWithin } from "../parts/place.js";

const AROUND = 20000; // characters before and after; the whole of nearly every note
const GONE = "The library does not hold this passage any more: its file was changed or removed, or the address is not whole.";
let openCount = 0; // how often; a slow source must not come up in place of a later one

export async function openSource(id) {
  const opening = ++openCount;
  const dialog = byId("source");
  if (!dialog.open) dialog.showModal();
  fill(dialog, frame("Opening", h("p", { class: "loading body" }, "opening the source")));
  dialog.onclose = leaveSource;
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  try {
    const citation = await get(`/api/passages/${encodeURIComponent(id)}`, { around: AROUND });
    if (opening !== openCount) return;
    fill(dialog, frame(citation.title || placeOf(citation), content(citation, id), citation));
    dialog.querySelector("mark.here")?.scrollIntoView({ block: "center" });
    await scrollToBox(dialog, citation.locator);
  } catch (error) {
    if (opening !== openCount) return;
    const reason = error.kind === "InputError" ? new ApiError(GONE, 400) : error;
    fill(dialog, frame("The source cannot be shown", h("div", { class: "body" }, problem(reason, () => openSource(id)))));
  }
}

const MARGIN = 12; // pixels left of the words
const POINT = 2; // pixels of the drawn page for one point of the PDF

/** Once the page is there, scroll to its first box; boxes count from the lower left corner. */
async function scrollToBox(dialog, { boxes }) {
  const page = dialog.querySelector("img.here");
  if (!page) return;
  try {
    await page.decode();
  } catch {
    page.replaceWith(problem(new Error("The page could not be drawn.")));
    return;
  }
  const [width, height] = [page.naturalWidth / POINT, page.naturalHeight / POINT];
  const top = Math.max(0, 1 - Math.max(...boxes.map((box) => box.top)) / height);
  const left = Math.min(...boxes.map((box) => box.left)) / width;
  const body = page.parentElement;
  body.scrollLeft = page.offsetLeft - body.offsetLeft + left * page.clientWidth - MARGIN; // where it is wider than the window
  body.scrollTop = page.offsetTop - body.offsetTop + top * page.clientHeight - body.clientHeight / 3;
}

/** The focus stays on what closes it, whatever is filled in. */
function fill(dialog, content) {
  dialog.replaceChildren(content);
  dialog.querySelector("button").focus({ preventScroll: true });
}

export function closeSource() {
  if (byId("source").open) byId("source").close();
}

/** The dialog itself gives the focus back to what had it. */
function leaveSource() {
  // Back only where a view of ours is beneath; the address may have been opened from elsewhere.
  if (location.hash.startsWith("#/source/")) history.state?.beneath ? history.back() : location.replace("#/");
}

function frame(title, body, citation) {
  return h("div", { class: "sheet" },
    h("header", {},
      h("div", {}, h("h2", { id: "source-title" }, title),
        citation && h("p", { class: "place", title: citation.path }, [placeWithin(citation), `written ${day(citation.written_at)}`, shortPath(citation.path)].filter(Boolean).join(" · "))),
      h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => byId("source").close() }, icon("close"))),
    body);
}

function content(citation, id) {
  const changed = citation.changed && h("p", { class: "changed", role: "note" },
    `This source has changed: ${citation.changed}. These are the words as they were read.`);
  if (citation.picture) {
    return h("div", { class: "body", tabindex: 0, role: "region", "aria-label": "The page" }, changed,
      h("img", { class: "page here", src: `/api/passages/${encodeURIComponent(id)}/page`,
        alt: `Page ${citation.locator.page} of ${citation.title}, with these words marked: ${citation.words}` }));
  }
  const prose = citation.kind !== "code";
  return h("div", { class: "body", tabindex: 0, role: "region", "aria-label": "The text" }, changed,
    h("div", { class: prose ? "text" : "text code" },
      citation.before.length >= AROUND && "… ", citation.before, h("mark", { class: "here" }, citation.words), citation.after,
      citation.after.length >= AROUND && " …"));
}
