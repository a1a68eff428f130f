// <mask-editor for="FIELD" name="mask">: a mask is painted on a picture, and is a file of the form.
//
// What was done is kept as a list of acts that can be played again, so that undo costs no copies of pictures.
// The canvas has the picture's own pixels, whatever size it is shown in and however closely it is looked at.

import { all, icon, make } from "./kit.js";
import { draw, outline, paintOf, png, softened } from "./mask-pixels.js";
import { Zoom } from "./zoom.js";

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 1.5;
const SHAPES = { brush: ["Brush", "B"], rectangle: ["Rectangle", "R"], lasso: ["Lasso", "L"] };
const SPOKEN = "Mask: arrow keys move the brush, Shift moves it further, Space paints, E switches between paint and eraser, B, R and L choose brush, rectangle and lasso, square brackets change the size, plus and minus zoom, 0 fits, Control Z undoes";

export class MaskEditor extends HTMLElement {
  #acts = [];
  #undone = [];
  #act = null; // what is under the hand
  #shape = "brush";
  #erasing = false;
  #brush = 40;
  #soft = 0;
  #at = { x: 0, y: 0 };
  #space = ""; // "held", then "used"
  #pointers = new Map();
  #isMoving = false;
  #picture = null;
  #paper = null; // all acts that are done, as paint
  #view = null; // the same as it is seen
  #zoom = null;
  #parts = {};

  get name() {
    return this.getAttribute("name");
  }

  get #selects() {
    return this.dataset.selects || "white";
  }

  /** Whether anything is painted. */
  get painted() {
    return this.#acts.length > 0 && this.#acts.at(-1).kind !== "clear";
  }

  /** What tells this mask from what it was before something was done. */
  get changes() {
    return [this.#acts.length, this.#soft];
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
    if (!same) [this.#acts, this.#undone, this.#soft] = [[], [], 0];
    this.#picture = picture;
    this.#build();
    return this.#replay();
  }

  /** A picture of a mask, fitted to the picture below, in place of what is painted. */
  async load(source) {
    const bitmap = await createImageBitmap(source);
    this.#soften(0); // its own edges are as they are
    this.#do({ kind: "picture", canvas: paintOf(bitmap, this.#view.width, this.#view.height, this.#selects) });
  }

  /** The mask as a PNG of the picture's size, or null where nothing is painted. */
  async file() {
    if (!this.#picture || !this.painted) return null;
    const blob = await png(softened(this.#paper, this.#soft), this.#selects);
    return new File([blob], `${this.name}.png`, { type: "image/png" });
  }

  /** How many pixels the service itself adds to the edge; they are shown round what is painted. */
  grow(pixels) {
    this.dataset.grown = pixels || 0;
    if (this.#view) this.#halo();
  }

  undo() {
    if (this.#acts.length) this.#undone.push(this.#acts.pop());
    this.#replay();
  }

  redo() {
    if (this.#undone.length) this.#acts.push(this.#undone.pop());
    this.#replay();
  }

  clear() {
    if (this.painted) this.#do({ kind: "clear" });
  }

  invert() {
    this.#do({ kind: "invert" });
  }

  #build() {
    const { naturalWidth: width, naturalHeight: height } = this.#picture;
    this.#view = make("canvas", { width, height });
    this.#paper = new OffscreenCanvas(width, height);
    this.#paper.getContext("2d", { willReadFrequently: true });
    Object.assign(this.#picture, { alt: "", draggable: false });
    this.#brush = Math.round(Math.max(width, height) / 18);
    this.#at = { x: width / 2, y: height / 2 };
    const ring = make("span", { className: "mask-ring" });
    const sheet = make("div", { className: "mask-sheet" }, this.#picture, this.#view, ring);
    sheet.insertAdjacentHTML("beforeend", `<svg class="mask-outline" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true"><polygon/><polygon/></svg>`);
    const surface = make("div", { className: "mask-canvas", tabIndex: 0, role: "application", data: { testid: "mask-surface" }, aria: { label: SPOKEN } }, sheet);
    this.#zoom = new Zoom(() => [surface.clientWidth, surface.clientHeight], () => this.#zoomed());
    this.#parts = { surface, sheet, ring, lines: all("polygon", sheet), said: make("output", { data: { testid: "mask-said" } }) };
    const keys = (textContent) => make("span", { className: "keys", textContent });
    const help = make("span", {}, `${width} x ${height} px; two fingers`, keys(", or Space and drag,"), " move it", keys("; keys: arrows, Space, E, B, R, L, [ and ], +, - and 0"));
    const foot = make("p", { className: "mask-foot" }, this.#parts.said, help);
    this.replaceChildren(this.#tools(width, height), surface, foot);
    this.#shaped(this.#shape);
    this.#erase(this.#erasing);
    this.#listen(surface);
  }

  #tools(width, height) {
    const button = (name, label, act, key, glyph = name) => {
      const drawn = glyph ? [icon(glyph), make("span", { className: "visually-hidden", textContent: label })] : [label];
      const made = make("button", { type: "button", className: "button small", title: key ? `${label} (${key})` : label, data: { testid: `mask-${name}` } }, ...drawn);
      made.addEventListener("click", act);
      return made;
    };
    const slide = (name, label, limits, act) => {
      const made = make("input", { type: "range", ...limits, data: { testid: `mask-${name}` } });
      made.addEventListener("input", () => act(Number(made.value)));
      return [make("label", { className: "mask-size" }, label, made), made];
    };
    const paint = button("paint", "Paint", () => this.#erase(false), "E", ""), erase = button("eraser", "Erase", () => this.#erase(true), "E", "");
    const shapes = Object.entries(SHAPES).map(([name, [label, key]]) => button(name, label, () => this.#shaped(name), key));
    const undo = button("undo", "Undo", () => this.undo(), "Ctrl+Z"), redo = button("redo", "Redo", () => this.redo(), "Ctrl+Shift+Z");
    const [sized, slider] = slide("size", "Size", { min: 2, max: Math.round(Math.max(width, height) / 3), value: this.#brush }, (size) => this.#resize(size));
    const [edged, edge] = slide("soft", "Soft edge", { min: 0, max: 60, value: this.#soft }, (soft) => this.#soften(soft));
    const told = make("output", { className: "muted" }), scale = make("output", { className: "muted", textContent: "100 %", data: { testid: "mask-zoom" } });
    edged.append(told);
    edged.hidden = Boolean(this.dataset.grownBy); // that softens the edge already
    const chooser = make("input", { type: "file", accept: "image/*", className: "visually-hidden", tabIndex: -1, data: { testid: "mask-file" }, aria: { label: "A picture of the mask" } });
    chooser.addEventListener("change", () => chooser.files[0] && this.load(chooser.files[0]));
    Object.assign(this.#parts, { paint, erase, shapes, undo, redo, slider, edge, told, scale });
    const group = (...members) => make("span", { className: "group-of" }, ...members);
    return make(
      "div",
      { className: "mask-tools", role: "toolbar", aria: { label: "Mask tools" } },
      group(paint, erase),
      group(...shapes),
      sized,
      edged,
      group(undo, redo),
      group(button("invert", "Invert", () => this.invert(), "I"), button("trash", "Clear", () => this.clear())),
      group(button("out", "Zoom out", () => this.#zoom.by(1 / STEP), "-", "minus"), button("in", "Zoom in", () => this.#zoom.by(STEP), "+", "plus"), button("fit", "Fit", () => this.#zoom.fit(), "0", "")),
      scale,
      group(button("earlier", "Earlier masks of this picture", () => this.dispatchEvent(new CustomEvent("earlier", { bubbles: true })), "", "clock"), button("up", "Use a picture as the mask", () => chooser.click())),
      chooser,
    );
  }

  #listen(surface) {
    surface.addEventListener("pointerdown", (event) => this.#down(event));
    surface.addEventListener("pointermove", (event) => this.#moved(event));
    for (const name of ["pointerup", "pointercancel"]) surface.addEventListener(name, (event) => this.#up(event));
    surface.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    surface.addEventListener("keydown", (event) => {
      const act = this.#keys(event);
      if (!act) return;
      event.preventDefault();
      act();
    });
    surface.addEventListener("keyup", (event) => event.key === " " && this.#released());
    surface.addEventListener("blur", () => this.#released(""));
    surface.addEventListener("focus", () => this.#ring());
    new ResizeObserver(() => this.#resized()).observe(surface);
  }

  // Hands

  /** One pointer paints; two, or one with Space or the middle button, move the picture. */
  #down(event) {
    if (event.button > 1) return;
    event.preventDefault();
    this.#parts.surface.focus({ preventScroll: true });
    this.#parts.surface.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event);
    if (this.#pointers.size > 1) return this.#drop();
    this.#isMoving = event.button === 1 || Boolean(this.#space);
    if (this.#space) this.#space = "used";
    return this.#isMoving || this.#begin(this.#place(event));
  }

  #moved(event) {
    const before = this.#pointers.get(event.pointerId);
    if (before && (this.#isMoving || this.#pointers.size > 1)) return this.#pan(event, before);
    const events = event.getCoalescedEvents?.() || [];
    for (const each of events.length ? events : [event]) this.#move(this.#place(each));
    return undefined;
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    if (!this.#pointers.size) this.#isMoving = false;
    this.#end();
  }

  /** The picture goes with the fingers: what lies between two of them stays between them. */
  #pan(event, before) {
    this.#pointers.set(event.pointerId, event);
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, each]) => each);
    const share = 1 / (1 + others.length), box = this.#parts.surface.getBoundingClientRect();
    if (others.length) {
      const far = (from) => Math.hypot(from.clientX - others[0].clientX, from.clientY - others[0].clientY) || 1;
      const middle = ["X", "Y"].map((axis) => (event[`client${axis}`] + others[0][`client${axis}`]) / 2);
      this.#zoom.by(far(event) / far(before), [middle[0] - box.left, middle[1] - box.top]);
    }
    this.#zoom.move((event.clientX - before.clientX) * share, (event.clientY - before.clientY) * share);
  }

  #wheel(event) {
    if (!event.altKey && !event.ctrlKey && !event.metaKey) return; // the page scrolls
    event.preventDefault();
    if (event.altKey) return this.#resize(this.#brush * (event.deltaY > 0 ? 0.9 : 1.1));
    const box = this.#parts.surface.getBoundingClientRect();
    return this.#zoom.by(Math.exp(-event.deltaY / (Math.abs(event.deltaY) < 50 ? 100 : 500)), [event.clientX - box.left, event.clientY - box.top]);
  }

  // Keys

  #keys(event) {
    const key = event.key;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") return () => (event.shiftKey ? this.redo() : this.undo());
    if (event.ctrlKey || event.metaKey || event.altKey) return null;
    if (key in KEYS) return () => this.#nudge(KEYS[key], event.shiftKey);
    const shape = Object.keys(SHAPES).find((each) => SHAPES[each][1] === key.toUpperCase());
    if (shape) return () => this.#shaped(shape);
    return {
      " ": () => (this.#space ||= "held"), // until it moves, or is let go, it may be meant for the pointer
      e: () => this.#erase(!this.#erasing),
      i: () => this.invert(),
      "[": () => this.#resize(this.#brush * 0.8),
      "]": () => this.#resize(this.#brush * 1.25),
      "+": () => this.#zoom.by(STEP),
      "=": () => this.#zoom.by(STEP),
      "-": () => this.#zoom.by(1 / STEP),
      0: () => this.#zoom.fit(),
    }[key.toLowerCase()];
  }

  #nudge([x, y], far) {
    if (this.#space === "held") this.#press();
    const by = Math.max(1, this.#brush / (far ? 0.5 : 4));
    const { width, height } = this.#view;
    const inside = (value, most) => Math.min(Math.max(value, 0), most);
    this.#move({ x: inside(this.#at.x + x * by, width), y: inside(this.#at.y + y * by, height) });
    this.#reveal();
  }

  #press() {
    this.#space = "used";
    this.#begin(this.#at);
  }

  #released(space = this.#space) {
    if (space === "held") this.#press();
    this.#space = "";
    this.#end();
  }

  /** The brush that is moved by keys stays in sight. */
  #reveal() {
    const { surface } = this.#parts, scale = this.#fit * this.#zoom.scale;
    const out = (place, side) => Math.max(0, 20 - place) + Math.min(0, side - 20 - place);
    this.#zoom.move(out(this.#at.x * scale + this.#zoom.x, surface.clientWidth), out(this.#at.y * scale + this.#zoom.y, surface.clientHeight));
  }

  // Paint

  /** Where a pointer is, in the picture's own pixels. */
  #place(event) {
    const box = this.#view.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.#view.width;
    const y = ((event.clientY - box.top) / box.height) * this.#view.height;
    return { x, y };
  }

  #begin(at) {
    this.#at = at;
    this.#act = { kind: this.#shape, erase: this.#erasing, size: this.#brush, points: [at] };
    this.#under([at]);
  }

  #move(at) {
    const from = this.#at;
    this.#at = at;
    this.#ring();
    if (!this.#act) return;
    this.#act.points.push(at);
    this.#under([from, at]);
  }

  /** Shows what is under the hand: paint at once, the others by their outline. */
  #under(points) {
    if (this.#act?.kind === "brush") return draw(this.#view.getContext("2d"), { ...this.#act, points });
    const corners = this.#act ? outline(this.#act).map(({ x, y }) => `${x},${y}`) : [];
    for (const each of this.#parts.lines) each.setAttribute("points", corners.join(" "));
    return undefined;
  }

  #end() {
    const act = this.#act;
    if (!act) return;
    this.#act = null;
    this.#under();
    this.#do(act);
  }

  /** Forgets what is under the hand. */
  #drop() {
    this.#act = null;
    this.#under();
    this.#see();
  }

  #do(act) {
    this.#acts.push(act);
    this.#undone = [];
    draw(this.#paper.getContext("2d"), act);
    this.#changed();
  }

  #replay() {
    if (!this.#paper) return;
    const drawing = this.#paper.getContext("2d");
    drawing.clearRect(0, 0, this.#paper.width, this.#paper.height);
    for (const act of this.#acts) draw(drawing, act);
    this.#changed();
  }

  #changed() {
    if (this.#picture) {
      this.#see();
      this.#parts.undo.disabled = !this.#acts.length;
      this.#parts.redo.disabled = !this.#undone.length;
      this.#parts.said.textContent = this.painted ? `${this.#share()} % of the picture is painted` : "Nothing is painted yet";
    }
    this.dispatchEvent(new CustomEvent("maskchange", { bubbles: true }));
  }

  #see() {
    const drawing = this.#view.getContext("2d"), { width, height } = this.#view;
    if (this.#soft) return drawing.putImageData(softened(this.#paper, this.#soft), 0, 0);
    drawing.clearRect(0, 0, width, height);
    return drawing.drawImage(this.#paper, 0, 0);
  }

  /** How much is painted, seen on a small copy. */
  #share() {
    const small = new OffscreenCanvas(64, 64), drawing = small.getContext("2d", { willReadFrequently: true });
    drawing.drawImage(this.#view, 0, 0, 64, 64);
    const { data } = drawing.getImageData(0, 0, 64, 64);
    let sum = 0;
    for (let at = 3; at < data.length; at += 4) sum += data[at];
    const share = (sum / 255 / 4096) * 100;
    return share > 0 && share < 1 ? "less than 1" : Math.round(share);
  }

  // Tools

  #erase(erasing) {
    this.#erasing = erasing;
    this.#parts.paint.setAttribute("aria-pressed", String(!erasing));
    this.#parts.erase.setAttribute("aria-pressed", String(erasing));
  }

  #shaped(shape) {
    this.#shape = shape;
    Object.keys(SHAPES).forEach((name, at) => this.#parts.shapes[at].setAttribute("aria-pressed", String(name === shape)));
    this.#parts.surface.dataset.shape = shape;
  }

  #resize(size) {
    this.#brush = Math.min(Math.max(size, 2), Number(this.#parts.slider.max));
    this.#parts.slider.value = this.#brush;
    this.#ring();
  }

  #soften(soft) {
    if (soft === this.#soft) return;
    this.#soft = this.#parts.edge.value = soft;
    this.#parts.told.textContent = soft ? `${soft} px` : "";
    this.#changed();
  }

  /** CSS pixels for each pixel of the picture, as long as it is not zoomed. */
  get #fit() {
    return this.#view.clientWidth / this.#view.width;
  }

  #zoomed() {
    const { sheet, scale } = this.#parts;
    sheet.style.transform = this.#zoom.css;
    sheet.style.setProperty("--zoom", this.#zoom.scale);
    scale.textContent = `${Math.round(this.#zoom.scale * 100)} %`;
  }

  #ring() {
    const { ring } = this.#parts, across = this.#brush * this.#fit;
    ring.style.width = ring.style.height = `${across}px`;
    ring.style.transform = `translate(${this.#at.x * this.#fit - across / 2}px, ${this.#at.y * this.#fit - across / 2}px)`;
  }

  #resized() {
    this.#halo();
    this.#ring();
    this.#zoom.move(0, 0);
  }

  #halo() {
    this.#view.style.setProperty("--grown", `${(Number(this.dataset.grown) || 0) * this.#fit}px`);
  }
}

customElements.define("mask-editor", MaskEditor);
