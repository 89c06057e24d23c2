// Lines and numbers of the axes, quiet enough to lie under the points.
import { tell } from "./numbers.js";

const WANTED = 90; // pixels between two lines

/** A step of 1, 2 or 5 times a power of ten. */
export function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((each) => each * power >= rough);
}

function ticks(low, high, step) {
  const first = Math.ceil(low / step);
  return Array.from(
    { length: Math.max(0, Math.floor(high / step) - first + 1) },
    (_, k) => (first + k) * step,
  );
}

/** Draw the grid; numbers stand at the lower and the left edge. */
export function drawGrid(context, view, { line, soft, page, axes, numbers }) {
  const [width, height] = view.size();
  const [x0, x1, y0, y1] = view.edges();
  const step = niceStep(WANTED / view.scale());
  const xs = ticks(x0, x1, step).map((value) => [
    value,
    Math.round(view.toScreen([value, 0])[0]) + 0.5,
  ]);
  const ys = ticks(y0, y1, step).map((value) => [
    value,
    Math.round(view.toScreen([0, value])[1]) + 0.5,
  ]);
  context.strokeStyle = line;
  context.lineWidth = 1;
  context.beginPath();
  for (const [, x] of xs) context.rect(x, 0, 0, height);
  for (const [, y] of ys) context.rect(0, y, width, 0);
  context.stroke();
  if (!numbers) return;
  context.fillStyle = soft;
  context.strokeStyle = page;
  context.lineWidth = 3;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  for (const [value, x] of xs)
    if (x > 30 && x < width - 60) write(context, round(value, step), x, height - 6);
  context.textAlign = "left";
  for (const [value, y] of ys)
    if (y > 26 && y < height - 24) write(context, round(value, step), 5, y + 4);
  names(context, axes, width, height);
}

function names(context, axes, width, height) {
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "right";
  write(context, axes[0], width - 8, height - 6);
  context.textAlign = "left";
  write(context, axes[1], 6, 16);
}

function round(value, step) {
  return Math.abs(value) < step / 2
    ? "0"
    : tell(Number(value.toPrecision(12)), step < 0.1 ? 4 : 3)
        .replace(/(\.\d*?)0+$/, "$1")
        .replace(/\.$/, "");
}

/** Text with a rim in the colour of the page, to be read on anything. */
function write(context, text, x, y) {
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
}
