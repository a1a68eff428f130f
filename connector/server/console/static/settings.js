// Tokens are made and revoked; the theme is chosen.

import { all, busy, call, one, part, toast } from "./kit.js";
import { localTimes } from "./times.js";
import { clearProblems, showProblems } from "./problems.js";

const form = one("[data-new-token]"), theme = one("[data-theme]");

theme.value = localStorage.getItem("console.theme") || "";
theme.addEventListener("change", () => {
  localStorage.setItem("console.theme", theme.value);
  document.documentElement.style.colorScheme = theme.value;
});

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!form.reportValidity()) return;
  const shown = one("[data-made-token]");
  shown.hidden = true;
  clearProblems(form);
  busy(one("button.primary", form), async () => {
    let made;
    try {
      made = await call("POST", "/api/tokens", asked());
    } catch (refusal) {
      if (!refusal.problems?.length) throw refusal;
      showProblems(form, refusal.problems);
      return;
    }
    one("[data-token-text]").textContent = made.token;
    shown.hidden = false;
    shown.focus();
    form.reset();
    const page = await part("/settings");
    const listed = one("[data-tokens]", page);
    localTimes(listed);
    one("[data-tokens]").replaceWith(listed);
  });
});

/** What the form asks for; what is left as it is stands for no limit. */
function asked() {
  const { name, role, days, actions, limit_daily: limit, origins } = form.elements;
  const limits = {
    expires: days.value && new Date(Date.now() + days.value * 86_400_000).toISOString(),
    actions: [...actions.selectedOptions].map((option) => option.value),
    environments: all("[name=environments]:checked", form).map((box) => box.value),
    limit_daily: limit.value && Number(limit.value),
    origins: origins.value.split(/[\s,]+/).filter(Boolean),
  };
  const given = Object.entries(limits).filter(([, value]) => value !== "" && value.length !== 0);
  return { name: name.value, role: role.value, ...Object.fromEntries(given) };
}

one("[data-copy-token]")?.addEventListener("click", async () => {
  await navigator.clipboard.writeText(one("[data-token-text]").textContent);
  toast("Copied");
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-revoke]");
  if (!button) return;
  const name = button.dataset.revoke;
  const warning = "own" in button.dataset ? " It is your own: you will be signed out." : "";
  if (!confirm(`Revoke the token "${name}"? Whoever uses it is locked out at once.${warning}`)) return;
  busy(button, async () => {
    await call("DELETE", `/api/tokens/${encodeURIComponent(name)}`);
    button.closest("tr").remove();
    toast(`The token ${name} is revoked`);
  });
});
