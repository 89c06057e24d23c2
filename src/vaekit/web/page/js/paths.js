// Ways through the code space, and arithmetic on codes, for pages without a server.

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

/** Codes from one to another. */
export function way(kind, start, end, frames) {
  const step = kind === "spherical" ? onSphere : between;
  return Array.from({ length: frames }, (_, i) => step(start, end, i / (frames - 1)));
}

/** Points along a drawn line, at equal distances of each other. */
export function resample(points, count) {
  const lengths = [0];
  for (let i = 1; i < points.length; i += 1) {
    const [dx, dy] = [points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]];
    lengths.push(lengths[i - 1] + Math.hypot(dx, dy));
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
