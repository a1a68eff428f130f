// The list of actions: searched by whatever people call a thing, favourites first. They are kept in this browser.

import { all, one } from "./kit.js";

const KEY = "console.favourites";
const search = one("[data-search]"), favourites = one("[data-favourites]");
const tiles = all("[data-action]"), groups = all("[data-group]");
const homes = new Map(tiles.map((each) => [each, each.parentElement]));

/** Letters and digits alone, so that "text-to-image" and "Text to image" are one. */
const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || [];
  } catch {
    return []; // it was written by another edition of this page
  }
}

/** Each tile in its place: the favourites on top, the others under their tasks, in their order. */
function arrange() {
  const chosen = kept();
  for (const each of tiles) {
    const isFavourite = chosen.includes(each.dataset.action);
    one("[data-favourite]", each).setAttribute("aria-pressed", String(isFavourite));
    (isFavourite ? favourites : homes.get(each)).append(each);
  }
  show();
}

function show() {
  const words = plain(search.value).split(" ").filter(Boolean);
  for (const each of tiles) each.hidden = !words.every((word) => plain(each.dataset.words).includes(word));
  for (const each of groups) each.hidden = !one("[data-action]:not([hidden])", each);
  const found = tiles.filter((each) => !each.hidden).length;
  one("[data-none]").hidden = found > 0;
  one("[data-found]").textContent = words.length ? `${found} ${found === 1 ? "action matches" : "actions match"}` : "";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-favourite]");
  if (!button) return;
  const id = button.closest("[data-action]").dataset.action, chosen = kept();
  const next = chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id];
  localStorage.setItem(KEY, JSON.stringify(next));
  arrange();
  button.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, textarea, select")) return;
  event.preventDefault();
  search.focus();
});
search.addEventListener("input", show);
search.addEventListener("keydown", (event) => {
  const first = one("[data-action]:not([hidden]) a");
  if (event.key === "Enter" && first) first.click();
});
arrange();
