// The editor of a workflow: its text is checked as it is typed, kept in this browser, and saved as a version.

import { all, busy, call, debounced, make, one, part, toast } from "./kit.js";
import { follow } from "./run-view.js";
import { localTimes } from "./times.js";

const editor = one("[data-editor]"), area = one("[data-text]"), drawn = one("[data-drawn]"), said = one("[data-said]");
const save = one("[data-save]"), other = one("[data-other]"), otherText = one("[data-other-text]"), conflict = one("[data-conflict]");
const own = editor.dataset.of, path = `/api/workflows/${encodeURIComponent(own)}`, form = `/workflows/${encodeURIComponent(own)}`;
const KEY = `console.workflow.${editor.dataset.integration}.${own}`;
const LINE = 20; // pixels
const saved = area.value; // the text that counts
let base = Number(editor.dataset.version); // the version that what stands here was made from
let turn = 0;

const wanted = () => /^id:[ \t]*["']?([^\s"'#]+)/m.exec(area.value)?.[1] || own;
const isChanged = () => area.value !== saved;

// --- what is kept in this browser

function keep() {
  if (!isChanged() && other.hidden) return localStorage.removeItem(KEY);
  const theirs = other.hidden ? null : { title: one("[data-other-title]").textContent, text: otherText.value };
  try {
    localStorage.setItem(KEY, JSON.stringify({ text: area.value, base, theirs }));
  } catch {
    // The browser has no more room.
  }
  return undefined;
}

async function restore() {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(KEY));
  } catch {
    // It was written by another edition of this page.
  }
  if (!kept || (kept.text === saved && !kept.theirs)) return;
  area.value = kept.text;
  one("[data-restored]").hidden = !isChanged();
  if (kept.theirs) beside(kept.theirs.title, kept.theirs.text);
  if (kept.base !== base) showConflict(saved);
}

/** Another text stands beside the one that is edited, so that neither is lost. */
function beside(title, text) {
  one("[data-other-title]").textContent = title;
  otherText.value = text;
  other.hidden = false;
}

function showConflict(theirs) {
  conflict.textContent = `The workflow was changed meanwhile. What counts now stands below your text, version ${base}. Take from it what you want; saving puts your text over it.`;
  conflict.hidden = false;
  beside(`What counts now, version ${base}`, theirs);
  keep();
  conflict.focus();
}

// --- the text

function draw() {
  const lines = area.value.split("\n"), longest = Math.max(...lines.map((each) => each.length));
  area.rows = lines.length;
  one("[data-lines]").textContent = lines.map((_, at) => at + 1).join("\n");
  one(".editor-sheet").style.setProperty("--columns", longest + 1);
  const what = wanted() === own ? "" : ` as ${wanted()}`;
  if (save) save.textContent = `Save${what}`;
  one("[data-run-word]").textContent = isChanged() && save ? `Save${what} and run` : "Run it";
}

function mark(problems) {
  const at = new Map();
  for (const each of problems) at.set(each.dataset.line, [...(at.get(each.dataset.line) || []), each]);
  one("[data-marks]").replaceChildren(
    ...[...at].map(([line, told]) => {
      const isBad = told.some((each) => !each.classList.contains("is-warning"));
      const text = make("span", { textContent: told.map((each) => one("span", each).textContent).join("; ") });
      const shown = make("div", { className: isBad ? "mark" : "mark is-warning" }, text);
      shown.style.setProperty("--line", line - 1);
      shown.style.setProperty("--ends", (area.value.split("\n")[line - 1] || "").length);
      return shown;
    }),
  );
  area.toggleAttribute("aria-invalid", problems.length > 0);
}

/** Has the host look at the text; the count of its mistakes, or null where it was typed on meanwhile. */
async function check() {
  const mine = ++turn;
  const options = { method: "POST", headers: { accept: "text/html", "content-type": "application/json" }, body: JSON.stringify({ text: area.value, id: wanted() }) };
  const found = await part(`${form}/steps`, options);
  return mine === turn ? take(found) : null;
}

function take(found) {
  const mistakes = one("[data-mistakes]", found), steps = one("[data-steps]", found);
  one("[data-mistakes-place]").replaceChildren(mistakes);
  mark(all("[data-line]", mistakes));
  one("[data-unread]").hidden = Boolean(steps);
  if (steps) {
    localTimes(steps);
    drawn.replaceChildren(steps);
  }
  const count = Number(mistakes.dataset.count);
  said.textContent = count ? `${count} mistake${count === 1 ? "" : "s"}.` : isChanged() ? "No mistakes; not saved yet." : "No mistakes.";
  return count;
}

const checkSoon = debounced(() => check().catch((error) => (said.textContent = error.message)), 350);

function typed() {
  draw();
  keep();
  checkSoon();
}

/** Puts a text in the place of all, so that the browser can undo it. */
function put(text, from = 0, to = area.value.length) {
  area.focus();
  area.setSelectionRange(from, to);
  if (!document.execCommand(text ? "insertText" : "delete", false, text)) area.setRangeText(text, from, to, "end");
  typed();
}

function goTo(line) {
  const before = area.value.split("\n").slice(0, line - 1).join("\n").length, from = line > 1 ? before + 1 : 0;
  area.focus();
  area.setSelectionRange(from, from + (area.value.split("\n")[line - 1] || "").length);
  one(".editor").scrollTop = (line - 4) * LINE;
}

let leaves = false; // Escape was pressed: the next Tab is the browser's
area.addEventListener("keydown", (event) => {
  const { selectionStart: from, selectionEnd: to, value } = area, first = value.lastIndexOf("\n", from - 1) + 1;
  if (event.key === "Tab" && !leaves && !area.readOnly && !event.ctrlKey && !event.altKey) {
    event.preventDefault();
    const rows = value.slice(first, to).split("\n");
    if (from === to && !event.shiftKey) return put("  ", from, to);
    const moved = rows.map((row) => (event.shiftKey ? row.replace(/^ {1,2}/, "") : row && `  ${row}`)).join("\n");
    put(moved, first, to);
    if (from !== to) area.setSelectionRange(first, first + moved.length);
  } else if (event.key === "Enter" && !event.ctrlKey && !event.isComposing && !area.readOnly) {
    event.preventDefault();
    put(`\n${/^[ ]*(- )?/.exec(value.slice(first, from))[0].replace("-", " ")}`, from, to);
  } else if (event.key === "s" && (event.ctrlKey || event.metaKey) && save) {
    event.preventDefault();
    save.click();
  }
  leaves = event.key === "Escape";
  return undefined;
});
area.addEventListener("input", typed);
// What scrolls is the editor as a whole, with its numbers and marks.
area.addEventListener("scroll", () => area.scrollTo(0, 0));

// --- saving

async function textOf(version = "") {
  const answer = await fetch(`${path}/text${version === "" ? "" : `?version=${version}`}`);
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return { text: await answer.text(), version: Number(/\d+/.exec(answer.headers.get("etag"))[0]) };
}

/** Saves the text where nothing is wrong with it; whether it was saved. */
async function keepVersion() {
  const id = wanted();
  if (await check()) {
    const first = one(".mistake:not(.is-warning)");
    goTo(Number(first.dataset.line));
    toast("It is not saved: there are mistakes in it", true);
    return false;
  }
  const isNew = id !== own, text = area.value;
  const query = new URLSearchParams({ after: isNew ? 0 : base, integration: editor.dataset.integration });
  try {
    await call("PUT", `/api/workflows/${encodeURIComponent(id)}?${query}`, { text });
  } catch (error) {
    if (error.told?.code !== "conflict" || isNew) throw error;
    const now = await textOf().catch(() => ({ text: "", version: 0 })); // it may have been taken back
    base = now.version;
    showConflict(now.text);
    return false;
  }
  localStorage.removeItem(KEY);
  return id;
}

save?.addEventListener("click", () =>
  busy(save, async () => {
    const id = await keepVersion();
    if (id) location.assign(`/workflows/${encodeURIComponent(id)}/edit`);
  }),
);

one("[data-run-it]").addEventListener("click", ({ currentTarget }) =>
  busy(currentTarget, async () => {
    const id = isChanged() && save ? await keepVersion() : own, last = editor.dataset.last;
    if (id) location.assign(`/workflows/${encodeURIComponent(id)}${last && id === own ? `?run=${last}` : ""}`);
  }),
);

// --- the menus, the other text, the steps

const ACTS = {
  take: ({ take: version }) => textOf(version).then(({ text }) => put(text)),
  download: (_, link) => {
    link.href = URL.createObjectURL(new Blob([area.value], { type: "application/yaml" }));
    link.download = `${wanted()}.yaml`;
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  },
  "open-file": () => one("[data-file]").click(),
  "copy-as-new": () => {
    const found = /^id:.*$/m.exec(area.value), line = `id: ${own}-copy`;
    put(line, found?.index || 0, found ? found.index + found[0].length : 0);
    area.setSelectionRange((found?.index || 0) + "id: ".length, (found?.index || 0) + line.length);
  },
  "take-back": async ({ takeBack }) => {
    if (!confirm(takeBack)) return;
    await call("PUT", `${path}?after=${base}`, { text: "" });
    localStorage.removeItem(KEY);
    location.assign(takeBack.startsWith("Delete") ? "/workflows" : `${form}/edit`);
  },
  discard: () => {
    one("[data-restored]").hidden = true;
    put(saved);
  },
  exchange: () => {
    const mine = area.value;
    put(otherText.value);
    beside("The other text", mine);
    keep();
  },
  "close-other": () => {
    other.hidden = conflict.hidden = true;
    keep();
  },
  line: ({ line }) => goTo(Number(line)),
  "run-step": ({ runStep, inputs, environment, connection }, button) => runStepAlone(button, runStep, JSON.parse(inputs), { environment, connection }),
};

document.addEventListener("click", (event) => {
  for (const [name, act] of Object.entries(ACTS)) {
    const target = event.target.closest(`[data-${name}]`);
    if (!target) continue;
    if (target.tagName === "A" && name !== "download") event.preventDefault();
    const menu = target.closest("[data-menu]");
    if (menu) menu.open = false;
    busy(target, async () => act(target.dataset, target));
  }
});

one("[data-file]").addEventListener("change", async ({ currentTarget }) => {
  if (currentTarget.files.length) put(await currentTarget.files[0].text());
  currentTarget.value = "";
});

async function runStepAlone(button, action, inputs, where) {
  const asked = new URLSearchParams({ wait: false, ...Object.fromEntries(Object.entries(where).filter(([, name]) => name)) });
  const { run } = await call("POST", `/api/actions/${encodeURIComponent(action)}?${asked}`, { inputs });
  await follow(run.id, one("[data-step-result]", button.closest(".step")));
}

// A small picture that a file has not.
document.addEventListener("error", (event) => event.target.matches?.("img[data-optional]") && event.target.remove(), true);

await restore();
draw();
if (isChanged()) await check().catch((error) => (said.textContent = error.message));
else {
  const first = document.createDocumentFragment();
  first.append(...drawn.childNodes);
  take(first);
}
document.documentElement.dataset.edits = "";
