// Connections: made, changed, tried and deleted. What is typed as a secret leaves this page and never comes back.

import { all, busy, call, icon, make, one, toast } from "./kit.js";
import { entries, setUpPairs } from "./pairs.js";
import { showProblems } from "./problems.js";

// The list of connections

document.addEventListener("click", (event) => {
  const card = event.target.closest("[data-connection]");
  if (!card) return;
  const address = `/api/connections/${encodeURIComponent(card.dataset.connection)}`;
  const test = event.target.closest("[data-test]"), remove = event.target.closest("[data-remove]");
  if (test) busy(test, () => testStored(card, address));
  if (remove && confirm(`Delete the connection "${card.dataset.connection}" and its stored secrets?`)) {
    busy(remove, async () => {
      await call("DELETE", address);
      location.reload();
    });
  }
});

async function testStored(card, address) {
  for (const place of all("[data-seen]", card)) place.replaceChildren(make("span", { className: "muted", textContent: "testing" }));
  const { tests } = await call("POST", `${address}/test`, {});
  for (const test of tests) {
    const place = all("[data-seen]", card).find((each) => each.dataset.seen === test.environment);
    place?.replaceChildren(seen(test), make("span", { className: "muted", textContent: ` at ${new Date().toLocaleTimeString()}` }));
  }
}

// A connection that was just made is tested at once.
const made = one("[data-made]");
if (made) {
  const card = all("[data-connection]").find((each) => each.dataset.connection === made.dataset.made);
  const again = one("[data-test]", card);
  made.focus({ preventScroll: true });
  busy(again, () => testStored(card, `/api/connections/${encodeURIComponent(made.dataset.made)}`));
  history.replaceState(null, "", location.pathname);
}

function seen(test, named = false) {
  const text = named ? `${test.environment}: ${test.said}` : test.said;
  return make("span", { className: test.ok ? "good" : "bad-text", data: { testid: test.ok ? "seen-ok" : "seen-bad" } }, icon(test.ok ? "check" : "alert"), ` ${text}`);
}

// The form of one

const form = one("[data-connection-form]");
if (form) setUpForm();

function setUpForm() {
  setUpPairs(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(one('[type="submit"]', form), save);
  });
  form.addEventListener("click", (event) => {
    const acts = [
      ["[data-reveal]", reveal],
      ["[data-add-configuration]", addConfiguration],
      ["[data-drop-configuration]", dropConfiguration],
      ["[data-add-environment]", addEnvironment],
      ["[data-try]", (button) => busy(button, attempt)],
    ];
    for (const [selector, act] of acts) {
      const button = event.target.closest(selector);
      if (button) act(button);
    }
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-new-environment]")) return;
    event.preventDefault();
    addEnvironment(event.target.nextElementSibling);
  });
}

const cards = () => all("[data-configuration]", form);

function written() {
  const name = one("#name", form).value.trim();
  return { name, integration: form.dataset.integration, configurations: cards().map(configuration) };
}

function configuration(card) {
  const environments = all("[data-environment]:checked", card).map((each) => each.value);
  const cap = one("[data-cap]", card).value;
  const told = {
    environments,
    default: one("[data-default]", card).checked,
    base_url: one("[data-base-url]", card).value.trim() || null,
    headers: entries(one("[data-pairs]", card)),
    cap: cap === "" ? null : Number(cap),
    fields: fields(card),
  };
  return card.dataset.name ? { name: card.dataset.name, ...told } : told;
}

/** A secret that is left empty is left out: the host keeps what it has. */
function fields(card) {
  const found = {};
  for (const field of all("[data-credential]", card)) {
    const input = one("input", field), value = input.value.trim();
    if (value) found[field.dataset.credential] = value;
    else if (!("secret" in input.dataset)) found[field.dataset.credential] = null;
  }
  return found;
}

/** What can be told before anything is sent. */
function missing(told) {
  const found = told.name ? [] : [{ field: "name", message: "give it a name" }];
  told.configurations.forEach((each, at) => {
    if (!each.environments.length) found.push({ field: `configurations.${at}.environments`, message: "choose at least one environment" });
  });
  return found;
}

/** Numbers the places of problems as the host will: by the order of the configurations. */
function renumber() {
  cards().forEach((card, at) => {
    for (const each of all("[data-problem-path]", card)) each.dataset.problemPath = each.dataset.problemPath.replace(/^configurations\.\w+/, `configurations.${at}`);
  });
}

async function guarded(act) {
  renumber();
  const told = written(), wrong = missing(told);
  showProblems(form, wrong);
  if (wrong.length) return;
  try {
    await act(told);
  } catch (error) {
    showProblems(form, error.problems || [], error.problems?.length ? "" : error.message);
  }
}

const save = () =>
  guarded(async (told) => {
    const existing = form.dataset.existing;
    if (existing) await call("PUT", `/api/connections/${encodeURIComponent(existing)}`, told);
    else await call("POST", "/api/connections", told);
    const kept = new URLSearchParams(existing ? {} : { made: told.name });
    location.assign(`/integrations/${encodeURIComponent(form.dataset.integration)}?${kept}`);
  });

const attempt = () =>
  guarded(async (told) => {
    for (const card of cards()) one("[data-seen-here]", card).replaceChildren(make("span", { className: "muted", textContent: "testing" }));
    try {
      const { tests } = await call("POST", `/integrations/${encodeURIComponent(form.dataset.integration)}/try`, told);
      told.configurations.forEach((each, at) => {
        const own = tests.filter((test) => each.environments.includes(test.environment));
        one("[data-seen-here]", cards()[at]).replaceChildren(...own.map((test) => seen(test, each.environments.length > 1)));
      });
    } catch (error) {
      for (const card of cards()) one("[data-seen-here]", card).replaceChildren();
      throw error;
    }
  });

function addConfiguration() {
  const template = one("[data-configuration-template]", form).innerHTML;
  const next = Math.max(-1, ...cards().map((card) => Number(card.dataset.at))) + 1;
  // The template is ours; AT stands where ids need a number.
  const parsed = new DOMParser().parseFromString(template.replaceAll("cAT-", `c${next}-`).replaceAll('"AT"', `"${next}"`).replaceAll("configurations.AT", `configurations.${next}`), "text/html");
  const card = document.importNode(parsed.body.firstElementChild, true);
  one("[data-configurations]", form).append(card);
  setUpPairs(card);
  suggest(card);
  one("input", card).focus();
}

/** The first environment that no other configuration has. */
function suggest(card) {
  const taken = all("[data-environment]:checked", form).map((each) => each.value);
  const free = all("[data-environment]", card).find((each) => !taken.includes(each.value));
  if (free) free.checked = true;
}

function dropConfiguration(button) {
  const card = button.closest("[data-configuration]"), was = one("[data-default]", card).checked;
  card.remove();
  if (was && cards()[0]) one("[data-default]", cards()[0]).checked = true;
  one("[data-add-configuration]", form).focus();
}

function addEnvironment(button) {
  const input = button.previousElementSibling, name = input.value.trim();
  if (!name) return input.focus();
  const box = make("input", { type: "checkbox", value: name, checked: true, data: { environment: "" } });
  button.parentElement.before(make("label", { className: "chip" }, box, make("span", { textContent: name })));
  input.value = "";
  toast(`An environment of your own needs a base URL: see More`);
  one("details", button.closest("[data-configuration]")).open = true;
  return undefined;
}

function reveal(button) {
  const input = button.previousElementSibling, shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
}
