// A place for a file: chosen, dropped, pasted, or picked from earlier ones; seen and judged before it goes up.

import { faults, typeOf } from "./faults.js";
import { all, make, one, part, picking, Refusal, size } from "./kit.js";

const drops = new Map();

// Pictures are sent as people see them, and not every browser turns a WebP as its EXIF says: this one is 2 x 1, turned.
const TURNED = "data:image/webp;base64,UklGRk4AAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TA4AAAAvAQAAAAcQEf0PRET/A0VYSUYaAAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=";
let turnsWebp = true;
const probe = new Image();
probe.addEventListener("load", () => (turnsWebp = probe.naturalWidth === 1));
probe.src = TURNED;

/** The Drop of a field's element. */
export const dropOf = (element) => drops.get(element);

export class Drop {
  /** The reference of the uploaded file, or null. */
  reference = null;
  /** What the host tells of the file, once it is up, or null. */
  facts = null;
  /** The address of the picture as it can be shown, or null. */
  address = null;
  #upload = null;
  #turn = 0;
  #type = "";

  constructor(root) {
    this.root = root;
    this.field = root.closest("[data-field]");
    this.input = one('input[type="file"]', root);
    this.rules = JSON.parse(root.dataset.rules || "{}");
    drops.set(root, this);
    this.#listen();
    if (root.dataset.kept) this.#keep(JSON.parse(root.dataset.kept));
    else if (root.dataset.sample) this.#sample(root.dataset.sample);
  }

  get given() {
    return Boolean(this.reference || this.#upload);
  }

  /** The file as an input has it, or null. */
  get value() {
    const isSeenAsStored = this.reference && this.#type === "image/webp" && !turnsWebp;
    return isSeenAsStored ? { file: this.reference, keep_orientation: true } : this.reference;
  }

  /** The reference, once the file is up. Throws what kept it from going up. */
  async ready() {
    if (this.#upload) await this.#upload;
    return this.reference;
  }

  async take(file) {
    const turn = ++this.#turn;
    this.#clear();
    const facts = await factsOf(file);
    if (turn !== this.#turn) return;
    this.address = facts.address;
    this.#show(file.name, facts);
    // How long a sound lasts, and what an odd file is, is told by the host: browsers guess.
    const wrong = /^(image|text|model|application)\//.test(facts.type) ? faults(this.rules, facts) : null;
    this.#fit(wrong);
    if (facts.width * facts.height > this.rules.max_pixels) this.#offer(file);
    this.#upload = wrong?.length ? Promise.reject(unfit(wrong)) : this.#send(file, turn);
    const gone = this.#upload.catch((error) => error instanceof Refusal || turn !== this.#turn || this.#failed(error.message));
    this.#changed();
    await gone;
    if (turn === this.#turn) this.#changed();
  }

  remove(focus = true) {
    this.#turn += 1;
    this.#clear();
    this.#changed();
    if (focus) this.input.focus();
  }

  #clear() {
    if (this.address?.startsWith("blob:")) URL.revokeObjectURL(this.address);
    this.reference = this.facts = this.address = this.#upload = null;
    this.input.value = "";
    one("[data-drop-area]", this.root).hidden = false;
    one("[data-drop-file]", this.root).hidden = true;
    one("[data-drop-view]", this.root).replaceChildren();
  }

  #listen() {
    this.input.addEventListener("change", () => this.input.files[0] && this.take(this.input.files[0]));
    one("[data-drop-remove]", this.root).addEventListener("click", () => this.remove());
    this.root.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.root.classList.add("is-over");
    });
    for (const name of ["dragleave", "drop"]) this.root.addEventListener(name, () => this.root.classList.remove("is-over"));
    this.root.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.take(event.dataTransfer.files[0]);
    });
    one("[data-pick]", this.field)?.addEventListener("click", () => pick(this));
  }

  async #sample(address) {
    const answer = await fetch(address);
    const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition"))?.[1] || "example";
    await this.take(new File([await answer.blob()], name, { type: answer.headers.get("content-type") }));
  }

  /** A file that the host has already. */
  use(facts) {
    this.#turn += 1;
    this.#clear();
    this.#keep(facts);
    this.#changed();
  }

  #keep(facts) {
    this.reference = facts.file;
    this.facts = facts;
    const address = `/api/files/${encodeURIComponent(facts.file.slice("file:".length))}/content`;
    if (facts.type?.startsWith("image/")) this.address = address;
    this.#show(facts.name || "file", { ...facts, address });
    this.#fit(faults(this.rules, { ...facts, seconds: facts.seconds ?? undefined }));
  }

  async #send(file, turn) {
    const bar = one("[data-drop-progress]", this.root);
    bar.hidden = false;
    try {
      const stored = await upload(file, (share) => (bar.value = share));
      const wrong = faults(this.rules, stored);
      if (turn === this.#turn) {
        this.#measured(stored);
        this.#fit(wrong);
      }
      if (wrong.length) throw unfit(wrong);
      if (turn === this.#turn) {
        this.reference = stored.file;
        this.facts = stored;
      }
    } finally {
      bar.hidden = true;
    }
  }

  #show(name, facts) {
    this.#type = facts.type;
    const view = one("[data-drop-view]", this.root);
    view.replaceChildren(...preview(facts.type || "", facts.address, name));
    one("[data-drop-name]", this.root).textContent = name;
    this.#measured(facts);
    one("[data-drop-area]", this.root).hidden = true;
    one("[data-drop-file]", this.root).hidden = false;
  }

  #measured(facts) {
    const sides = facts.width ? `${facts.width} x ${facts.height} px, ` : "";
    const length = facts.seconds ? `${Math.round(facts.seconds * 10) / 10} s, ` : "";
    one("[data-drop-size]", this.root).textContent = sides + length + (facts.bytes ? size(facts.bytes) : "");
  }

  #fit(wrong) {
    const told = one("[data-drop-fit]", this.root);
    if (!wrong) return (told.textContent = "");
    told.className = wrong.length ? "fits-not" : "fits";
    told.textContent = wrong.length ? `Does not fit: ${wrong.map((each) => `it ${each}`).join("; ")}` : "Fits";
  }

  /** A picture of too many pixels is made smaller, if one likes. */
  #offer(file) {
    const button = make("button", { type: "button", className: "button small" }, "Make it fit");
    button.addEventListener("click", async () => this.take(await (await import("./resize.js")).resized(file, this.rules.max_pixels)));
    one("[data-drop-fit]", this.root).append(" ", button);
  }

  #failed(message) {
    const told = one("[data-drop-fit]", this.root);
    told.className = "fits-not";
    told.textContent = message;
  }

  #changed() {
    this.root.dispatchEvent(new CustomEvent("filechange", { bubbles: true, detail: this }));
  }
}

const unfit = (wrong) => new Refusal({ problems: wrong.map((message) => ({ message })) });

function preview(type, address, name) {
  if (type.startsWith("image/")) return [make("img", { src: address, alt: `Preview of ${name}` })];
  if (type.startsWith("audio/")) return [make("audio", { src: address, controls: true })];
  if (type.startsWith("video/")) return [make("video", { src: address, controls: true })];
  return [];
}

async function factsOf(file) {
  const type = typeOf(new Uint8Array(await file.slice(0, 4096).arrayBuffer()));
  const address = URL.createObjectURL(file);
  return { bytes: file.size, type, address, ...(await measured(type, address)) };
}

/** Width and height of a picture; nothing where the browser cannot read it. */
async function measured(type, address) {
  if (!type.startsWith("image/")) return {};
  const picture = new Image();
  picture.src = address;
  return picture.decode().then(() => ({ width: picture.naturalWidth, height: picture.naturalHeight }), () => ({}));
}

/** Sends a file to the host; gives what it is there. XMLHttpRequest, as fetch tells nothing of how far it is. */
export function upload(file, tell = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    request.upload.onprogress = (event) => event.lengthComputable && tell(event.loaded / event.total);
    request.onerror = () => reject(new Error("the host cannot be reached"));
    request.onload = () => {
      let told = {};
      try {
        told = JSON.parse(request.responseText);
      } catch {
        // An answer without JSON is a failure that the status tells.
      }
      if (request.status === 201) resolve(told);
      else reject(new Error(told.detail || `the host answered ${request.status}`));
    };
    request.open("POST", "/api/files");
    request.send(form);
  });
}

async function pick(drop) {
  const dialog = picking("Earlier files", make("p", { className: "muted", textContent: "Looking..." })), body = one("[data-picker-body]", dialog);
  const kinds = [...new Set((drop.input.accept || "").split(",").filter(Boolean).map((type) => `${type.split("/")[0]}/`))];
  try {
    body.replaceChildren(await part(`/files?kinds=${encodeURIComponent(kinds.join(","))}`));
  } catch (error) {
    body.replaceChildren(make("p", { className: "problem", textContent: error.message }));
  }
  for (const each of all("[data-pick-file]", body)) {
    each.addEventListener("click", () => {
      drop.use(JSON.parse(each.dataset.pickFile));
      dialog.close();
    });
  }
}

/** A picture on the clipboard goes to the first place that is still empty. */
export function takePasted() {
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files][0];
    if (!file) return;
    const open = [...drops.values()].filter((drop) => !drop.field.hidden);
    const target = open.find((drop) => drop.field.contains(document.activeElement)) || open.find((drop) => !drop.given) || open[0];
    if (!target) return;
    event.preventDefault();
    target.take(file);
  });
}
