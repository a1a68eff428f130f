// Tokens are made and revoked.

import { busy, call, one, toast } from "./kit.js";

const form = one("[data-new-token]");

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!form.reportValidity()) return;
  busy(one("button", form), async () => {
    const made = await call("POST", "/api/tokens", { name: form.elements.name.value, role: form.elements.role.value });
    const shown = one("[data-made-token]");
    one("[data-token-text]").textContent = made.token;
    shown.hidden = false;
    shown.focus();
    form.reset();
  });
});

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
