// Rows of names and values: headers, queries, fields of a form, files by the name of their field.

import { upload } from "./drop.js";
import { all, icon, make, one, toast } from "./kit.js";

/** Makes rows of every such place in the page. */
export function setUpPairs(within = document) {
  for (const root of all("[data-pairs]", within)) {
    const label = root.dataset.pairsName;
    for (const [name, value] of JSON.parse(root.dataset.values || "[]")) root.append(row(label, name, value));
    root.append(more(root, () => row(label)));
  }
  for (const root of all("[data-file-pairs]", within)) root.append(more(root, fileRow));
}

/** Has rows for these names and values, and no others. */
export function setPairs(root, values) {
  for (const each of all(".pair-row", root)) each.remove();
  const rows = Object.entries(values).flatMap(([name, value]) => [value].flat().map((one) => row(root.dataset.pairsName, name, one)));
  one("[data-add-pair]", root).before(...rows);
}

/** The rows as an object; a repeated name is a list. What the host keeps is sent back as it came. */
export function entries(root) {
  const found = {};
  for (const each of all(".pair-row", root)) {
    const [name, typed] = all("input", each).map((input) => input.value);
    const kept = each.dataset.kept && JSON.parse(each.dataset.kept);
    const value = kept && typed === (kept.plain ?? "") ? kept : typed;
    if (name) found[name] = name in found ? [found[name], value].flat() : value;
  }
  return found;
}

export function fileEntries(root) {
  const rows = all(".pair-row", root).map((each) => [one("input", each).value, each.dataset.reference]);
  return Object.fromEntries(rows.filter(([name, reference]) => name && reference));
}

function more(root, build) {
  const button = make("button", { type: "button", className: "button small", data: { addPair: "" } }, icon("plus"), "Add");
  button.addEventListener("click", () => {
    const added = build();
    button.before(added);
    one("input", added).focus();
  });
  return button;
}

function row(label, name = "", value = "") {
  const named = input(`${label}: name`, name, "name");
  const kept = ["plain", "stored", "reference"].some((word) => word in Object(value));
  const text = kept ? (value.plain ?? "") : typeof value === "string" ? value : JSON.stringify(value);
  const valued = input(`${label}: value`, text, kept && text === "" ? (value.reference ?? "stored; leave empty to keep it") : "value");
  return make("div", { className: "pair-row", data: kept ? { kept: JSON.stringify(value) } : {} }, named, valued, remover());
}

function fileRow() {
  const chooser = make("input", { type: "file", aria: { label: "File" } });
  const made = make("div", { className: "pair-row" }, input("Files: name of the field", "", "name"), chooser, remover());
  chooser.addEventListener("change", async () => {
    delete made.dataset.reference;
    try {
      made.dataset.reference = (await upload(chooser.files[0])).file;
      chooser.dispatchEvent(new Event("input", { bubbles: true }));
    } catch (error) {
      toast(error.message, true);
    }
  });
  return made;
}

const input = (label, value, placeholder) => make("input", { type: "text", value, placeholder, spellcheck: false, autocomplete: "off", aria: { label } });

function remover() {
  const button = make("button", { type: "button", className: "button icon-only quiet", aria: { label: "Remove this row" } }, icon("cross"));
  button.addEventListener("click", () => {
    const root = button.closest(".pairs");
    button.closest(".pair-row").remove();
    root.dispatchEvent(new Event("input", { bubbles: true }));
    one("[data-add-pair]", root).focus();
  });
  return button;
}
