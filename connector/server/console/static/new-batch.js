// A new batch: its file is checked as soon as it is chosen, columns are mapped, mistakes stand in a table.

import { upload } from "./drop.js";
import { all, busy, call, debounced, make, number, one } from "./kit.js";
import { clearProblems, showProblems } from "./problems.js";

const form = one("[data-new-batch]"), fields = form.elements;
const begin = one("[data-begin]"), checked = one("[data-checked]"), said = checked.textContent;
const columns = one("[data-columns]"), mistakes = one("[data-mistakes]");
const GUESS = /did you mean '([^']+)'/;
let file = null; // the reference of the rows, once they are up
let turn = 0;
let coming = null; // what the choice of a file began
let latest = null; // what comes of the newest look through the rows

const subjectPath = () => `/api/${fields.subject.selectedOptions[0].closest("optgroup").dataset.kind}/${encodeURIComponent(fields.subject.value)}`;

function asked() {
  const { environment, connection } = fields.place.selectedOptions[0]?.dataset || {};
  const mapped = Object.fromEntries(all("select", columns).map((each) => [each.dataset.column, each.value]));
  const told = { subject: fields.subject.value, file, environment, connection, limit_credits: fields.limit_credits.value && Number(fields.limit_credits.value) };
  if (Object.keys(mapped).length) told.columns = mapped;
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== "" && value !== undefined));
}

/** Looks through the rows as they are; whether they can be begun, also where a newer look takes its place. */
const check = () => (latest = look());

async function look() {
  if (!file) return false;
  const mine = ++turn;
  checked.textContent = "Looking through the rows...";
  try {
    const found = await call("POST", "/api/batches/check", asked());
    if (mine !== turn) return latest;
    clear();
    const isFree = fields.place.selectedOptions[0]?.dataset.kind === "free";
    const price = found.credits === null ? "a price that is not known" : `${number(found.credits)} credit${found.credits === 1 ? "" : "s"}`;
    checked.textContent = `${number(found.rows)} row${found.rows === 1 ? "" : "s"}, ${isFree ? `free (${price} where it is billed)` : price}. ${found.seconds === null ? "Time" : `About ${lasting(found.seconds)}`}: ${found.seconds_from}. ${found.warnings.join(" ")}`;
    return true;
  } catch (error) {
    if (mine !== turn) return latest;
    tell(error);
    return false;
  }
}

const lasting = (seconds) => (seconds < 90 ? `${Math.ceil(seconds)} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${number(Math.round(seconds / 360) / 10)} h`);

function clear() {
  clearProblems(form);
  mistakes.hidden = true;
  checked.textContent = said;
}

/** What is wrong: columns get a choice of inputs, rows a line of the table, the rest its field. */
function tell(error) {
  clear();
  const placed = error.problems.map((each) => ({ ...each, at: /^items\.(\d+)(?:\.(.*))?$/.exec(each.field || "") }));
  const unknown = placed.filter(({ at, message }) => at?.[2] && message.startsWith("is no input"));
  const mapped = unknown.filter(({ at, message }) => mapping(at[2], GUESS.exec(message)?.[1]));
  const lines = placed.filter((each) => each.at && !unknown.includes(each));
  one("tbody", mistakes).replaceChildren(...lines.map(({ at, message }) => line(at[1], at[2] || "", message)));
  mistakes.hidden = !lines.length;
  const others = placed.filter((each) => !each.at).map(({ field, message }) => ({ field, message }));
  if (others.length || !placed.length) showProblems(form, others, placed.length ? "" : error.message);
  const count = lines.length ? `${lines.length} mistake${lines.length === 1 ? "" : "s"} in the rows` : "some columns are no inputs";
  if (placed.length > others.length) checked.textContent = `${count}. Nothing was sent; mend the file and choose it again.`;
  if (mapped.length) check();
}

const line = (row, column, message) => make("tr", {}, make("th", { scope: "row", textContent: row }), make("td", {}, make("code", { textContent: column })), make("td", { textContent: message }));

/** Adds a choice for a column: the input that it is, or that it is none; whether there was none yet. */
function mapping(column, guess) {
  if (all("select", columns).some((each) => each.dataset.column === column)) return false;
  const choice = make("select", { data: { column } }, make("option", { value: "", textContent: "leave it out" }));
  choice.append(...inputs.map(([name, title]) => make("option", { value: name, textContent: title, selected: name === guess })));
  columns.append(make("label", { className: "column" }, make("code", { textContent: column }), " is ", choice));
  columns.hidden = false;
  return true;
}

let inputs = [];
async function known() {
  const { inputs: schema, examples } = await call("GET", subjectPath());
  inputs = Object.entries(schema.properties).map(([name, each]) => [name, each.title || name]);
  return examples?.[0]?.arguments ?? {};
}

const quoted = (value) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** A table of the action's inputs, with the values of its first example. */
async function sample() {
  const example = await known();
  const cells = inputs.map(([name]) => example[name] ?? "").map((value) => quoted(typeof value === "string" ? value : JSON.stringify(value)));
  const text = `${inputs.map(([name]) => quoted(name)).join(",")}\r\n${cells.join(",")}\r\n`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  make("a", { href: address, download: `${fields.subject.value}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

async function again() {
  for (const each of all("label", columns)) each.remove();
  columns.hidden = true;
  clear();
  turn += 1;
  latest = false;
  file = null;
  if (!fields.rows.files.length) return;
  try {
    await known();
    file = (await upload(fields.rows.files[0])).file;
    await check();
  } catch (error) {
    showProblems(form, error.problems || [], error.problems?.length ? "" : error.message);
  }
}

function tellPlace() {
  begin.dataset.kind = fields.place.selectedOptions[0]?.dataset.kind || "";
}

for (const each of [fields.subject, fields.rows]) each.addEventListener("change", () => (coming = again()));
// A file that was mended and is chosen again is no change to a browser, unless there is none before.
fields.rows.addEventListener("click", () => (fields.rows.value = ""));
for (const each of [fields.place, columns]) each.addEventListener("change", check);
fields.place.addEventListener("change", tellPlace);
fields.limit_credits.addEventListener("input", debounced(check, 400));
one("[data-sample-rows]").addEventListener("click", (event) => busy(event.currentTarget, sample));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(begin, async () => {
    await coming;
    if (!file) return showProblems(form, [{ field: "file", message: "is required" }]);
    if (!(await check())) return (mistakes.hidden ? one("[data-form-problems]", form) : mistakes).scrollIntoView({ block: "nearest" });
    const batch = await call("POST", "/api/batches", asked());
    return location.assign(`/batches/${encodeURIComponent(batch.id)}`);
  });
});
tellPlace();
