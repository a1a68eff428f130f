// What the fields of a form say, as the inputs of an invocation. What is empty is not given.

import { dropOf } from "./drop.js";
import { all, one } from "./kit.js";
import { entries, fileEntries } from "./pairs.js";

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

function attempted(field) {
  try {
    return read(field);
  } catch {
    return true;
  }
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
