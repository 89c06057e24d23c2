// The points of a map: small stamps, drawn once for each class and copied for each row.
import { mark, trace } from "./palette.js";

/** Radius in pixels: small where there are many. */
export function radiusOf(count, zoom) {
  const base = count > 4000 ? 1.7 : count > 1200 ? 2.4 : 3.2;
  return Math.min(6, base * Math.min(2.2, Math.max(1, zoom ** 0.35)));
}

function stamp(label, radius, ratio, rim) {
  const side = Math.ceil(2 * (1.3 * radius + 1) * ratio);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const { color, shape } = mark(label);
  trace(context, shape, side / ratio / 2, side / ratio / 2, radius);
  context.fillStyle = color;
  context.fill();
  context.lineWidth = 0.6;
  context.strokeStyle = rim;
  context.stroke();
  return canvas;
}

/** Draw what of the points is seen; labels in `hidden` are left out. */
export function drawPoints(context, { points, labels }, view, { ratio, hidden, rim, alpha }) {
  const [width, height] = view.size();
  const radius = radiusOf(labels.length, view.get()?.[2] ?? 1);
  const stamps = new Map();
  const scale = view.scale();
  const [ox, oy] = view.toScreen([0, 0]);
  context.globalAlpha = alpha;
  for (let i = 0; i < labels.length; i += 1) {
    const [x, y] = [ox + points[2 * i] * scale, oy - points[2 * i + 1] * scale];
    if (x < -9 || y < -9 || x > width + 9 || y > height + 9 || hidden.has(labels[i])) continue;
    let image = stamps.get(labels[i]);
    if (!image) stamps.set(labels[i], (image = stamp(labels[i], radius, ratio, rim)));
    const side = image.width / ratio;
    context.drawImage(image, x - side / 2, y - side / 2, side, side);
  }
  context.globalAlpha = 1;
}
