// The plan: whether it holds, its pictures, what breaks, what to order; drawn anew when its folder changes.

import { get } from "./parts/api.js";
import { announce, h, plural, problem, svg } from "./parts/dom.js";

const LOOK = 2000; // milliseconds between two looks at the folder
const FIRST = 6; // sentences of a kind that stand open
const WIDE = 400; // a picture that is wider scrolls in its own place on a small screen

export async function showPlan(main, detail) {
  const { plans } = await get("/api/plans");
  if (!plans.length) {
    main.replaceChildren(h("h1", {}, "Plan"), h("p", { class: "lead" }, "No plan is shown here."),
      h("p", { class: "quiet" }, "Start with ", h("code", {}, "commonplace serve --plan DIR"), " to see whether one holds."));
    return () => {};
  }
  const name = plans.some((plan) => plan.name === detail) ? detail : plans[0].name;
  const body = h("div", { class: "plan" }, h("p", { class: "loading" }, "holding the plan against its network"));
  main.replaceChildren(tabs(plans, name), body);
  const leaving = new AbortController();
  let version = "";
  let drawing = false;

  async function draw() {
    drawing = true;
    const path = `/api/plans/${encodeURIComponent(name)}`;
    try {
      const plan = await get(path, {}, leaving.signal);
      if (version) announce("the plan has changed");
      version = plan.version;
      if (plan.problems.length) {
        body.replaceChildren(...problemsView(plan).filter(Boolean));
        return;
      }
      const orders = h("section", {}, h("h2", {}, "Orders"), h("p", { class: "loading" }, "looking for what to order"));
      body.replaceChildren(...[...verdictView(plan), orders, ...idleView(plan)].filter(Boolean));
      const purchasePlan = await get(`${path}/orders`, {}, leaving.signal);
      orders.replaceChildren(...(purchasePlan.problems.length ? problemsView(purchasePlan) : ordersView(purchasePlan)).filter(Boolean));
    } catch (error) {
      if (error.name !== "AbortError") body.replaceChildren(problem(error, draw));
    } finally {
      drawing = false;
    }
  }

  async function look() {
    if (drawing || document.hidden) return;
    try {
      const now = (await get("/api/plans", {}, leaving.signal)).plans.find((plan) => plan.name === name);
      if (now && now.version !== version) await draw();
    } catch { /* the service is away for a while; the next look says more */ }
  }

  await draw();
  const timer = setInterval(look, LOOK);
  return () => {
    clearInterval(timer);
    leaving.abort();
  };
}

function tabs(plans, name) {
  return plans.length < 2 ? "" : h("nav", { class: "controls", "aria-label": "Plans" }, plans.map((plan) =>
    h("a", { href: `#/plan/${encodeURIComponent(plan.name)}`, "aria-current": plan.name === name ? "true" : null }, plan.name)));
}

function problemsView(plan) {
  const count = plan.problems.length + plan.more_problems;
  return [h("h1", {}, plan.name), h("div", { class: "problem", role: "alert" },
    h("p", {}, `The plan cannot be read: it has ${plural(count, "problem")}.`),
    h("ul", {}, plan.problems.map((sentence) => h("li", {}, sentence))), more(plan.more_problems))];
}

function verdictView(plan) {
  return [h("h1", {}, plan.title), h("p", { class: "about" }, plan.span),
    h("p", { class: plan.feasible ? "verdict" : "verdict broken" }, plan.verdict),
    ...plan.pieces.slice(0, 1).flatMap(piece), ...listView("What breaks", plan.breaks), ...plan.pieces.slice(1).flatMap(piece)];
}

function ordersView(orders) {
  const { purchases } = orders;
  const about = purchases.length
    ? `${plural(purchases.length + orders.more_purchases, "line")}, cost ${Math.round(orders.cost).toLocaleString()}; ${orders.feasible ? "with these the plan holds." : "with these something is still missing."}`
    : "Nothing is to be ordered.";
  return [h("h2", {}, "What to order"), h("p", { class: "quiet" }, about), orders.said && h("p", {}, `${orders.said}.`),
    purchases.length ? scrolling("What to order", h("table", { class: "orders" },
      h("thead", {}, h("tr", {}, ["by", "where", "what"].map((name) => h("th", { scope: "col" }, name)),
        ["units", "cost"].map((name) => h("th", { scope: "col", class: "number" }, name)))),
      h("tbody", {}, purchases.map((purchase) => h("tr", {}, h("td", {}, purchase.by), h("td", {}, purchase.place), h("td", {}, purchase.item),
        h("td", { class: "number" }, purchase.units.toLocaleString()), h("td", { class: "number" }, Math.round(purchase.cost).toLocaleString())))))) : "",
    more(orders.more_purchases),
    ...listView("Late, or not to be had", orders.late), ...listView("Machines and bits", orders.reconciled),
    ...orders.pieces.flatMap((part) => piece({ ...part, heading: "Orders in time" }))];
}

const idleView = (plan) => [...listView("Stranded machines", plan.stranded), ...listView("Idle network gear", plan.idle)];

function listView(heading, { sentences, more: rest }) {
  if (!sentences.length) return [];
  const list = (entries) => h("ul", { class: "reasons" }, entries.map((sentence) => h("li", {}, sentence)));
  const hidden = sentences.slice(FIRST);
  return [h("h2", {}, heading), list(sentences.slice(0, FIRST)),
    hidden.length && h("details", {}, h("summary", {}, `${hidden.length.toLocaleString()} more`), list(hidden), more(rest))];
}

const more = (count) => (count ? h("p", { class: "about" }, `and ${count.toLocaleString()} more; commonplace plan check --json lists all`) : "");

function piece({ heading, words, pictures }) {
  return [h("h2", {}, heading), h("p", { class: "quiet" }, words),
    h("div", { class: pictures.length > 1 ? "steps" : "" }, pictures.map(({ svg: text, caption }) => {
      const picture = copySvg(new DOMParser().parseFromString(text, "image/svg+xml").documentElement);
      return h("figure", {}, picture.getAttribute("width") > WIDE ? scrolling(picture.getAttribute("aria-label"), picture) : picture,
        caption && h("figcaption", {}, caption));
    }))];
}

/** What is wider than a phone moves under a finger, and under the arrows once it has the focus. */
const scrolling = (label, child) => h("div", { class: "scrolling", role: "region", "aria-label": label, tabindex: 0 }, child);

const SHAPES = ["svg", "g", "title", "text", "rect", "line", "polyline", "polygon", "circle"];
const LOOKS = /^(class|role|aria-label|viewBox|width|height|x|y|[xy][12]|cx|cy|r|points|stroke-width)$/;

/** A picture made anew of shapes and their places: nothing else of a text becomes an element. */
function copySvg(element) {
  if (!SHAPES.includes(element.localName)) return "";
  const attributes = [...element.attributes].filter(({ name }) => LOOKS.test(name)).map(({ name, value }) => [name, value]);
  return svg(element.localName, Object.fromEntries(attributes), [...element.childNodes].map((child) =>
    child.nodeType === Node.ELEMENT_NODE ? copySvg(child) : child.nodeType === Node.TEXT_NODE ? child.data : ""));
}
