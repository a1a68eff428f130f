// A run as it goes: its events as they come, its end as the host shows it.

import { all, busy, call, make, one, part, Refusal } from "./kit.js";
import { localTimes } from "./times.js";

const ENDS = ["succeeded", "failed", "unknown", "cancelled"];
const STEPS = ["queued", "running", "waiting", "sent", "answered", "again", "started", "poll", "near_cap", "warning", "step"];

/** Follows a run in `place`; resolves with its end, once that is shown. */
export function follow(id, place, alone = false) {
  place.replaceChildren(one("[data-progress-template]").content.cloneNode(true));
  place.again = place.away = null;
  const usual = one("[data-usual-time]"); // of the form; a run's own page has it already
  if (usual) one("[data-progress-usual]", place).textContent = usual.textContent;
  const began = Date.now(), clock = setInterval(() => tick(place, began), 1000);
  one("[data-cancel]", place).addEventListener("click", (event) => busy(event.currentTarget, () => cancel(id)));
  return new Promise((resolve) => {
    const events = new EventSource(`/api/runs/${encodeURIComponent(id)}/events`);
    for (const name of STEPS) events.addEventListener(name, (event) => step(place, JSON.parse(event.data)));
    const end = async () => {
      events.close();
      clearInterval(clock);
      resolve(await show(id, place, alone));
    };
    for (const name of ENDS) events.addEventListener(name, end);
    events.addEventListener("open", () => away(place, false));
    // A stream that is closed for good is a run that has ended; else the browser comes again by itself.
    events.addEventListener("error", () => (events.readyState === EventSource.CLOSED ? end() : away(place, true)));
  });
}

const EVERY = 1500;

/** Follows a batch in `place` until each of its rows has ended. */
export async function followBatch(id, place) {
  const address = `/batches/${encodeURIComponent(id)}`;
  for (let goes = true; goes; ) {
    try {
      const view = await part(`${address}/view`);
      goes = Boolean(one("[data-goes]", view));
      view.append(make("p", { className: "aside" }, make("a", { href: address, textContent: goes ? "Stop it, or come back to it later" : "Open the batch" })));
      place.replaceChildren(view);
      localTimes(place);
    } catch (error) {
      if (error instanceof Refusal) throw error; // there is no such batch; else the host is away, and what was seen stays
    }
    if (goes) await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

/** Shows how the run ended. */
export async function show(id, place, alone = false) {
  const view = await part(`/runs/${encodeURIComponent(id)}/view${alone ? "?alone=1" : ""}`);
  place.replaceChildren(view);
  enliven(place);
  return one("[data-run-view]", place)?.dataset.state;
}

/** What a view needs of scripts: local times, and the viewers of models and pictures. */
export async function enliven(place) {
  localTimes(place);
  for (const canvas of all("[data-model]", place)) (await import("./model.js")).view(canvas);
  for (const group of all("[data-zoomable]", place)) (await import("./image-viewer.js")).zoomable(group);
}

function step(place, data) {
  const steps = one("[data-progress-steps]", place);
  if (!steps || !data.sentence) return;
  place.again = data.seconds > 1 ? Date.now() + 1000 * data.seconds : null;
  one("[data-progress-now]", place).textContent = data.of ? `${data.done} of ${data.of} steps: ${data.sentence}` : data.sentence;
  if (data.of) Object.assign(one("[data-progress-bar]", place), { max: data.of, value: data.done, hidden: false });
  if (data.job_id) job(place, data.job_id);
  steps.append(make("li", {}, make("span", { textContent: data.sentence })));
  if (data.file) picture(place, data);
  while (steps.children.length > 8) steps.firstElementChild.remove();
}

/** The id of the job, for whoever wants to look it up elsewhere. */
function job(place, id) {
  const shown = one("[data-progress-job]", place);
  one("code", shown).textContent = id;
  shown.hidden = false;
}

/** What a step of a workflow made. */
function picture(place, data) {
  const wall = one("[data-progress-pictures]", place);
  const image = make("img", { src: `/api/files/${encodeURIComponent(data.file.slice("file:".length))}/thumbnail`, alt: data.sentence });
  image.addEventListener("error", () => item.remove());
  const item = make("li", {}, make("span", { className: "thumb" }, image), make("span", { className: "wall-name", textContent: data.place }));
  wall.hidden = false;
  wall.append(item);
}

function tick(place, began) {
  const clock = one("[data-progress-clock]", place);
  if (!clock) return;
  const left = place.again ? Math.ceil((place.again - Date.now()) / 1000) : 0;
  clock.textContent = `${Math.round((Date.now() - began) / 1000)} s${left > 0 ? `; goes on in ${left} s` : ""}`;
}

/** Whether the host answers; a run goes on without the page, and is found again. */
function away(place, isAway) {
  const told = one("[data-progress-away]", place);
  if (told) told.hidden = !isAway;
}

/** Stops a run; where its job may be charged all the same, a person says so first. */
async function cancel(id) {
  const { run } = await call("GET", `/api/runs/${encodeURIComponent(id)}`);
  const job = run.job_id && (await call("GET", `/api/jobs/${encodeURIComponent(run.job_id)}`)).job;
  const stake = job && job.estimate !== 0 ? `${job.estimate ?? "An unknown number of"} credits` : "";
  if (stake && !confirm(`${stake} may be charged all the same. Stop waiting for this job? Its result can still be fetched for as long as it is kept.`)) return;
  await call("POST", `/api/runs/${encodeURIComponent(id)}/cancel`);
}
