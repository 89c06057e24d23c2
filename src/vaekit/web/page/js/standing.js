// Where a log-likelihood stands among those of the test set: a histogram with a line in it.
import { h } from "./dom.js";
import { clamp, tell, whole } from "./numbers.js";
import { color } from "./theme.js";

const [WIDTH, HEIGHT, BARS] = [320, 74, 40];

/** A figure for a value among ascending `values`. */
export function standing(value, percentile, { values, samples }) {
  const canvas = h("canvas", {
    class: "standing",
    width: 2 * WIDTH,
    height: 2 * HEIGHT,
    role: "img",
  });
  const text = sentence(value, percentile, values.length, samples);
  canvas.setAttribute("aria-label", text);
  draw(canvas.getContext("2d"), value, values);
  return h("figure", { class: "standing" }, canvas, h("figcaption", {}, text));
}

function sentence(value, percentile, rows, samples) {
  const above =
    percentile === null ? "" : `: higher than ${tell(percentile, 2)} % of ${whole(rows)} test rows`;
  return `log p(x) ${tell(value, 4)} nats${above} (${samples} samples)`;
}

function draw(context, value, values) {
  context.scale(2, 2);
  // The lowest hundredth is one bar at the left: a few lost rows would squeeze all others.
  const low = values[Math.floor(values.length / 100)];
  const high = values[values.length - 1];
  const at = (each) => clamp((each - low) / (high - low || 1), 0, 0.9999);
  const counts = new Array(BARS).fill(0);
  for (const each of values) counts[Math.floor(at(each) * BARS)] += 1;
  const most = Math.max(...counts);
  const wide = WIDTH / BARS;
  context.fillStyle = color("edge");
  counts.forEach((count, k) => {
    const tall = (count / most) * (HEIGHT - 22);
    context.fillRect(k * wide + 0.5, HEIGHT - 16 - tall, wide - 1, tall);
  });
  context.fillStyle = color("second");
  const x = clamp(at(value) * WIDTH, 1.5, WIDTH - 1.5);
  context.fillRect(x - 1.5, 2, 3, HEIGHT - 18);
  context.fillStyle = color("soft");
  context.font = "12px system-ui, sans-serif";
  context.fillText(tell(low), 0, HEIGHT - 3);
  context.textAlign = "right";
  context.fillText(`${tell(high)} nats`, WIDTH, HEIGHT - 3);
}
