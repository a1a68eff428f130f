// Small tools that every script of the console uses. Texts are only ever set as text.

export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** A new element; `has` are properties, those in `data` and `aria` attributes. */
export function make(tag, has = {}, ...children) {
  const { data = {}, aria = {}, ...properties } = has;
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children);
  return element;
}

/** One of our drawings. */
export function icon(name) {
  const sprite = one("svg.icon use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** What the host refused, as its problem document tells it. */
export class Refusal extends Error {
  constructor(told) {
    super(told.detail || told.title || "the host could not do it");
    this.told = told;
    this.problems = told.problems || [];
  }
}

/** Leads to the page to sign in, and from there back here. */
function signIn() {
  location.assign(`/login?${new URLSearchParams({ has_ended: 1, next: location.pathname + location.search })}`);
}

/** A call of the host's API. Gives the JSON of the answer; throws a Refusal. */
export async function call(method, path, body, options = {}) {
  const json = body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, { method, ...json, ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal({ title: "The host cannot be reached", detail: "The host cannot be reached. Is it still running?" });
  }
  if (answer.status === 401) signIn();
  const told = answer.status === 204 ? {} : await answer.json().catch(() => ({ detail: `the host answered ${answer.status}` }));
  if (!answer.ok) throw new Refusal(told);
  return told;
}

/** A part of a page, made by the host. */
export async function part(path, options = {}) {
  const answer = await fetch(path, { headers: { accept: "text/html" }, ...options });
  // Whoever is signed out is led to the page to sign in, which is no part of this one.
  if (answer.status === 401 || answer.redirected) signIn();
  if (!answer.ok && answer.headers.get("content-type")?.includes("json")) throw new Refusal(await answer.json());
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok) throw new Refusal({ detail: one("p", parsed.body)?.textContent || "the host could not do it" });
  const found = document.createDocumentFragment();
  found.append(...[...parsed.body.children].map((each) => document.importNode(each, true)));
  return found;
}

/** Opens the dialog in which one of several is picked; gives it. */
export function picking(title, ...children) {
  const dialog = one("[data-picker]");
  one("h2", dialog).textContent = title;
  one("[data-picker-body]", dialog).replaceChildren(...children);
  if (!dialog.open) dialog.showModal();
  return dialog;
}

export function toast(text, isBad = false) {
  const shown = make("p", { className: isBad ? "toast is-bad" : "toast", textContent: text });
  one("[data-toasts]").append(shown);
  setTimeout(() => shown.remove(), isBad ? 9000 : 4000);
}

/** Runs what a button does, with the button shown as busy; a failure is told. */
export async function busy(button, act) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  // Not disabled: that would take the focus away from who pressed it by keyboard.
  for (const name of ["aria-busy", "aria-disabled"]) button.setAttribute(name, "true");
  try {
    return await act();
  } catch (error) {
    toast(error.message, true);
    return undefined;
  } finally {
    for (const name of ["aria-busy", "aria-disabled"]) button.removeAttribute(name);
  }
}

export function size(bytes) {
  for (const unit of ["bytes", "KiB", "MiB"]) {
    if (bytes < 1000) return `${Number(bytes.toPrecision(3))} ${unit}`;
    bytes /= 1024;
  }
  return `${Number(bytes.toPrecision(3))} GiB`;
}

export const number = (value) => new Intl.NumberFormat("en", { maximumFractionDigits: 4 }).format(value);

export function debounced(act, wait) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), wait);
  };
}

/** Chooses a tab and shows its panel. */
export function choose(tab, focus = false) {
  for (const each of all('[role="tab"]', tab.closest('[role="tablist"]'))) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (focus) tab.focus();
}
