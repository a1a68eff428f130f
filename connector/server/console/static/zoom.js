// How closely something in a box is looked at: how large it is, and where its upper left corner lies.

const MOST = 16;

export class Zoom {
  scale = 1;
  x = 0;
  y = 0;
  #size;
  #show;

  /** `size` gives the width and the height of the box; `show` is called with each change. */
  constructor(size, show) {
    this.#size = size;
    this.#show = show;
  }

  get css() {
    return this.scale > 1 ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})` : "";
  }

  /** Zooms so that the given place of the box, else its middle, stays where it is. */
  by(factor, [left, top] = this.#size().map((side) => side / 2)) {
    const next = Math.min(MOST, Math.max(1, this.scale * factor));
    this.x = left - ((left - this.x) * next) / this.scale;
    this.y = top - ((top - this.y) * next) / this.scale;
    this.scale = next;
    this.move(0, 0);
  }

  /** Moves it, never so far that the box shows what is beyond its edges. */
  move(right, down) {
    const [width, height] = this.#size();
    const inside = (value, side) => Math.min(0, Math.max(value, side * (1 - this.scale)));
    this.x = inside(this.x + right, width);
    this.y = inside(this.y + down, height);
    this.#show();
  }

  fit() {
    this.by(0);
  }
}
