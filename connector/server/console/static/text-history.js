// Texts that were run before in a field, of whichever action of the integration: kept in this browser, newest first.

import { make, picking } from "./kit.js";
import { present, put, read } from "./values.js";

const MOST = 40, LONGEST = 4000;
const keyOf = (form, name) => `console.texts.${form.dataset.integration}.${name}`;
const kept = (form, name) => JSON.parse(localStorage.getItem(keyOf(form, name)) || "[]");

/** Keeps the texts that are run now. */
export function keep(form) {
  for (const field of present(form).filter(({ dataset }) => dataset.kind === "textarea")) {
    const name = field.dataset.field, text = read(field);
    if (!text || text.length > LONGEST) continue;
    const others = kept(form, name).filter((each) => each !== text);
    localStorage.setItem(keyOf(form, name), JSON.stringify([text, ...others].slice(0, MOST)));
  }
}

/** Lets somebody choose one for a field, or forget them all. */
export function offer(form, name) {
  const texts = kept(form, name);
  if (!texts.length) return picking("Earlier texts", make("p", { className: "muted", textContent: "None yet. What you run is kept in this browser." }));
  const items = texts.map((text) => {
    const button = make("button", { type: "button", className: "earlier-text", textContent: text });
    button.addEventListener("click", () => {
      put(form, name, text);
      dialog.close();
    });
    return make("li", {}, button);
  });
  const clear = make("button", { type: "button", className: "button small", textContent: "Forget them all", data: { testid: "forget-texts" } });
  clear.addEventListener("click", () => {
    localStorage.removeItem(keyOf(form, name));
    dialog.close();
  });
  const dialog = picking("Earlier texts", make("ul", { className: "presets", data: { testid: "earlier-texts" } }, ...items), clear);
  return dialog;
}
