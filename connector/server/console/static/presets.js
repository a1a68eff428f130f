// Presets: inputs of an action under a name, kept in this browser, passed on by a link or a file.
//
// They have no files and nothing that is called like a secret.

import { all, make, one, picking, toast } from "./kit.js";
import { fill, FILES, harmless, present, read } from "./values.js";

const LONGEST = 80, MOST = 100;
const keyOf = (form) => `console.presets.${form.dataset.api}`;
const kept = (form) => JSON.parse(localStorage.getItem(keyOf(form)) || "[]");

/** What is filled in now, as far as it can be passed on. */
function inputsOf(form) {
  const fields = present(form).filter(({ dataset }) => !FILES.includes(dataset.kind));
  return harmless(Object.fromEntries(fields.map((field) => [field.dataset.field, read(field)]).filter(([, value]) => value !== undefined)));
}

/** Keeps one in place of any of that name, and puts it first. */
function keep(form, preset) {
  const others = kept(form).filter(({ name }) => name !== preset.name);
  localStorage.setItem(keyOf(form), JSON.stringify([preset, ...others].slice(0, MOST)));
}

const drop = (form, name) => localStorage.setItem(keyOf(form), JSON.stringify(kept(form).filter((each) => each.name !== name)));

/** A preset as it was passed on. Throws what is wrong with it. */
function taken(form, text) {
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    throw new Error("This is no preset: it is no JSON.");
  }
  const { subject = form.dataset.action, name, inputs } = Object(told);
  if (typeof name !== "string" || !name.trim() || !inputs || typeof inputs !== "object" || Array.isArray(inputs)) throw new Error("This is no preset: it needs a name and inputs.");
  if (subject !== form.dataset.action) throw new Error(`This is a preset of ${String(subject).slice(0, LONGEST)}, not of ${form.dataset.action}.`);
  const known = Object.entries(inputs).filter(([input]) => all("[data-field]", form).some(({ dataset }) => dataset.field === input && !FILES.includes(dataset.kind)));
  return { name: name.trim().slice(0, LONGEST), inputs: Object.fromEntries(known) };
}

async function use(form, { name, inputs }) {
  await fill(form, inputs, FILES);
  toast(`Filled in: ${name}`);
}

/** Fills the form with the preset of a link; what was filled in before it becomes one too. */
export async function open(form, text, isFilled) {
  try {
    const preset = taken(form, text);
    if (isFilled) keep(form, { name: "Before a link was opened", inputs: inputsOf(form) });
    await use(form, preset);
  } catch (error) {
    toast(error.message, true);
  }
}

/** The dialog of presets. */
export function offer(form) {
  const named = make("input", { id: "preset-name", type: "text", maxLength: LONGEST, autocomplete: "off", data: { testid: "preset-name" } });
  const problem = make("p", { className: "problem", hidden: true, role: "alert" });
  const list = make("ul", { className: "presets", data: { testid: "presets" } }), shared = make("div", { hidden: true });
  const tell = (text) => {
    problem.textContent = text;
    problem.hidden = !text;
  };
  const draw = () => list.replaceChildren(...kept(form).map((preset) => line(form, preset, shared, draw, tell)));
  const attempt = (act) => async (event) => {
    event.preventDefault();
    tell("");
    try {
      await act(event);
      draw();
    } catch (error) {
      tell(error.message);
    }
  };
  const save = make("form", { className: "with-button", noValidate: true }, named, make("button", { className: "button primary", textContent: "Keep", data: { testid: "preset-keep" } }));
  save.addEventListener("submit", attempt(() => {
    if (!named.value.trim()) throw new Error("Give it a name.");
    keep(form, { name: named.value.trim(), inputs: inputsOf(form) });
    named.value = "";
  }));
  const file = make("input", { id: "preset-file", type: "file", accept: ".json,application/json", data: { testid: "preset-file" } });
  file.addEventListener("change", attempt(async () => file.files[0] && keep(form, taken(form, await file.files[0].text()))));
  draw();
  const help = make("p", { className: "help", textContent: "The inputs as they are filled in now, without files, masks and secrets. They are kept in this browser." });
  picking(
    "Presets",
    make("div", { className: "stack" },
      make("div", { className: "field" }, make("label", { htmlFor: named.id, textContent: "Keep what is filled in as" }), save, help, problem),
      list, shared,
      make("div", { className: "field" }, make("label", { htmlFor: file.id, textContent: "Take in a file" }), file)),
  );
}

function line(form, preset, shared, draw, tell) {
  const { name, inputs } = preset;
  const button = (text, act) => {
    const made = make("button", { type: "button", className: "button small", textContent: text, aria: { label: `${text}: ${name}` } });
    made.addEventListener("click", () => Promise.resolve(act()).catch((error) => tell(error.message)));
    return made;
  };
  return make("li", {}, make("b", { textContent: name }),
    button("Use", async () => {
      one("[data-picker]").close();
      await use(form, preset);
    }),
    button("Link", () => show(shared, `${location.origin}${location.pathname}#${new URLSearchParams({ preset: JSON.stringify({ name, inputs }) })}`)),
    button("File", () => save(`${name}.json`, JSON.stringify({ subject: form.dataset.action, name, inputs }, null, 2))),
    button("Delete", () => {
      drop(form, name);
      draw();
    }));
}

function show(place, link) {
  place.replaceChildren(make("div", { className: "code-block" }, make("button", { type: "button", className: "button small", textContent: "Copy", data: { copy: "" } }), make("pre", { tabIndex: 0 }, make("code", { textContent: link, data: { testid: "preset-link" } }))));
  place.hidden = false;
}

function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
