// What a form would run is kept, to be run at the times of a line.

import { busy, call, debounced, one } from "./kit.js";
import { clearProblems, showProblems } from "./problems.js";

/** Opens the dialog; `ready` gives the inputs, `where` the place. */
export function offer(form, ready, where) {
  const asked = one("[data-schedule-form]");
  asked.elements.timezone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  asked.oninput = () => plan(asked);
  plan(asked);
  asked.onsubmit = (event) => {
    event.preventDefault();
    busy(event.submitter ?? one("button", asked), () => keep(form, asked, ready, where));
  };
  one("[data-schedule-dialog]").showModal();
}

/** The cron line of the plain choices; what is written by hand stays. */
function plan(asked) {
  const often = one("[data-often]", asked).value, { cron } = asked.elements;
  one("[data-at]", asked).hidden = often === "cron";
  one("[data-weekday]", asked).hidden = often !== "week";
  one('[data-field="cron"]', asked).hidden = often !== "cron";
  const [hour, minute] = (one("#s-at", asked).value || "08:00").split(":").map(Number);
  const lines = { hour: `${minute} * * * *`, day: `${minute} ${hour} * * *`, weekday: `${minute} ${hour} * * mon-fri`, week: `${minute} ${hour} * * ${one("#s-weekday", asked).value}`, month: `${minute} ${hour} 1 * *` };
  if (often in lines) cron.value = lines[often];
  tellNext(asked);
}

/** The next three times, in the zone of the schedule. */
const tellNext = debounced(async (asked) => {
  const { cron, timezone } = asked.elements, told = one("[data-next]", asked);
  const timeZone = timezone.value || "UTC";
  told.textContent = "";
  if (!cron.value.trim()) return;
  try {
    const { times } = await call("GET", `/api/schedule-times?${new URLSearchParams({ cron: cron.value, timezone: timeZone })}`);
    const shown = times.map((each) => new Date(each).toLocaleString("en", { timeZone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false }));
    told.textContent = `Next: ${shown.join("; ")} (${timeZone})`;
  } catch {
    // It is told when the schedule is kept.
  }
}, 250);

async function keep(form, asked, ready, where) {
  clearProblems(asked);
  const told = Object.fromEntries([...new FormData(asked)].filter(([, value]) => value !== ""));
  if (told.name) told.name = told.name.trim().replace(/\s+/g, "-");
  if (told.limit_daily) told.limit_daily = Number(told.limit_daily);
  try {
    const inputs = await ready();
    const kept = await call("POST", "/api/schedules", { name: "", cron: "", ...told, ...where(), subject: form.dataset.action, inputs });
    location.assign(`/schedules/${encodeURIComponent(kept.name)}`);
  } catch (error) {
    const own = (each) => Boolean(one(`[data-field="${CSS.escape(each.field || " ")}"]`, asked));
    const problems = error.problems || [], ours = problems.filter(own), theirs = problems.filter((each) => !own(each));
    if (!problems.length || ours.length) return showProblems(asked, ours.length ? ours : [], problems.length ? "" : error.message);
    one("[data-schedule-dialog]").close();
    showProblems(form, theirs);
  }
  return undefined;
}
