// Runs that are selected in their list: downloaded as one archive, run again, deleted.

import { all, busy, call, number, one, toast } from "./kit.js";

const within = one('[data-picking="many"]'), whole = one("[data-pick-all]"), count = one("[data-picked-count]");
const picked = () => all("[data-pick-run]:checked", within);
const runs = (many) => `${many} ${many === 1 ? "run" : "runs"}`;

function show() {
  const chosen = picked(), many = chosen.length;
  one("[data-picked]").hidden = !many;
  count.textContent = many ? `${many} selected` : "";
  whole.checked = many > 0;
  whole.indeterminate = many > 0 && many < all("[data-pick-run]", within).length;
  one("[data-download-picked]").href = `/api/runs/archive?${new URLSearchParams(chosen.map((each) => ["run", each.dataset.pickRun]))}`;
}

within.addEventListener("change", (event) => {
  if (event.target === whole) {
    for (const each of all("[data-pick-run]", within)) each.checked = whole.checked;
    one("[data-pick-run]", within).dispatchEvent(new Event("change", { bubbles: true }));
  } else show();
});

/** Does it for each selected run in turn, and tells of those that were refused. */
async function each(act) {
  const refused = [];
  for (const { dataset } of picked()) await act(encodeURIComponent(dataset.pickRun)).catch((error) => refused.push(error.message));
  return refused;
}

async function again() {
  const many = picked().length, prices = picked().map((one) => one.dataset.credits);
  const sum = prices.reduce((before, price) => before + Number(price), 0);
  const cost = prices.includes("") ? `${number(sum)} credits and what is not known` : sum ? `about ${number(sum)} credits` : "free";
  if (!confirm(`Run ${many === 1 ? "it" : `all ${many}`} again? By what they cost last: ${cost}.`)) return;
  const refused = await each((id) => call("POST", `/api/runs/${id}/again`));
  if (refused.length) toast(`${runs(refused.length)} could not be begun: ${refused[0]}`, true);
  else location.assign("/runs");
}

async function remove() {
  if (!confirm(`Delete ${runs(picked().length)}, inputs and files too? The cost stays counted.`)) return;
  const refused = await each((id) => call("DELETE", `/api/runs/${id}`));
  if (refused.length) sessionStorage.setItem("console.told", `${runs(refused.length)} stayed: ${refused[0]}`);
  location.reload();
}

for (const [name, act] of [["again", again], ["delete", remove]]) {
  one(`[data-${name}-picked]`)?.addEventListener("click", (event) => busy(event.currentTarget, act));
}
const told = sessionStorage.getItem("console.told");
sessionStorage.removeItem("console.told");
if (told) toast(told, true);
show();
