// The pages of runs: one that goes on is followed, one that has ended comes alive; filters apply at once.

import { all, one } from "./kit.js";
import { enliven, follow } from "./run-view.js";

const place = one("[data-watch]");
if (place && "ended" in place.dataset) enliven(place);
else if (place) follow(place.dataset.watch, place, true).then(() => location.reload());

const comparing = one(".comparing");
if (comparing) enliven(comparing.parentElement);

// A day is meant as the reader's own.
const DAY = { since: "00:00:00", until: "23:59:59.999999" };
const two = (count) => String(count).padStart(2, "0");
function zone(date) {
  const ahead = -date.getTimezoneOffset(), by = Math.abs(ahead);
  return `${ahead < 0 ? "-" : "+"}${two(Math.trunc(by / 60))}:${two(by % 60)}`;
}

const filters = one("[data-filters]");
filters?.addEventListener("change", (event) => event.target.matches("select") && filters.requestSubmit());
filters?.addEventListener("submit", () => {
  for (const each of all("[data-day]", filters)) filters.elements[each.dataset.day].value = each.value && `${each.value}T${DAY[each.dataset.day]}${zone(new Date(`${each.value}T12:00`))}`;
  for (const each of filters.elements) if (each.value === "") each.disabled = true;
});
// Back from the cache of the browser, what was left out can be filled in.
addEventListener("pageshow", () => filters && [...filters.elements].forEach((each) => (each.disabled = false)));
