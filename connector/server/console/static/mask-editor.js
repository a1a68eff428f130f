// <mask-editor for="FIELD" name="mask">: a mask is painted on a picture, and is a file of the form.
//
// What was done is kept as a list of acts that can be played again, so that undo costs no copies of pictures.
// The canvas has the picture's own pixels, whatever size it is shown in. White is the painted part.

import { icon, make } from "./kit.js";

const COLOUR = "#ff2d6f";
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class MaskEditor extends HTMLElement {
  static formAssociated = true;
  #internals = this.attachInternals();
  #acts = [];
  #undone = [];
  #stroke = null;
  #erasing = false;
  #brush = 40;
  #at = { x: 0, y: 0 };
  #painting = false;
  #picture = null;
  #canvas = null;
  #parts = {};

  get name() {
    return this.getAttribute("name");
  }

  /** Whether anything is painted. */
  get painted() {
    return this.#acts.length > 0 && this.#acts.at(-1).kind !== "clear";
  }

  /** How much was done; it grows with each act. */
  get changes() {
    return this.#acts.length;
  }

  /** The picture to paint on, as something to show; null takes it away. Another size begins anew. */
  async show(address) {
    if (!address) {
      this.#picture = null;
      this.#acts = [];
      this.replaceChildren(make("p", { className: "mask-wait" }, icon("brush"), " Choose the picture first; then paint on it here."));
      return this.#changed();
    }
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    const same = this.#picture?.naturalWidth === picture.naturalWidth && this.#picture?.naturalHeight === picture.naturalHeight;
    if (!same) this.#acts = this.#undone = [];
    this.#picture = picture;
    this.#build();
    this.#replay();
    return this.#changed();
  }

  /** A picture of a mask, fitted to the picture below; its light parts are the painted ones. */
  async load(source) {
    const bitmap = await createImageBitmap(source);
    this.#do({ kind: "picture", canvas: tinted(bitmap, this.#canvas.width, this.#canvas.height) });
  }

  /** The mask as a black and white PNG of the picture's size, or null where nothing is painted. */
  async file() {
    if (!this.#picture || !this.painted) return null;
    const { width, height } = this.#canvas;
    const white = new OffscreenCanvas(width, height), out = new OffscreenCanvas(width, height);
    const drawing = white.getContext("2d"), paper = out.getContext("2d");
    drawing.drawImage(this.#canvas, 0, 0);
    drawing.globalCompositeOperation = "source-in";
    drawing.fillStyle = "#fff";
    drawing.fillRect(0, 0, width, height);
    paper.fillStyle = "#000";
    paper.fillRect(0, 0, width, height);
    paper.drawImage(white, 0, 0);
    return new File([await out.convertToBlob({ type: "image/png" })], `${this.name}.png`, { type: "image/png" });
  }

  undo() {
    if (this.#acts.length) this.#undone.push(this.#acts.pop());
    this.#replayed();
  }

  redo() {
    if (this.#undone.length) this.#acts.push(this.#undone.pop());
    this.#replayed();
  }

  clear() {
    if (this.painted) this.#do({ kind: "clear" });
  }

  invert() {
    this.#do({ kind: "invert" });
  }

  formResetCallback() {
    this.#acts = [];
    this.#undone = [];
    if (this.#picture) this.#replayed();
  }

  #build() {
    const { naturalWidth: width, naturalHeight: height } = this.#picture;
    this.#canvas = make("canvas", { width, height });
    this.#picture.alt = "";
    this.#picture.draggable = false;
    this.#brush = Math.round(Math.max(width, height) / 18);
    this.#at = { x: width / 2, y: height / 2 };
    const ring = make("span", { className: "mask-ring" });
    const surface = make("div", { className: "mask-canvas", tabIndex: 0, role: "application", data: { testid: "mask-surface" } }, this.#picture, this.#canvas, ring);
    surface.setAttribute("aria-label", "Mask: arrow keys move the brush, Shift moves it further, Space paints, E switches to the eraser, square brackets change the size, Control Z undoes");
    this.#parts = { surface, ring, said: make("output", { data: { testid: "mask-said" } }) };
    const foot = make("p", { className: "mask-foot" }, this.#parts.said, make("span", { textContent: `${width} x ${height} px; keys: arrows, Space, E, [ and ]` }));
    this.replaceChildren(this.#tools(width, height), surface, foot);
    this.#listen(surface);
  }

  #tools(width, height) {
    const button = (name, label, act, key) => {
      const made = make("button", { type: "button", className: "button small", title: key ? `${label} (${key})` : label, data: { testid: `mask-${name}` } }, icon(name), make("span", { className: "visually-hidden", textContent: label }));
      made.addEventListener("click", act);
      return made;
    };
    const paint = button("brush", "Brush", () => this.#erase(false), "E");
    const erase = button("eraser", "Eraser", () => this.#erase(true), "E");
    const [undo, redo] = [button("undo", "Undo", () => this.undo(), "Ctrl+Z"), button("redo", "Redo", () => this.redo(), "Ctrl+Shift+Z")];
    const slider = make("input", { type: "range", min: 2, max: Math.round(Math.max(width, height) / 3), value: this.#brush, data: { testid: "mask-size" } });
    slider.setAttribute("aria-label", "Size of the brush");
    slider.addEventListener("input", () => this.#resize(Number(slider.value)));
    const chooser = make("input", { type: "file", accept: "image/*", className: "visually-hidden", tabIndex: -1, data: { testid: "mask-file" } });
    chooser.setAttribute("aria-label", "A picture of the mask");
    chooser.addEventListener("change", () => chooser.files[0] && this.load(chooser.files[0]));
    Object.assign(this.#parts, { paint, erase, undo, redo, slider });
    const group = (...members) => make("span", { className: "group-of" }, ...members);
    const tools = make(
      "div",
      { className: "mask-tools", role: "toolbar" },
      group(paint, erase),
      make("span", { className: "mask-size" }, slider),
      group(undo, redo),
      group(button("invert", "Invert", () => this.invert(), "I"), button("trash", "Clear", () => this.clear())),
      button("up", "Use a picture as the mask", () => chooser.click()),
      chooser,
    );
    tools.setAttribute("aria-label", "Mask tools");
    queueMicrotask(() => this.#erase(this.#erasing));
    this.#parts = { ...this.#parts, paint, erase, undo, redo, slider };
    return tools;
  }

  #listen(surface) {
    surface.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      surface.focus({ preventScroll: true });
      surface.setPointerCapture(event.pointerId);
      this.#begin(this.#place(event));
    });
    surface.addEventListener("pointermove", (event) => {
      const events = event.getCoalescedEvents?.() || [];
      for (const each of events.length ? events : [event]) this.#move(this.#place(each));
    });
    for (const name of ["pointerup", "pointercancel"]) surface.addEventListener(name, () => this.#end());
    surface.addEventListener("wheel", (event) => {
      if (!event.altKey) return;
      event.preventDefault();
      this.#resize(this.#brush * (event.deltaY > 0 ? 0.9 : 1.1));
    }, { passive: false });
    surface.addEventListener("keydown", (event) => this.#key(event));
    surface.addEventListener("keyup", (event) => event.key === " " && this.#end());
    surface.addEventListener("blur", () => this.#end());
    surface.addEventListener("focus", () => this.#ring());
  }

  #key(event) {
    const act = this.#keys(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #keys(event) {
    const key = event.key;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") return () => (event.shiftKey ? this.redo() : this.undo());
    if (event.ctrlKey || event.metaKey || event.altKey) return null;
    if (key in KEYS) return () => this.#nudge(KEYS[key], event.shiftKey);
    return {
      " ": () => event.repeat || this.#begin(this.#at),
      e: () => this.#erase(!this.#erasing),
      i: () => this.invert(),
      "[": () => this.#resize(this.#brush * 0.8),
      "]": () => this.#resize(this.#brush * 1.25),
    }[key.toLowerCase()];
  }

  #nudge([x, y], far) {
    const by = Math.max(1, this.#brush / (far ? 0.5 : 4));
    const { width, height } = this.#canvas;
    const inside = (value, most) => Math.min(Math.max(value, 0), most);
    this.#move({ x: inside(this.#at.x + x * by, width), y: inside(this.#at.y + y * by, height) });
  }

  /** Where a pointer is, in the picture's own pixels. */
  #place(event) {
    const box = this.#canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.#canvas.width;
    const y = ((event.clientY - box.top) / box.height) * this.#canvas.height;
    return { x, y };
  }

  #begin(at) {
    this.#at = at;
    this.#painting = true;
    this.#stroke = { kind: "stroke", erase: this.#erasing, size: this.#brush, points: [at] };
    this.#undone = [];
    this.#draw(this.#stroke);
  }

  #move(at) {
    const from = this.#at;
    this.#at = at;
    this.#ring();
    if (!this.#painting) return;
    this.#stroke.points.push(at);
    this.#draw({ ...this.#stroke, points: [from, at] });
  }

  #end() {
    if (!this.#painting) return;
    this.#painting = false;
    this.#acts.push(this.#stroke);
    this.#changed();
  }

  #do(act) {
    this.#acts.push(act);
    this.#undone = [];
    this.#draw(act);
    this.#changed();
  }

  #draw(act) {
    const drawing = this.#canvas.getContext("2d");
    const { width, height } = this.#canvas;
    drawing.save();
    if (act.kind === "clear") drawing.clearRect(0, 0, width, height);
    if (act.kind === "picture") drawing.drawImage(act.canvas, 0, 0);
    if (act.kind === "invert") {
      drawing.globalCompositeOperation = "xor";
      drawing.fillStyle = COLOUR;
      drawing.fillRect(0, 0, width, height);
    }
    if (act.kind === "stroke") paint(drawing, act);
    drawing.restore();
  }

  #replay() {
    this.#canvas.getContext("2d").clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    for (const act of this.#acts) this.#draw(act);
  }

  #replayed() {
    if (!this.#canvas) return;
    this.#replay();
    this.#changed();
  }

  #erase(erasing) {
    this.#erasing = erasing;
    this.#parts.paint.setAttribute("aria-pressed", String(!erasing));
    this.#parts.erase.setAttribute("aria-pressed", String(erasing));
  }

  #resize(size) {
    this.#brush = Math.min(Math.max(size, 2), Number(this.#parts.slider.max));
    this.#parts.slider.value = this.#brush;
    this.#ring();
  }

  #ring() {
    const { ring } = this.#parts;
    const scale = this.#canvas.getBoundingClientRect().width / this.#canvas.width;
    const across = this.#brush * scale;
    ring.style.width = ring.style.height = `${across}px`;
    ring.style.transform = `translate(${this.#at.x * scale - across / 2}px, ${this.#at.y * scale - across / 2}px)`;
  }

  async #changed() {
    if (this.#picture) {
      this.#parts.undo.disabled = !this.#acts.length;
      this.#parts.redo.disabled = !this.#undone.length;
      this.#parts.said.textContent = this.painted ? `${this.#share()} % of the picture is painted` : "Nothing is painted yet";
    }
    this.dispatchEvent(new CustomEvent("maskchange", { bubbles: true }));
    this.#internals.setFormValue(await this.file());
  }

  /** How much is painted, seen on a small copy. */
  #share() {
    const small = new OffscreenCanvas(64, 64), drawing = small.getContext("2d", { willReadFrequently: true });
    drawing.drawImage(this.#canvas, 0, 0, 64, 64);
    const { data } = drawing.getImageData(0, 0, 64, 64);
    let sum = 0;
    for (let at = 3; at < data.length; at += 4) sum += data[at];
    const share = (sum / 255 / 4096) * 100;
    return share > 0 && share < 1 ? "less than 1" : Math.round(share);
  }
}

function paint(drawing, { erase, size, points }) {
  drawing.globalCompositeOperation = erase ? "destination-out" : "source-over";
  drawing.strokeStyle = drawing.fillStyle = COLOUR;
  drawing.lineWidth = size;
  drawing.lineCap = drawing.lineJoin = "round";
  drawing.beginPath();
  // A line without length is not drawn: where somebody only tapped, it is this long.
  drawing.moveTo(points[0].x - 0.01, points[0].y);
  for (const point of points) drawing.lineTo(point.x, point.y);
  drawing.stroke();
}

/** A picture as paint: the lighter, the more of it. */
function tinted(bitmap, width, height) {
  const canvas = new OffscreenCanvas(width, height), drawing = canvas.getContext("2d", { willReadFrequently: true });
  drawing.drawImage(bitmap, 0, 0, width, height);
  const pixels = drawing.getImageData(0, 0, width, height), { data } = pixels;
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(COLOUR.slice(at, at + 2), 16));
  for (let at = 0; at < data.length; at += 4) {
    const light = (data[at] * 0.299 + data[at + 1] * 0.587 + data[at + 2] * 0.114) * (data[at + 3] / 255);
    data[at] = red;
    data[at + 1] = green;
    data[at + 2] = blue;
    data[at + 3] = light;
  }
  drawing.putImageData(pixels, 0, 0);
  return canvas;
}

customElements.define("mask-editor", MaskEditor);
