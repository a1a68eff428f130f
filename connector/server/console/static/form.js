// The form of an action: fields follow the rules, files go up, the price is told, the run is followed.

import { combined, inputsOfEach, MOST, ofTheForm, plural, summed } from "./combinations.js";
import { Draft } from "./drafts.js";
import { Drop, dropOf, takePasted, upload } from "./drop.js";
import { all, busy, call, choose, debounced, number, one, part, Refusal } from "./kit.js";
import { setUpPairs } from "./pairs.js";
import { begin, grow, reach } from "./picture-editors.js";
import { clearProblem, clearProblems, showProblems } from "./problems.js";
import { holds } from "./rules.js";
import { localTimes } from "./times.js";
import { drafted, fill, given, mirrored, present, put, read, values } from "./values.js";

const form = one("[data-action]");
const action = form.dataset.api, isFlow = "flow" in form.dataset;
const prices = JSON.parse(form.dataset.prices || "{}");
const place = one("[data-place]"), price = one("[data-price]"), result = one("[data-result]");
const confirming = one("[data-confirming]"), meant = one("[data-question]", confirming).textContent;
const draft = new Draft(form);
let vary = null; // once somebody wants it
const runView = () => import("./run-view.js");
const remembered = `console.place.${form.dataset.integration}`;

// Fields

async function setUp() {
  setUpPairs(form);
  for (const root of all("[data-drop]", form)) root.addEventListener("filechange", () => reach(form, root));
  for (const root of all("[data-drop]", form)) new Drop(root);
  for (const editor of all("mask-editor", form)) begin(editor);
  for (const root of all("[data-edges]", form)) root.editor = new (await import("./edges.js")).Edges(root);
  for (const root of all("[data-drop]", form)) if (dropOf(root).address) reach(form, root);
  for (const mirror of all("[data-mirror]", form)) mirrored(mirror, document.getElementById(mirror.dataset.mirror));
  takePasted();
}

// Rules

/** Shows and hides fields until nothing changes any more: what is hidden is not given. */
function follows() {
  for (let turn = 0; turn < 4; turn += 1) {
    const known = given(form);
    const changed = all("[data-when]", form).filter((field) => toggle(field, holds(JSON.parse(field.dataset.when), known)));
    if (!changed.length) break;
  }
  followFiles();
  const known = given(form);
  for (const field of all("[data-needed-when]", form)) need(field, holds(JSON.parse(field.dataset.neededWhen), known));
  for (const field of all("[data-changes]", form)) change(field, JSON.parse(field.dataset.changes), known);
}

/** The tab of files is there as long as one of them is. */
function followFiles() {
  const tab = one("#tab-source");
  if (!tab) return;
  const isThere = Boolean(one("#panel-source [data-field]:not([hidden])", form));
  if (tab.hidden !== isThere) return;
  tab.hidden = !isThere;
  choose(isThere ? tab : one("#tab-result"));
}

function toggle(field, isThere) {
  if (field.hidden !== isThere) return false;
  field.hidden = !isThere;
  for (const each of all("input, select, textarea, button", field)) each.disabled = !isThere;
  if (!isThere) clearProblem(field);
  return true;
}

function need(field, isNeeded) {
  const mark = one("[data-need]", field);
  if (mark && !("required" in field.dataset)) mark.hidden = !isNeeded;
}

/** Other limits, another default, fewer choices. */
function change(field, rules, known) {
  const now = Object.assign({}, ...rules.filter(([condition]) => holds(condition, known)).map(([, changed]) => changed));
  const input = one('input[type="number"]', field);
  if (input) limit(field, input, now);
  const allowed = "const" in now ? [now.const] : now.enum;
  const radios = all('input[type="radio"]', field);
  for (const each of radios) each.disabled = Boolean(allowed) && !allowed.includes(JSON.parse(each.value || each.dataset.default || "null"));
  if (one("input:checked:disabled", field)) (radios.find((each) => !each.disabled) || radios[0]).checked = true;
}

function limit(field, input, now) {
  input.before0 ??= { min: input.min, max: input.max, placeholder: input.placeholder };
  const told = one("[data-limits]", field), first = input.before0;
  input.min = now.minimum ?? first.min;
  input.max = now.maximum ?? first.max;
  input.placeholder = now.default ?? first.placeholder;
  const slider = one('input[type="range"]', field);
  if (slider) Object.assign(slider, { min: input.min, max: input.max, value: input.value || input.placeholder });
  if (!told) return;
  told.dataset.first ??= told.textContent;
  told.textContent = now.minimum === undefined && now.maximum === undefined ? told.dataset.first : `${input.min} to ${input.max}`;
}

// Money

function where() {
  const chosen = place.selectedOptions[0]?.dataset || {};
  return Object.fromEntries(Object.entries({ environment: chosen.environment, connection: chosen.connection }).filter(([, name]) => name));
}

const query = (more = {}) => `?${new URLSearchParams({ ...where(), ...more })}`;

const isFree = () => place.selectedOptions[0]?.dataset.kind === "free";

/** The colour and the word of the place, where the eye is when it runs something. */
function tellPlace() {
  const chosen = place.selectedOptions[0];
  one("[data-run]").dataset.kind = place.dataset.kind = chosen?.dataset.kind || "";
  one("[data-place-word]").textContent = chosen?.dataset.environment || "";
  one("[data-usual-time]").textContent = chosen?.dataset.usual || "";
}

/** How many are asked for of each, with seeds of their own; and what is varied. */
const many = () => Number(one("[data-count]")?.value || 1);
const axes = () => vary?.axes ?? [];
const each = (inputs) => inputsOfEach(inputs, axes(), many(), form.elements.seed);

/** What it costs; where nothing is billed that stands beside it, as what it would cost. */
function showPrice(calls, text, why = "") {
  const counted = calls > 1 ? `${calls} calls, ` : "", isKnown = isFree() && text !== "free";
  price.textContent = counted + (isKnown ? "free" : text);
  price.title = why;
  if (isFree()) one("[data-balance]").textContent = isKnown ? `${counted}${text} where it is billed` : "";
}

/** The price by the list where there is one, else what the host reckons once the form is whole. */
function tellPrice() {
  const known = drafted(form), calls = each(known);
  if (prices.by) {
    const credits = calls.reduce((sum, inputs) => sum + prices.values[inputs[prices.by] ?? prices.default], 0);
    showPrice(calls.length, Number.isNaN(credits) ? "price not known" : plural(credits));
    return;
  }
  const isFixed = !isFlow && /^\d+(\.\d+)? credits?$|^free$/.test(price.dataset.static);
  if (isFixed || !isWhole(calls[0])) showPrice(calls.length, summed(calls.length, price.dataset.static));
  else reckoned(known, calls);
}

/** Whether all that is always required is given; before that there is nothing to ask about. */
const isWhole = (known) => present(form).every((field) => !("required" in field.dataset) || field.dataset.field in known);

const reckoned = debounced(async (known, calls) => {
  try {
    const rows = axes().length && { subject: form.dataset.action, items: calls, ...where() };
    const told = rows ? await call("POST", "/api/batches/check", rows) : await call("POST", `${action}/estimate${query()}`, { inputs: known });
    const text = told.credits === null ? (isFlow ? told.why : "price not known") : plural(told.credits);
    showPrice(calls.length, rows ? text : summed(calls.length, text), told.why);
  } catch {
    showPrice(calls.length, summed(calls.length, price.dataset.static)); // the form is not whole yet
  }
}, 350);

let asking = new AbortController();

async function tellBalance() {
  const told = one("[data-balance]");
  asking.abort();
  asking = new AbortController();
  told.title = "";
  if (isFree()) return;
  told.textContent = "";
  try {
    const { credits } = await call("GET", `/api/balance${query({ integration: form.dataset.integration })}`, undefined, { signal: asking.signal });
    told.textContent = `${number(credits)} left`;
  } catch (error) {
    if (error.name === "AbortError") return;
    told.textContent = "balance not known";
    told.title = error.message;
  }
}

// Running

/** All inputs, with files and masks gone up. Throws a Refusal that names the fields that cannot. */
async function ready() {
  const problems = [];
  const attempt = async (field, act) => {
    try {
      return await act();
    } catch (error) {
      const found = error.problems?.length ? error.problems : [{ message: error.message }];
      problems.push(...found.map(({ message }) => ({ field: field.dataset.field, message })));
      return null;
    }
  };
  const masks = {};
  for (const field of present(form)) {
    const drop = one("[data-drop]", field), editor = one("mask-editor", field);
    if (drop) await attempt(field, () => dropOf(drop).ready());
    if (field.dataset.kind === "json") await attempt(field, () => read(field));
    const painted = await editor?.file?.();
    if (painted) masks[field.dataset.field] = await attempt(field, () => sendMask(editor, painted));
  }
  if (problems.length) throw new Refusal({ detail: "", problems });
  return { ...values(form), ...masks };
}

async function sendMask(editor, painted) {
  const facts = await upload(painted);
  import("./mask-history.js").then(({ keep }) => keep(editor, facts)).catch(() => null);
  return facts.file;
}

// So soon after a run the same once more is asked about, where it costs: a second click, a reload, another tab.
const MOMENTS = 20_000;
const startedKey = `console.started.${action}`;

/** The paid run of the same inputs that was begun moments ago, or goes on still; else null. */
async function justStarted(same) {
  const last = JSON.parse(localStorage.getItem(startedKey) || "null");
  if (isFree() || last?.same !== same) return null;
  const found = await call("GET", last.path).catch(() => null);
  const goesOn = ["queued", "running", "feeding"].includes((found?.run ?? found)?.state);
  return goesOn || (found && Date.now() - last.at < MOMENTS) ? { ...last, goesOn } : null;
}

/** Remembers what was begun, for every tab of this browser. */
function remember(same, path) {
  localStorage.setItem(startedKey, JSON.stringify({ same, path, at: Date.now() }));
  import("./text-history.js").then(({ keep }) => keep(form)).catch(() => null); // a full browser stops no run
}

function ask(question) {
  one("[data-question]", confirming).textContent = question;
  confirming.hidden = false;
  one("button", confirming).focus();
}

/** Runs it. What is hardly meant is sent only once somebody has said so: `accept` is the query that says it. */
async function run(accept = {}, again = false) {
  clearProblems(form);
  confirming.hidden = true;
  try {
    const same = JSON.stringify([where(), many(), axes(), given(form), all("mask-editor", form).map((each) => each.changes)]);
    const before = !again && (await justStarted(same));
    if (before) {
      const when = before.goesOn ? "is still under way" : `was run ${Math.round((Date.now() - before.at) / 1000)} s ago`;
      return ask(`The same ${when}. Running it again is ${price.textContent} once more.`);
    }
    await runView(); // so that it is there as soon as the run has begun
    const calls = each(await ready()), [inputs] = calls;
    if (calls.length > MOST) return showProblems(form, [], `A table has at most ${MOST} calls; these are ${calls.length}.`);
    const { problems } = await call("POST", `${action}/check${query(accept)}`, { inputs });
    const wrong = problems.filter((each) => each.severity !== "warning");
    if (wrong.length && wrong.every((each) => each.severity === "question")) ask(meant);
    if (wrong.length) return showProblems(form, wrong);
    if (calls.length > 1) return await runMany(calls, accept, same);
    const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const headers = { "content-type": "application/json", "idempotency-key": key };
    const how = isFlow ? accept : { ...accept, wait: "false", on_filtered: "return" };
    const started = await call("POST", `${action}${query(how)}`, { inputs }, { headers });
    const { id } = started.run;
    remember(same, `/api/runs/${encodeURIComponent(id)}`);
    draft.clear();
    history.replaceState({ ran: id }, "", `?${new URLSearchParams({ run: id })}`);
    await watch(id);
  } catch (error) {
    showProblems(form, error.problems || [], error.problems?.length ? "" : error.message);
  }
  return undefined;
}

/** Several calls as a batch: it goes on without the page, and can be stopped and resumed. */
async function runMany(items, accept, same) {
  const asked = { subject: form.dataset.action, items, ...where(), ...(accept.accept_warnings ? { accept_warnings: true } : {}) };
  const { id } = await call("POST", "/api/batches", asked).catch((error) => {
    throw Object.assign(error, { problems: ofTheForm(error.problems) });
  });
  remember(same, `/api/batches/${encodeURIComponent(id)}`);
  const table = axes().length ? (await import("./result-grid.js")).told(axes(), items.length / combined(axes()).length) : "";
  history.replaceState({}, "", `?${new URLSearchParams({ batch: id })}${table}`);
  draft.keep();
  return watchBatch(id);
}

async function watchBatch(id) {
  const tab = one("#tab-result");
  if (tab) choose(tab);
  const view = location.hash && (await import("./result-grid.js")), grid = view && view.gridOf(location.hash);
  await (grid ? view.followGrid(id, result, grid) : (await runView()).followBatch(id, result));
  lastResults();
  tellBalance();
}

/** The last results stand below the one that is shown. */
async function lastResults() {
  const shown = one("[data-results]");
  const found = await part(`/results?${new URLSearchParams({ of: shown.dataset.of })}`).catch(() => null);
  if (!found) return; // the host is away; what was seen stays
  shown.replaceChildren(found);
  localTimes(shown);
}

/** Follows a run to its end; the focus goes on to the result, unless it went elsewhere meanwhile. */
async function watch(id) {
  const tab = one("#tab-result"), word = one("[data-run-word]"), from = document.activeElement;
  if (tab) choose(tab);
  word.textContent = "Running";
  if (matchMedia("(max-width: 1000px)").matches) one("[data-stage]").scrollIntoView({ block: "start" });
  try {
    await (await runView()).follow(id, result);
    if ([from, document.body].includes(document.activeElement)) result.focus({ preventScroll: true });
  } finally {
    word.textContent = "Run";
    tellBalance();
    lastResults();
  }
}

/** The call as it stands, before it is run: what would be sent, the same in code, and the inputs as JSON. */
async function preview() {
  clearProblems(form);
  const view = one("[data-request-view]");
  const json = { method: "POST", headers: { "content-type": "application/json" } };
  try {
    const inputs = await ready();
    const sent = one("[data-request-text]", view);
    if (sent) sent.textContent = (await call("POST", `${action}/preview${query()}`, { inputs })).curl;
    const body = JSON.stringify({ of: form.dataset.action, inputs, ...where() });
    one("[data-code]", view).replaceChildren(await part("/calls", { ...json, body }));
    one("[data-json]", view).value = JSON.stringify(inputs, null, 2);
    view.showModal();
  } catch (error) {
    showProblems(form, error.problems || [], error.problems?.length ? "" : error.message);
  }
}

/** Fills the form with the inputs that were written as JSON. */
async function applyJson() {
  const view = one("[data-request-view]"), field = one("[data-field]", view), text = one("[data-json]", view).value;
  const told = one(".problem", field);
  told.hidden = true;
  try {
    const inputs = JSON.parse(text);
    const unknown = Object.keys(inputs).filter((name) => !one(`[data-field="${CSS.escape(name)}"]`, form));
    if (unknown.length) throw new SyntaxError(`${unknown.join(", ")}: no such input`);
    await fill(form, inputs);
    view.close();
  } catch (error) {
    told.textContent = `This cannot be filled in: ${error.message}`;
    told.hidden = false;
  }
}

// Beginning

function refresh(event) {
  const field = event?.target.closest?.("[data-field]");
  if (field) clearProblem(field);
  confirming.hidden = true;
  follows();
  grow(form);
  tellPrice();
}

for (const name of ["input", "change", "filechange", "maskchange"]) form.addEventListener(name, refresh);
form.addEventListener("click", async (event) => {
  const earlier = event.target.closest("[data-earlier-texts]");
  if (earlier) (await import("./text-history.js")).offer(form, earlier.closest("[data-field]").dataset.field);
});
one("[data-presets]").addEventListener("click", async () => (await import("./presets.js")).offer(form));
form.addEventListener("earlier", async (event) => (await import("./mask-history.js")).offer(event.target));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(one("[data-run]"), () => run());
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
one("button", confirming).addEventListener("click", (event) => {
  const isAboutAgain = one("[data-question]", confirming).textContent !== meant;
  busy(event.currentTarget, () => run(isAboutAgain ? {} : { accept_warnings: "true" }, true));
});
one("[data-preview]")?.addEventListener("click", (event) => busy(event.currentTarget, preview));
one("[data-apply-json]").addEventListener("click", (event) => busy(event.currentTarget, applyJson));
document.addEventListener("click", (event) => {
  const seed = event.target.closest("[data-use-seed]");
  if (seed) put(form, "seed", seed.dataset.useSeed);
});

const last = localStorage.getItem(remembered);
if (!one("option[selected]", place) && all("option", place).some((each) => each.value === last)) place.value = last;
place.addEventListener("change", () => {
  localStorage.setItem(remembered, place.value);
  tellPlace();
  tellPrice();
  tellBalance();
});

one("[data-vary]")?.addEventListener("click", async ({ currentTarget }) => {
  const panel = one("[data-vary-panel]");
  vary ??= new (await import("./vary-inputs.js")).Vary(form, panel);
  panel.hidden = !panel.hidden;
  currentTarget.setAttribute("aria-expanded", String(!panel.hidden));
  if (!panel.hidden) one("select", panel).focus();
  refresh();
});

const schedule = one("[data-schedule]");
schedule?.addEventListener("click", async () => (await import("./scheduling.js")).offer(form, ready, where));

await setUp();
tellPlace();
refresh();
tellBalance();
addEventListener("hashchange", () => location.hash.startsWith("#preset=") && location.reload());
const isBack = await draft.restore(), preset = new URLSearchParams(location.hash.slice(1)).get("preset");
one("[data-restored]").hidden = !isBack || preset !== null;
if (preset !== null) {
  history.replaceState({}, "", location.pathname + location.search);
  await (await import("./presets.js")).open(form, preset, isBack);
}
one("[data-start-over]").addEventListener("click", () => {
  draft.clear();
  location.assign(location.pathname);
});
const { shownRun: earlier, hasEnded } = form.dataset;
// One that goes on, or that was begun here, is what somebody comes back for; another is shown beside its inputs.
if (earlier && (hasEnded === undefined || history.state?.ran === earlier)) busy(one("[data-run]"), () => watch(earlier));
else if (earlier) runView().then(({ show }) => show(earlier, result));
const batch = new URLSearchParams(location.search).get("batch");
if (batch) busy(one("[data-run]"), () => watchBatch(batch));
one("[data-count]")?.addEventListener("change", tellPrice);
lastResults();
document.documentElement.dataset.ready = "true";
