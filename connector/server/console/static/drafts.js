// The draft of a form: what is filled in is kept in this browser until it is run or cleared.

import { dropOf } from "./drop.js";
import { all, debounced, one } from "./kit.js";
import { fill, harmless, read } from "./values.js";

const LONGEST = 2_000_000; // characters; a browser keeps some five million for a host

export class Draft {
  #masks = {};
  #isTouched = false; // somebody did something: until then files and masks come from the address
  #isChanged = false;

  /** What was kept of the form, if it was filled in at this address or this is the plain one; else nothing. */
  constructor(form) {
    this.form = form;
    this.key = `console.draft.${form.dataset.api}`;
    this.kept = this.#found();
    // The draft says which files there are: what the address brings is not loaded first.
    if (this.kept) for (const each of all("[data-drop], mask-editor", form)) for (const name of ["kept", "sample"]) delete each.dataset[name];
    const keep = debounced(() => this.#keepChanged(), 300);
    const changed = (event) => {
      if (event.target !== form && !event.target.closest("[data-field]")) return; // the result is in the form too
      this.#isTouched = this.#isChanged = true;
      keep();
    };
    for (const name of ["pointerdown", "keydown", "paste", "drop"]) document.addEventListener(name, () => (this.#isTouched = true));
    for (const name of ["input", "change"]) form.addEventListener(name, changed);
    form.addEventListener("filechange", (event) => this.#isTouched && changed(event));
    form.addEventListener("maskchange", debounced((event) => this.#isTouched && this.#mask(event.target), 600));
    addEventListener("pagehide", () => this.#keepChanged());
  }

  /** Puts what was kept into the fields; whether there was anything. */
  async restore() {
    if (!this.kept) return false;
    const { values, texts, masks } = this.kept;
    this.#masks = masks;
    const painted = Object.entries(masks).map(([name, url]) => [name, fileOf(url)]);
    await fill(this.form, { ...values, ...Object.fromEntries(painted) });
    for (const [name, text] of Object.entries(texts)) if (this.form.elements[name]) this.form.elements[name].value = text;
    return true;
  }

  clear() {
    this.#isTouched = this.#isChanged = false;
    this.#masks = {};
    localStorage.removeItem(this.key);
  }

  #found() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key));
      return kept && (kept.search === location.search || !location.search) ? kept : null;
    } catch {
      return null; // it was written by another edition of this page
    }
  }

  #keepChanged() {
    if (this.#isChanged) this.keep();
  }

  /** Keeps the form as it is; a mask that is too large for the browser is left out. */
  keep() {
    const values = {}, texts = {};
    for (const field of all("[data-field]", this.form)) {
      const { kind, field: name } = field.dataset;
      if (kind === "file") values[name] = dropOf(one("[data-drop]", field))?.facts;
      else if (kind === "json") texts[name] = one("textarea", field).value;
      else if (kind === "rows") values[name] = harmless(read(field));
      else if (kind !== "files") values[name] = read(field);
    }
    for (const masks of [this.#masks, {}]) {
      const told = JSON.stringify({ search: location.search, values, texts, masks });
      if (told.length > LONGEST) continue;
      try {
        return localStorage.setItem(this.key, told);
      } catch {
        // The browser has no more room.
      }
    }
    return undefined;
  }

  async #mask(editor) {
    const painted = await editor.file?.();
    if (painted) this.#masks[editor.name] = await dataUrl(painted);
    else delete this.#masks[editor.name];
    this.#isChanged = true;
    this.keep();
  }
}

const dataUrl = (file) =>
  new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.readAsDataURL(file);
  });

/** The file of a data URL, which the page's policy lets nobody fetch. */
function fileOf(url) {
  const bytes = Uint8Array.from(atob(url.split(",")[1]), (each) => each.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}
