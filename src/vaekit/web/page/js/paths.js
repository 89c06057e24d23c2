// Lines through the code space and over the map.
import { alongRows } from "./along-rows.js";

/** (1 - t) a + t b. */
export function between(a, b, t) {
  return a.map((value, d) => value + t * (b[d] - value));
}

/** A turn from one direction to the other (White 2016, arXiv:1609.04468). */
export function onSphere(a, b, t) {
  const norms = Math.hypot(...a) * Math.hypot(...b);
  const dot = a.reduce((sum, value, d) => sum + value * b[d], 0);
  const angle = norms > 0 ? Math.acos(Math.min(1, Math.max(-1, dot / norms))) : 0;
  const sine = Math.sin(angle);
  if (sine < 1e-6) return between(a, b, t);
  const [away, towards] = [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
  return a.map((value, d) => away * value + towards * b[d]);
}

/** Codes from one to another; `codes` are those of rows, for the way along the data. */
export function way(kind, start, end, frames, codes) {
  if (kind === "density") return resample(alongRows(start, end, codes), frames);
  const step = kind === "spherical" ? onSphere : between;
  return Array.from({ length: frames }, (_, i) => step(start, end, i / (frames - 1)));
}

/** Points along a line through others, at equal distances. */
export function resample(points, count) {
  const lengths = [0];
  for (let i = 1; i < points.length; i += 1) {
    lengths.push(
      lengths[i - 1] + Math.hypot(...points[i].map((value, d) => value - points[i - 1][d])),
    );
  }
  const total = lengths[lengths.length - 1];
  let at = 0;
  return Array.from({ length: count }, (_, k) => {
    const wanted = (total * k) / (count - 1);
    while (at < points.length - 2 && lengths[at + 1] < wanted) at += 1;
    const part = lengths[at + 1] - lengths[at];
    return between(points[at], points[at + 1], part > 0 ? (wanted - lengths[at]) / part : 0);
  });
}

/** The fewest corners that stay within a distance of a drawn line (Douglas and Peucker 1973). */
export function simplified(points, distance) {
  const [first, last] = [points[0], points[points.length - 1]];
  let [most, at] = [0, 0];
  for (let i = 1; i < points.length - 1; i += 1) {
    const away = toSegment(points[i], first, last);
    if (away > most) [most, at] = [away, i];
  }
  if (most <= distance) return [first, last];
  return [
    ...simplified(points.slice(0, at + 1), distance).slice(0, -1),
    ...simplified(points.slice(at), distance),
  ];
}

function toSegment([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const t = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const inside = Math.min(1, Math.max(0, t));
  return Math.hypot(x - ax - inside * dx, y - ay - inside * dy);
}
