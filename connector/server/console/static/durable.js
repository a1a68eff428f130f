// Durable runs: what nobody knows is settled, batches are watched and begun, schedules are looked after.

import { busy, call, one, part, toast } from "./kit.js";
import { localTimes } from "./times.js";
import { drafted } from "./values.js";

const EVERY = 1500;
const id = (text) => encodeURIComponent(text);

// by the word of the button: what it asks first, and what it does
const ACTS = {
  paid: [null, (run) => settle(run, true)],
  unpaid: [null, (run) => settle(run, false)],
  retry: ["The request may have been paid for already; trying again may pay twice. Try again?", retry],
  "cancel-batch": ["Stop this batch? Finished rows stay.", (name) => changed("POST", `/api/batches/${id(name)}/cancel`)],
  "retry-batch": [({ stake }) => `Go on with what is left? ${stake}.`, (name) => changed("POST", `/api/batches/${id(name)}/retry`, { limit_credits: one("[data-limit]")?.valueAsNumber || undefined })],
  pause: [null, (name) => changed("POST", `/api/schedules/${id(name)}/pause`)],
  resume: [null, (name) => changed("POST", `/api/schedules/${id(name)}/resume`)],
  "run-now": [null, runNow],
  forget: ["Delete this schedule? Its runs stay.", forget],
  "go-on": [null, goOn],
  "make-hook": [null, makeHook],
  "remove-hook": ["Remove this webhook? Whoever uses it is refused at once.", (name) => changed("DELETE", `/api/webhooks/${id(name)}`)],
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const [question, act] = ACTS[button.dataset.act];
  if (question && !("sure" in button.dataset) && !confirm(question.call ? question(button.dataset) : question)) return;
  busy(button, () => act(button.dataset.of));
});

async function changed(method, path, body) {
  await call(method, path, body);
  location.reload();
}

const settle = (run, paid) => changed("POST", `/api/unknown/${id(run)}/mark`, { paid });

async function retry(run) {
  const told = await call("POST", `/api/runs/${id(run)}/retry`);
  location.assign(`/runs/${id(told.run.id)}`);
}

async function goOn(run) {
  await call("POST", `/api/runs/${id(run)}/resume`);
  location.assign(`/runs/${id(run)}`);
}

async function runNow(name) {
  const { tick } = await call("POST", `/api/schedules/${id(name)}/run`);
  if (!tick.run_id) return toast(tick.message || "It did not start", true);
  return location.assign(`/runs/${id(tick.run_id)}`);
}

async function forget(name) {
  await call("DELETE", `/api/schedules/${id(name)}`);
  location.assign("/schedules");
}

/** A text as a POSIX shell takes it. */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

async function makeHook(workflow) {
  const { environment, connection } = one("[data-place]").selectedOptions[0]?.dataset || {};
  const place = Object.fromEntries(Object.entries({ environment, connection }).filter(([, name]) => name));
  const how = [...document.querySelectorAll("[data-hook]")].map((each) => [each.dataset.hook, each.type === "checkbox" ? each.checked : each.value.trim()]);
  const made = await call("POST", "/api/webhooks", { workflow, ...place, ...Object.fromEntries(how.filter(([, value]) => value)) });
  const lines = made.signed ? [`${location.origin}${made.path}`, `signed with ${made.secret}`] : [`curl ${location.origin}${made.path}`, `--header 'X-Hook-Secret: ${made.secret}'`, "--header 'Content-Type: application/json'", `--data ${quoted(JSON.stringify(drafted(one("form[data-action]"))))}`];
  one("[data-hook-call]").textContent = lines.join(made.signed ? "\n" : " \\\n  ");
  one("[data-made-hook]").hidden = false;
  one("[data-made-hook]").focus();
}

// A batch that goes on is drawn anew, until it has ended.
const live = one("[data-live]");
if (live) setTimeout(look, EVERY);

async function look() {
  try {
    const drawn = await part(live.dataset.live);
    const goes = Boolean(one("[data-goes]", drawn));
    live.replaceChildren(drawn);
    localTimes(live);
    if (goes) setTimeout(look, EVERY);
    else one("[data-while-it-goes]")?.remove();
  } catch {
    setTimeout(look, 2 * EVERY); // the host is away; what was seen stays
  }
}

if (one("[data-new-batch]")) import("./new-batch.js");
