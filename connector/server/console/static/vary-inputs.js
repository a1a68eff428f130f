// What is varied: one or two inputs with values of each, whose combinations are a table of pictures.

import { all, make, one } from "./kit.js";
import { attempted, present } from "./values.js";

const CHOICES = ["pills", "ratios", "select"], TYPED = ["text", "textarea", "combo", "color", "number", "edge"];
const AXES = ["Across", "Down"];

const labelOf = (field) => one("label, .label, legend", field).firstChild.textContent.trim();

export class Vary {
  /** Fills `place` with the choices; what is chosen there is a change of the form. */
  constructor(form, place) {
    this.form = form;
    this.place = place;
    const heading = make("legend", { textContent: "Vary" });
    const help = make("p", { className: "help", textContent: "Choose one or two inputs and their values. Each combination is a call, with the same seed; the results stand in a table." });
    place.replaceChildren(make("fieldset", { className: "vary" }, heading, help, ...AXES.map((name) => this.#axis(name))));
  }

  /** The inputs that are varied now: their names, labels and values. */
  get axes() {
    if (this.place.hidden) return [];
    return all("[data-axis]", this.place).map((axis) => this.#read(axis)).filter(({ name, values }) => name && values.length);
  }

  #fields() {
    return present(this.form).filter(({ dataset }) => [...CHOICES, ...TYPED].includes(dataset.kind));
  }

  #axis(title) {
    const id = `vary-${title.toLowerCase()}`;
    const choice = make("select", { id, data: { testid: id } }, make("option", { value: "", textContent: "nothing" }));
    choice.append(...this.#fields().map((field) => make("option", { value: field.dataset.field, textContent: labelOf(field) })));
    const values = make("div", { data: { values: "" } });
    const axis = make("div", { className: "axis", data: { axis: "" } }, make("label", { htmlFor: id, textContent: title }), choice, values);
    choice.addEventListener("change", () => {
      values.replaceChildren(...this.#values(choice.value, id));
      for (const each of all("select", this.place)) for (const option of each.options) option.disabled = Boolean(option.value) && all("select", this.place).some((other) => other !== each && other.value === option.value);
    });
    return axis;
  }

  #field(name) {
    return one(`[data-field="${CSS.escape(name)}"]`, this.form);
  }

  /** How the values are chosen: a box for each where they are known, else a line for each. */
  #values(name, id) {
    const field = name && this.#field(name);
    if (!field) return [];
    if (CHOICES.includes(field.dataset.kind)) {
      const boxes = choicesOf(field).map(([value, label]) => make("label", { className: "chip" }, make("input", { type: "checkbox", value }), label));
      return [make("div", { className: "chips", role: "group", aria: { label: `Values of ${labelOf(field)}` } }, ...boxes)];
    }
    const now = attempted(field);
    const lines = make("textarea", { id: `${id}-values`, rows: 3, value: now === undefined ? "" : String(now).replaceAll("\n", " "), data: { testid: `${id}-values` } });
    const known = all("datalist option", field).map((each) => each.value);
    return [make("label", { htmlFor: lines.id, className: "help", textContent: `${labelOf(field)}, a value a line${known.length ? `; known are ${known.join(", ")}` : ""}` }), lines];
  }

  #read(axis) {
    const { value: name } = one("select", axis), field = name && this.#field(name);
    if (!field) return { name: "", values: [] };
    const lines = one("textarea", axis)?.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const isNumber = ["number", "edge"].includes(field.dataset.kind);
    const values = lines
      ? lines.map((line) => (isNumber && !Number.isNaN(Number(line)) ? Number(line) : line))
      : all("input:checked", axis).map((each) => JSON.parse(each.value));
    return { name, label: labelOf(field), values: [...new Set(values)] };
  }
}

/** The values that an input can have, each as JSON with its words. */
function choicesOf(field) {
  const radios = all('input[type="radio"]', field).map((each) => [each.value || each.dataset.default, each.closest("label").textContent.trim()]);
  const options = all("option", field).map((each) => [each.value || each.dataset.default, each.textContent.replace(" (default)", "")]);
  return [...radios, ...options].filter(([value]) => value);
}
