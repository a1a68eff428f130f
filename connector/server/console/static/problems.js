// Problems at their fields: said beside each, tied to it for screen readers, and the first one gets the focus.

import { all, make, one } from "./kit.js";

const CONTROLS = "input:not([type=range], [type=color], [type=hidden]), select, textarea, .mask-canvas";

/** Shows problems by field; what belongs to no field stands above the form, with `said`. */
export function showProblems(form, problems, said = "") {
  clearProblems(form);
  const homeless = [];
  let first = null;
  for (const { field: path, message, severity } of problems) {
    const field = fieldOf(form, path);
    if (!field) homeless.push(path ? `${path}: ${message}` : message);
    else if (say(field, message, severity) && severity !== "warning") first ??= field;
  }
  const above = one("[data-form-problems]", form), texts = [said, ...homeless].filter(Boolean);
  above.hidden = !texts.length;
  above.textContent = texts.join("\n");
  reveal(first || (texts.length ? above : null));
}

export function clearProblems(form) {
  for (const field of all("[data-field], [data-problem-path]", form)) clearProblem(field);
  one("[data-form-problems]", form).hidden = true;
}

export function clearProblem(field) {
  const told = placeOf(field);
  if (!told || told.hidden) return;
  told.hidden = true;
  told.replaceChildren();
  for (const each of all("[aria-invalid]", field)) each.removeAttribute("aria-invalid");
}

/** The field of a dotted path: its own, or that of what it is a part of. */
function fieldOf(form, path) {
  for (let name = path || ""; name; name = name.includes(".") ? name.slice(0, name.lastIndexOf(".")) : "") {
    const found = all("[data-field], [data-problem-path]", form).find((each) => (each.dataset.field ?? each.dataset.problemPath) === name);
    if (found && !found.hidden && placeOf(found)) return found;
  }
  return null;
}

const placeOf = (field) => all(".problem", field).find((each) => each.closest("[data-field], [data-problem-path]") === field);

function say(field, message, severity) {
  const told = placeOf(field);
  told.classList.toggle("is-warning", severity === "warning" || severity === "question");
  told.append(told.childNodes.length ? make("br") : "", sentence(field, message));
  told.hidden = false;
  if (severity !== "warning") for (const each of all(CONTROLS, field)) each.setAttribute("aria-invalid", "true");
  return true;
}

// The engine's sentences go on after the field's name, but for those that an author wrote.
const GOES_ON = /^(is|are|must|has|have|cannot|may|needs|does|belongs|holds)\b/;

function sentence(field, message) {
  const label = one("label, .label, legend", field)?.firstChild?.textContent.trim();
  const whole = label && GOES_ON.test(message) ? `${label} ${message}` : message;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}

function reveal(place) {
  if (!place) return;
  const panel = place.closest('[role="tabpanel"][hidden]');
  if (panel) document.getElementById(panel.getAttribute("aria-labelledby")).click();
  const details = place.closest("details");
  if (details) details.open = true;
  const control = place.matches("[data-form-problems]") ? place : one(CONTROLS, place) || place;
  control.focus({ preventScroll: true });
  place.scrollIntoView({ block: "center" });
}
