// New edges round a picture: its sides are pulled, or typed, and the new picture is seen in its true shape.

import { all, one } from "./kit.js";

const SIDES = ["left", "right", "up", "down"];
const KEYS = { left: { ArrowLeft: 1, ArrowRight: -1 }, right: { ArrowLeft: -1, ArrowRight: 1 }, up: { ArrowUp: 1, ArrowDown: -1 }, down: { ArrowUp: -1, ArrowDown: 1 } };
const STEP = 16, FAR = 128;
const HIGHEST = 560;

export class Edges {
  #picture = null;

  constructor(root) {
    this.root = root;
    this.frame = one("[data-edges-frame]", root);
    this.image = one("[data-edges-picture]", root);
    this.inputs = Object.fromEntries(all("[data-side]", root).map((field) => [field.dataset.side, one('input[type="number"]', field)]));
    for (const input of Object.values(this.inputs)) input.addEventListener("input", () => this.draw());
    for (const handle of all("[data-handle]", root)) this.#listen(handle);
    new ResizeObserver(() => this.draw()).observe(root);
  }

  /** The picture that is continued; null takes it away. */
  async show(address) {
    this.#picture = null;
    this.frame.hidden = true;
    if (address) {
      this.image.src = address;
      await this.image.decode();
      this.#picture = { width: this.image.naturalWidth, height: this.image.naturalHeight };
      this.frame.hidden = false;
    }
    this.draw();
  }

  get #added() {
    return Object.fromEntries(SIDES.map((side) => [side, Math.max(0, Number(this.inputs[side]?.value) || 0)]));
  }

  draw() {
    const added = this.#added, said = one("[data-edges-size]", this.root.closest('[role="group"]'));
    for (const handle of all("[data-handle]", this.root)) handle.setAttribute("aria-valuenow", added[handle.dataset.handle]);
    said.textContent = "";
    if (!this.#picture) return;
    const width = this.#picture.width + added.left + added.right;
    const height = this.#picture.height + added.up + added.down;
    const scale = Math.min((this.root.clientWidth - 4) / width, HIGHEST / height);
    Object.assign(this.frame.style, { width: `${width * scale}px`, height: `${height * scale}px` });
    Object.assign(this.image.style, {
      left: `${(added.left / width) * 100}%`,
      top: `${(added.up / height) * 100}%`,
      width: `${(this.#picture.width / width) * 100}%`,
      height: `${(this.#picture.height / height) * 100}%`,
    });
    said.textContent = `${width} x ${height} px`;
  }

  #set(side, value) {
    const input = this.inputs[side];
    const within = Math.min(Math.max(Math.round(value), Number(input.min || 0)), Number(input.max || Infinity));
    input.value = within || "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #listen(handle) {
    const side = handle.dataset.handle;
    handle.addEventListener("keydown", (event) => {
      const direction = KEYS[side][event.key];
      if (!direction) return;
      event.preventDefault();
      this.#set(side, this.#added[side] + direction * (event.shiftKey ? FAR : STEP));
    });
    handle.addEventListener("pointerdown", (event) => this.#drag(handle, side, event));
  }

  /** The scale is that of the beginning, as the frame changes under the hand. */
  #drag(handle, side, start) {
    const box = this.frame.getBoundingClientRect(), before = this.#added;
    const scale = (this.#picture.width + before.left + before.right) / box.width;
    const across = side === "left" || side === "right";
    const away = side === "right" || side === "down" ? 1 : -1;
    const move = (event) => {
      const pulled = across ? event.clientX - start.clientX : event.clientY - start.clientY;
      this.#set(side, before[side] + Math.round((pulled * away * scale) / 8) * 8);
    };
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
    };
    handle.setPointerCapture(start.pointerId);
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  }
}

