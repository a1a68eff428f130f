// The pages of runs: one that goes on is followed, one that has ended comes alive; filters apply at once.

import { one } from "./kit.js";
import { enliven, follow } from "./run-view.js";

const place = one("[data-watch]");
if (place && "ended" in place.dataset) enliven(place);
else if (place) follow(place.dataset.watch, place, true).then(() => location.reload());

const comparing = one(".comparing");
if (comparing) enliven(comparing.parentElement);

const filters = one("[data-filters]");
filters?.addEventListener("change", () => {
  for (const each of filters.elements) if (each.value === "") each.disabled = true;
  filters.submit();
});
