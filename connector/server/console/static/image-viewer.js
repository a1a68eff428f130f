// Pictures that are looked at closely: zoomed, moved and filling the screen. Those of one group move together.

import { all, one } from "./kit.js";
import { Zoom } from "./zoom.js";

const STEP = 1.5, BY = 60;
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Makes a group zoomable: its frames hold the pictures, its buttons say what they do. */
export function zoomable(group) {
  const frames = all("[data-frame]", group);
  const seen = () => frames.find((each) => each.clientWidth) || frames[0];
  const zoom = new Zoom(() => [seen().clientWidth, seen().clientHeight], show);

  function show() {
    for (const frame of frames) {
      frame.classList.toggle("is-zoomed", zoom.scale > 1);
      for (const picture of all("img", frame)) picture.style.transform = zoom.css;
    }
    const told = one("[data-zoom-said]", group);
    if (told) told.textContent = `${Math.round(zoom.scale * 100)} %`;
  }

  const ACTS = {
    in: () => zoom.by(STEP),
    out: () => zoom.by(1 / STEP),
    fit: () => zoom.fit(),
    full: () => (document.fullscreenElement ? document.exitFullscreen() : group.requestFullscreen()),
  };
  for (const button of all("[data-zoom]", group)) button.addEventListener("click", () => ACTS[button.dataset.zoom]());

  for (const frame of frames) {
    const place = (event) => {
      const box = frame.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && zoom.scale === 1) return; // the page scrolls
      event.preventDefault();
      zoom.by(event.deltaY < 0 ? 1.2 : 1 / 1.2, place(event));
    }, { passive: false });
    frame.addEventListener("dblclick", (event) => zoom.by(zoom.scale > 1 ? 0 : 3, place(event)));
    frame.addEventListener("pointerdown", (event) => {
      if (zoom.scale === 1 || event.button || event.target.matches("input")) return;
      event.preventDefault();
      frame.setPointerCapture(event.pointerId);
    });
    frame.addEventListener("pointermove", (event) => {
      if (frame.hasPointerCapture(event.pointerId)) zoom.move(event.movementX, event.movementY);
    });
  }
  group.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea")) return;
    const act = { "+": ACTS.in, "=": ACTS.in, "-": ACTS.out, 0: ACTS.fit, f: ACTS.full }[event.key];
    const step = zoom.scale > 1 && ARROWS[event.key];
    if (!act && !step) return;
    event.preventDefault();
    if (act) act();
    else zoom.move(step[0] * BY, step[1] * BY);
  });
}
