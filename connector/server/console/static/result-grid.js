// The results of what was varied, as a table with the values at its edges, while its batch goes on and after.

import { call, make, one, Refusal } from "./kit.js";
import { plural } from "./combinations.js";

const EVERY = 1500;
const id = encodeURIComponent;

/** What the address says of a table: its axes, and how many results each of its cells has. */
export function gridOf(hash) {
  try {
    const { axes, each } = JSON.parse(new URLSearchParams(hash.slice(1)).get("grid"));
    const isFit = axes.length > 0 && axes.length < 3 && each > 0 && axes.every(({ label, values }) => typeof label === "string" && values.length > 0);
    return isFit ? { axes, each } : null;
  } catch {
    return null; // there is none
  }
}

export const told = (axes, each) => `#${new URLSearchParams({ grid: JSON.stringify({ axes: axes.map(({ label, values }) => ({ label, values })), each }) })}`;

/** Follows a batch in `place`, each of its rows in its cell, until all have ended. */
export async function followGrid(batch, place, { axes, each }) {
  const [across, down] = axes, cells = [], said = make("p", { role: "status", data: { testid: "grid-said" } });
  const link = make("a", { href: `/batches/${id(batch)}` });
  const compare = make("a", { className: "button small", href: "/compare", hidden: true, textContent: "Compare the two", data: { comparePicked: "", testid: "grid-compare" } });
  place.replaceChildren(make("section", { className: "grid-results", data: { picking: "", testid: "grid" }, aria: { label: "Results of what was varied", live: "off" } }, make("header", {}, said, link, compare), table(across, down, each, cells)));
  for (let goes = true, seen = new Map(); goes; ) {
    try {
      const [told, { rows }] = await Promise.all([call("GET", `/api/batches/${id(batch)}`), call("GET", `/api/batches/${id(batch)}/rows?limit=500`)]);
      goes = told.state === "feeding";
      await Promise.all(rows.map((row) => fillIn(cells[row.number - 1], row, seen)));
      const bad = told.ended - (told.rows.succeeded || 0);
      const isFree = one(`[data-place] option[data-kind="free"][data-environment="${CSS.escape(told.environment)}"]`);
      said.textContent = `${told.rows.succeeded || 0} of ${told.total} done${bad ? `, ${bad} without a result` : ""}; ${isFree ? "free" : plural(told.credits)}`;
      link.textContent = goes ? "Stop it, or come back to it later" : "The batch";
    } catch (error) {
      if (error instanceof Refusal && error.told.status) throw error; // there is no such batch; else the host is away
    }
    if (goes) await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

const words = (value) => ({ true: "yes", false: "no" })[value] ?? String(value);

function table(across, down, each, cells) {
  const head = make("tr", {}, down ? make("td", { className: "muted", textContent: `${down.label} / ${across.label}` }) : "", ...across.values.map((value) => make("th", { scope: "col", textContent: words(value) })));
  const order = across.values.map(() => []); // the rows of the batch go down first within each column
  for (const column of order) for (let at = 0; at < (down?.values.length || 1); at += 1) column.push(cell(each, cells));
  const lines = (down?.values || [null]).map((value, at) => make("tr", {}, down ? make("th", { scope: "row", textContent: words(value) }) : "", ...order.map((column) => column[at])));
  return make("div", { className: "scroll", tabIndex: 0, role: "group", aria: { label: "Table of the results" } }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines)));
}

function cell(each, cells) {
  const made = make("td");
  for (let at = 0; at < each; at += 1) {
    cells.push(make("div", { className: "grid-cell" }, make("span", { className: "thumb muted", textContent: "waits" })));
    made.append(cells.at(-1));
  }
  return made;
}

/** Shows what a row gave; it leads back into the form, with its inputs. */
async function fillIn(place, row, seen) {
  if (!place || seen.get(row.number) === row.state) return;
  seen.set(row.number, row.state);
  const state = make("span", { className: "thumb muted", textContent: { pending: "waits", running: "under way" }[row.state] || row.outcome || row.state });
  if (!row.run_id || ["pending", "running"].includes(row.state)) return place.replaceChildren(state);
  const { run } = await call("GET", `/api/runs/${id(row.run_id)}`);
  const open = make("a", { href: `?run=${id(row.run_id)}`, title: row.message || "Open it in the form", aria: { label: `Result ${row.number}` } }, state);
  if (run.state !== "succeeded" || !run.file) return place.replaceChildren(open);
  const image = make("img", { src: `/api/files/${id(run.file)}/thumbnail`, alt: "" });
  image.addEventListener("error", () => image.replaceWith("open")); // it is no picture
  state.replaceChildren(image);
  const pick = make("label", { className: "pick" }, make("input", { type: "checkbox", data: { pickRun: row.run_id } }), make("span", { className: "visually-hidden", textContent: `Compare result ${row.number}` }));
  return place.replaceChildren(open, pick);
}
