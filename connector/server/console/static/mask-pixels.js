// What a mask is made of: acts that are drawn as paint, paint with a soft edge, and the picture that goes out.

export const COLOUR = "#ff2d6f";
const RGB = [1, 3, 5].map((at) => parseInt(COLOUR.slice(at, at + 2), 16));

// How much a pixel of a mask's picture is painted, by the part of it that is worked on, and the other way round.
const READ = {
  white: (light, opaque) => (light * opaque) / 255,
  black: (light, opaque) => ((255 - light) * opaque) / 255,
  transparent: (light, opaque) => 255 - opaque,
};
const WRITE = {
  white: (amount) => [amount, 255],
  black: (amount) => [255 - amount, 255],
  transparent: (amount) => [255, 255 - amount],
};

/** Draws one act: a stroke, a rectangle, a lasso, the picture of a mask, or what becomes of all paint. */
export function draw(drawing, { kind, erase, size, points, canvas }) {
  const { width, height } = drawing.canvas;
  drawing.save();
  drawing.strokeStyle = drawing.fillStyle = COLOUR;
  if (erase) drawing.globalCompositeOperation = "destination-out";
  if (kind === "clear" || kind === "picture") drawing.clearRect(0, 0, width, height);
  if (kind === "picture") drawing.drawImage(canvas, 0, 0);
  if (kind === "invert") {
    drawing.globalCompositeOperation = "xor";
    drawing.fillRect(0, 0, width, height);
  }
  if (kind === "brush") stroke(drawing, size, points);
  if (kind === "rectangle" || kind === "lasso") {
    drawing.beginPath();
    for (const { x, y } of outline({ kind, points })) drawing.lineTo(x, y);
    drawing.fill();
  }
  drawing.restore();
}

function stroke(drawing, size, points) {
  drawing.lineWidth = size;
  drawing.lineCap = drawing.lineJoin = "round";
  drawing.beginPath();
  // A line without length is not drawn: where somebody only tapped, it is this long.
  drawing.moveTo(points[0].x - 0.01, points[0].y);
  for (const point of points) drawing.lineTo(point.x, point.y);
  drawing.stroke();
}

/** The corners of a rectangle, which has whole pixels, or of a lasso. */
export function outline({ kind, points }) {
  if (kind === "lasso") return points;
  const [[left, right], [top, bottom]] = ["x", "y"].map((axis) => [points[0], points.at(-1)].map((point) => Math.round(point[axis])));
  return [{ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }];
}

/** A picture of a mask as paint, fitted to a size. */
export function paintOf(bitmap, width, height, selects) {
  const canvas = new OffscreenCanvas(width, height), drawing = canvas.getContext("2d", { willReadFrequently: true });
  drawing.drawImage(bitmap, 0, 0, width, height);
  const pixels = drawing.getImageData(0, 0, width, height), { data } = pixels;
  for (let at = 0; at < data.length; at += 4) {
    const light = data[at] * 0.299 + data[at + 1] * 0.587 + data[at + 2] * 0.114;
    const amount = READ[selects](light, data[at + 3]);
    data.set(RGB, at);
    data[at + 3] = amount;
  }
  drawing.putImageData(pixels, 0, 0);
  return canvas;
}

/** The paint of a canvas, pixel by pixel, whose edge fades over so many pixels on either side. */
export function softened(canvas, soft) {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height);
  if (!soft) return pixels;
  let amounts = new Float32Array(width * height);
  for (let at = 0; at < amounts.length; at += 1) amounts[at] = pixels.data[4 * at + 3];
  // Two passes of half the width each make a slope without corners.
  for (const radius of [Math.ceil(soft / 2), Math.floor(soft / 2)]) {
    amounts = averaged(amounts, height, width, 1, width, radius);
    amounts = averaged(amounts, width, height, width, 1, radius);
  }
  for (let at = 0; at < amounts.length; at += 1) {
    if (amounts[at]) pixels.data.set(RGB, 4 * at);
    pixels.data[4 * at + 3] = Math.round(amounts[at]);
  }
  return pixels;
}

/** Each value as the mean of its neighbours along lines; beyond an edge it goes on as at the edge. */
function averaged(values, lines, length, step, stride, radius) {
  if (!radius) return values;
  const out = new Float32Array(values.length), inside = (at) => Math.min(Math.max(at, 0), length - 1) * step;
  for (let line = 0; line < lines; line += 1) {
    const start = line * stride;
    let sum = 0;
    for (let at = -radius; at <= radius; at += 1) sum += values[start + inside(at)];
    for (let at = 0; at < length; at += 1) {
      out[start + at * step] = sum / (2 * radius + 1);
      sum += values[start + inside(at + radius + 1)] - values[start + inside(at - radius)];
    }
  }
  return out;
}

/** The mask as a PNG: paint is the part that is worked on. */
export async function png(pixels, selects) {
  const { width, height, data } = pixels, out = new OffscreenCanvas(width, height);
  const written = Array.from({ length: 256 }, (_, amount) => WRITE[selects](amount));
  for (let at = 0; at < data.length; at += 4) {
    const [grey, opaque] = written[data[at + 3]];
    data[at] = data[at + 1] = data[at + 2] = grey;
    data[at + 3] = opaque;
  }
  out.getContext("2d").putImageData(pixels, 0, 0);
  return out.convertToBlob({ type: "image/png" });
}
