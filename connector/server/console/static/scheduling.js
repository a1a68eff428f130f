// What a form would run is kept, to be run at the times of a line.

import { busy, call, one } from "./kit.js";
import { clearProblems, showProblems } from "./problems.js";

/** Opens the dialog; `ready` gives the inputs, `where` the place. */
export function offer(form, ready, where) {
  const asked = one("[data-schedule-form]");
  asked.elements.timezone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  asked.onsubmit = (event) => {
    event.preventDefault();
    busy(event.submitter ?? one("button", asked), () => keep(form, asked, ready, where));
  };
  one("[data-schedule-dialog]").showModal();
}

async function keep(form, asked, ready, where) {
  clearProblems(asked);
  const told = Object.fromEntries([...new FormData(asked)].filter(([, value]) => value !== ""));
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
