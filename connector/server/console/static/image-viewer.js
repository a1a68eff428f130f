// Pictures that are looked at closely: zoomed, moved and filling the screen. Those of one group move together.

import { all, one } from "./kit.js";

const MOST = 16, STEP = 1.5, BY = 60;
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Makes a group zoomable: its frames hold the pictures, its buttons say what they do. */
export function zoomable(group) {
  const frames = all("[data-frame]", group);
  const seen = () => frames.find((each) => each.clientWidth) || frames[0];
  let scale = 1, x = 0, y = 0;

  function show() {
    const { clientWidth: wide, clientHeight: high } = seen();
    const inside = (value, size) => Math.min(0, Math.max(value, size * (1 - scale)));
    [x, y] = [inside(x, wide), inside(y, high)];
    for (const frame of frames) {
      frame.classList.toggle("is-zoomed", scale > 1);
      for (const picture of all("img", frame)) picture.style.transform = scale > 1 ? `translate(${x}px, ${y}px) scale(${scale})` : "";
    }
    const told = one("[data-zoom-said]", group);
    if (told) told.textContent = `${Math.round(scale * 100)} %`;
  }

  /** Zooms so that the place under the pointer stays where it is. */
  function zoom(by, at = [seen().clientWidth / 2, seen().clientHeight / 2]) {
    const next = Math.min(MOST, Math.max(1, scale * by));
    [x, y] = [at[0] - ((at[0] - x) * next) / scale, at[1] - ((at[1] - y) * next) / scale];
    scale = next;
    show();
  }

  const ACTS = {
    in: () => zoom(STEP),
    out: () => zoom(1 / STEP),
    fit: () => zoom(0),
    full: () => (document.fullscreenElement ? document.exitFullscreen() : group.requestFullscreen()),
  };
  for (const button of all("[data-zoom]", group)) button.addEventListener("click", () => ACTS[button.dataset.zoom]());

  for (const frame of frames) {
    const place = (event) => {
      const box = frame.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && scale === 1) return; // the page scrolls
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, place(event));
    }, { passive: false });
    frame.addEventListener("dblclick", (event) => zoom(scale > 1 ? 0 : 3, place(event)));
    frame.addEventListener("pointerdown", (event) => {
      if (scale === 1 || event.button || event.target.matches("input")) return;
      event.preventDefault();
      frame.setPointerCapture(event.pointerId);
    });
    frame.addEventListener("pointermove", (event) => {
      if (!frame.hasPointerCapture(event.pointerId)) return;
      x += event.movementX;
      y += event.movementY;
      show();
    });
  }
  group.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea")) return;
    const act = { "+": ACTS.in, "=": ACTS.in, "-": ACTS.out, 0: ACTS.fit, f: ACTS.full }[event.key];
    const step = scale > 1 && ARROWS[event.key];
    if (step) [x, y] = [x + step[0] * BY, y + step[1] * BY];
    if (!act && !step) return;
    event.preventDefault();
    if (act) act();
    else show();
  });
}
