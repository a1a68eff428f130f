// The API reference: finds operations, and sends the one that is shown.
import { all, busy, make, number, one, size } from "./kit.js";

const find = one("[data-find]");
const none = one(".operations [data-none]");
const opened = all("[data-group]").map((group) => group.open);
find.addEventListener("input", () => {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  all("[data-group]").forEach((group, index) => {
    const entries = all("[data-words]", group);
    for (const each of entries) each.hidden = !words.every((word) => each.dataset.words.includes(word));
    const shown = entries.filter((each) => !each.hidden).length;
    group.hidden = !shown;
    group.open = words.length ? shown > 0 : opened[index];
    left += shown;
  });
  none.hidden = left > 0;
});

const form = one("[data-try]");
const answered = one("[data-answered]");

/** The address with what is filled in. */
function target() {
  const query = new URLSearchParams();
  let path = form.dataset.path;
  for (const input of all("[data-in]", form)) {
    if (input.dataset.in === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value) query.set(input.name, input.value);
  }
  // What is sent from here costs nothing: where it goes is not for the body to say.
  for (const name of ["environment", "connection"]) if (form.dataset[name]) query.set(name, form.dataset[name]);
  return query.size ? `${path}?${query}` : path;
}

async function shown(answer) {
  const type = answer.headers.get("content-type") || "";
  if (type.startsWith("image/")) return make("img", { src: URL.createObjectURL(await answer.blob()), alt: "What was answered" });
  if (!/json|text|^$/.test(type)) return make("p", { textContent: `${type}, ${size((await answer.blob()).size)}` });
  const text = await answer.text();
  let told = text;
  try {
    told = JSON.stringify(JSON.parse(text), null, 2);
  } catch { /* It is no JSON, and is shown as it is. */ }
  const code = make("pre", { tabIndex: 0, aria: { label: "Answer" } }, make("code", { textContent: told.slice(0, 100_000) || "(no body)" }));
  return make("div", { className: "code-block" }, code);
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(one("button", form), async () => {
    const body = one("[data-body]", form)?.value;
    if (body !== undefined) {
      try {
        JSON.parse(body);
      } catch (error) {
        throw new Error(`The body is no JSON: ${error.message}`);
      }
    }
    const began = performance.now();
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    // A stream of events would never end.
    const answer = await fetch(target(), { method: form.dataset.method, headers: { accept: "application/json", ...headers }, body, signal: AbortSignal.timeout(120_000) });
    const seconds = (performance.now() - began) / 1000;
    const line = make("p", {}, make("b", { textContent: `${answer.status} ${answer.statusText}` }), ` in ${number(Number(seconds.toFixed(2)))} s`);
    const names = ["location", "x-run-id", "link", "retry-after", "content-type"].filter((name) => answer.headers.has(name));
    const told = make("p", { className: "muted" }, ...names.map((name) => make("code", { textContent: `${name}: ${answer.headers.get(name)} ` })));
    answered.replaceChildren(line, told, await shown(answer));
    answered.hidden = false;
    answered.focus();
  });
});
