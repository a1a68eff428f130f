// What the fields of a form say, as the inputs of an invocation. What is empty is not given.

import { dropOf } from "./drop.js";
import { all, call, one } from "./kit.js";
import { entries, fileEntries, setPairs } from "./pairs.js";
import { contentOf, giveMask } from "./picture-editors.js";

const UNSET = undefined;

const READERS = {
  text: (field) => control(field).value || UNSET,
  textarea: (field) => control(field).value || UNSET,
  color: (field) => control(field).value || UNSET,
  combo: (field) => control(field).value || UNSET,
  number: (field) => numeric(control(field)),
  edge: (field) => numeric(control(field)),
  select: (field) => chosen(control(field).value),
  pills: (field) => chosen(one("input:checked", field)?.value),
  ratios: (field) => chosen(one("input:checked", field)?.value),
  lines: (field) => listed(control(field)),
  json: (field) => written(control(field).value),
  rows: (field) => some(entries(one("[data-pairs]", field))),
  files: (field) => some(fileEntries(one("[data-file-pairs]", field))),
  file: (field) => dropOf(one("[data-drop]", field)).value || UNSET,
  mask: () => UNSET,
};

/** The fields that are there now. */
export const present = (form) => all("[data-field]", form).filter((field) => !field.closest("[hidden][data-field]"));

/** What one field says. Throws where that cannot be read. */
export const read = (field) => READERS[field.dataset.kind](field);

/** The inputs as they are given at this moment; masks and files on their way are not in it. */
export function values(form, reader = read) {
  const found = {};
  for (const field of present(form)) {
    const value = reader(field);
    if (value !== UNSET) found[field.dataset.field] = value;
  }
  return found;
}

/** The same while it is being typed: what cannot be read yet counts as given. */
export const drafted = (form) => values(form, attempted);

/** What the rules between inputs see: a file too counts as given as soon as it is chosen. */
export function given(form) {
  const found = drafted(form);
  for (const field of present(form)) {
    const drop = one("[data-drop]", field);
    const isPainted = field.dataset.kind === "mask" && one("mask-editor", field).painted;
    if ((drop && dropOf(drop).given) || isPainted) found[field.dataset.field] ??= true;
  }
  return found;
}

/** What one field says; true where that cannot be read. */
export function attempted(field) {
  try {
    return read(field);
  } catch {
    return true;
  }
}

const SECRET = /auth|cookie|key|pass|secret|token/i;

/** A value without what has the name of a secret: such is neither kept nor passed on. */
export function harmless(value) {
  if (Array.isArray(value)) return value.map(harmless);
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !SECRET.test(name)).map(([name, one]) => [name, harmless(one)]));
}

/** The kinds whose values are files, which stay where they are. */
export const FILES = ["file", "files", "mask"];

const WRITERS = {
  select: (field, value) => select(control(field).options, value),
  pills: (field, value) => select(all("input", field), value),
  ratios: (field, value) => select(all("input", field), value),
  lines: (field, value) => (control(field).value = (value ?? []).join("\n")),
  json: (field, value) => (control(field).value = value === UNSET ? "" : JSON.stringify(value, null, 2)),
  rows: (field, value) => setPairs(one("[data-pairs]", field), value ?? {}),
  file: (field, value) => give(dropOf(one("[data-drop]", field)), value),
  files: () => UNSET,
  mask: (field, value) => giveMask(one("mask-editor", field), typeof (value?.file ?? value) === "string" ? contentOf(value.file ?? value) : value),
};

/**
 * Makes the fields say these inputs and no others, but for those of some kinds, which stay as they are. Files are
 * references, or what the host tells of them; a mask may be a Blob.
 */
export async function fill(form, inputs, staying = []) {
  for (const field of all("[data-field]", form)) {
    if (staying.includes(field.dataset.kind)) continue;
    const value = inputs[field.dataset.field];
    const write = WRITERS[field.dataset.kind];
    if (write) await write(field, value);
    else control(field).value = value ?? "";
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
  for (const mirror of all("[data-mirror]", form)) document.getElementById(mirror.dataset.mirror).dispatchEvent(new Event("input"));
}

/** Chooses one of several; the first stands for what is not given. */
function select(choices, value) {
  const text = value === UNSET ? "" : JSON.stringify(value);
  const known = [...choices];
  const said = (each) => each.value || each.dataset.default || "";
  const found = known.find((each) => each.value === text) || known.find((each) => text && said(each) === text) || known[0];
  for (const each of known) each[each instanceof HTMLOptionElement ? "selected" : "checked"] = each === found;
}

async function give(drop, value) {
  const reference = value?.file ?? value;
  if (reference === drop.reference) return;
  if (!reference) return drop.remove(false);
  const facts = value.type ? value : await call("GET", `/api/files/${encodeURIComponent(reference.slice("file:".length))}`).catch(() => null);
  if (facts) drop.use(facts);
}

/** Puts a value into a field that has one control. */
export function put(form, name, value) {
  const input = form.elements[name];
  if (!(input instanceof HTMLElement)) return;
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

const control = (field) => one("input:not([data-mirror]), select, textarea", field);

function numeric(input) {
  if (input.validity.badInput) return "not a number";
  return input.value === "" ? UNSET : Number(input.value);
}

function listed(input) {
  const found = input.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const isText = input.dataset.items === "string";
  return found.length ? found.map((line) => (isText || Number.isNaN(Number(line)) ? line : Number(line))) : UNSET;
}

const chosen = (text) => (text ? JSON.parse(text) : UNSET);

function written(text) {
  if (!text.trim()) return UNSET;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`is no JSON: ${error.message}`);
  }
}

const some = (object) => (Object.keys(object).length ? object : UNSET);

/** A slider or a colour beside a field shows its value, and sets it. */
export function mirrored(mirror, input) {
  const resting = mirror.value;
  const reflect = () => (mirror.value = input.value || input.placeholder || resting);
  mirror.addEventListener("input", () => {
    input.value = mirror.value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  input.addEventListener("input", reflect);
  reflect();
}
