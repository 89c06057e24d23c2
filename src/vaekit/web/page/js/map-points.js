// The points of a map: a small stamp for each class, copied pixel by pixel for each row.
import { mark, trace } from "./palette.js";

/** Radius in pixels: small where there are many. */
export function radiusOf(count, zoom) {
  const base = count > 4000 ? 2 : count > 1200 ? 2.4 : 3.2;
  return Math.min(6, base * Math.min(2.2, Math.max(1, zoom ** 0.35)));
}

function stamp(label, radius, ratio, rim) {
  const side = Math.ceil(2 * (1.3 * radius + 1) * ratio);
  const context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  context.scale(ratio, ratio);
  const { color, shape } = mark(label);
  trace(context, shape, side / ratio / 2, side / ratio / 2, radius);
  context.fillStyle = color;
  context.fill();
  context.lineWidth = 0.5;
  context.strokeStyle = rim;
  context.stroke();
  const bytes = context.getImageData(0, 0, side, side).data;
  return { side, bytes, pixels: new Uint32Array(bytes.buffer) };
}

/** Lay a stamp over what is there; all of it has to be inside. */
function press({ side, bytes, pixels }, target, left, top) {
  for (let y = 0; y < side; y += 1) {
    const line = (top + y) * target.width + left;
    for (let x = 0; x < side; x += 1) {
      const from = y * side + x;
      const over = bytes[4 * from + 3];
      if (over === 0) continue;
      const under = target.bytes[4 * (line + x) + 3];
      if (over === 255 || under === 0) target.pixels[line + x] = pixels[from];
      else blend(bytes, 4 * from, target.bytes, 4 * (line + x), over, (under * (255 - over)) / 255);
    }
  }
}

function blend(source, s, target, t, over, under) {
  const sum = over + under;
  for (let c = 0; c < 3; c += 1)
    target[t + c] = (source[s + c] * over + target[t + c] * under) / sum;
  target[t + 3] = sum;
}

/**
 * Draw what of the points is seen; labels in `hidden` are left out.
 *
 * A canvas takes some microseconds for each picture that it draws: ten thousand of them are too
 * many for a frame, while ten thousand stamps of a few pixels in an array are not.
 */
export function drawPoints(context, { points, labels }, view, { ratio, hidden, rim, alpha }) {
  const [width, height] = view.size().map((size) => Math.round(size * ratio));
  const image = new ImageData(width, height);
  const target = { width, bytes: image.data, pixels: new Uint32Array(image.data.buffer) };
  const radius = radiusOf(labels.length, view.get()?.[2] ?? 1);
  const stamps = new Map();
  const scale = view.scale() * ratio;
  const [ox, oy] = view.toScreen([0, 0]).map((each) => each * ratio);
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i];
    if (hidden.has(label)) continue;
    let one = stamps.get(label);
    if (!one) stamps.set(label, (one = stamp(label, radius, ratio, rim)));
    const left = Math.round(ox + points[2 * i] * scale - one.side / 2);
    const top = Math.round(oy - points[2 * i + 1] * scale - one.side / 2);
    if (left < 0 || top < 0 || left + one.side > width || top + one.side > height) continue;
    press(one, target, left, top);
  }
  const layer = new OffscreenCanvas(width, height);
  layer.getContext("2d").putImageData(image, 0, 0);
  context.globalAlpha = alpha;
  context.drawImage(layer, 0, 0, ...view.size());
  context.globalAlpha = 1;
}
