// What every page does: tabs, copying, times, menus.

import { all, busy, call, choose, one, toast } from "./kit.js";
import { localTimes } from "./times.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

document.addEventListener("click", (event) => {
  const tab = event.target.closest('[role="tab"]');
  if (tab) choose(tab);
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(one("code", copy.parentElement).textContent);
  const close = event.target.closest("[data-close]");
  if (close) close.closest("dialog").close();
  if (event.target.matches("dialog")) event.target.close();
  for (const menu of all("[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  const again = event.target.closest("[data-again]");
  if (again) busy(again, () => runAgain(again.dataset.again));
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.('[role="tab"]');
  if (tab && event.key in STEPS) step(tab, STEPS[event.key]);
  if (event.key === "Escape") for (const menu of all("[data-menu][open]")) menu.open = false;
});

// Two results that are picked can be compared.
document.addEventListener("change", (event) => {
  const within = event.target.matches("[data-pick-run]") && event.target.closest("[data-picking]");
  if (!within) return;
  const picked = all("[data-pick-run]:checked", within);
  if (picked.length > 2 && within.dataset.picking !== "many") picked.find((each) => each !== event.target).checked = false;
  const link = one("[data-compare-picked]", within);
  const chosen = all("[data-pick-run]:checked", within), two = chosen.map((each) => each.dataset.pickRun);
  link.hidden = two.length !== 2 || chosen.some((each) => "noPicture" in each.dataset);
  link.href = `/compare?${new URLSearchParams(two.map((id) => ["run", id]))}`;
});

// The second picture is uncovered from the left.
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-compare-slider]")) return;
  const before = one("[data-compare-before]", event.target.closest("[data-compare]"));
  before.style.clipPath = `inset(0 ${100 - event.target.value}% 0 0)`;
});

function step(tab, by) {
  const tabs = all('[role="tab"]', tab.closest('[role="tablist"]'));
  choose(tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length], true);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("The browser does not let the page copy; select the text instead", true);
  }
}

async function runAgain(id) {
  const { run } = await call("POST", `/api/runs/${encodeURIComponent(id)}/again`);
  location.assign(`/runs/${run.id}`);
}

localTimes();
for (const slider of all("[data-compare-slider]")) slider.dispatchEvent(new Event("input", { bubbles: true }));
one(".siblings [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
