// A plane through the code space: from a point of the map to a code and back.

/** The plane with an id; any two dimensions make one. */
export function planeOf(overview, id) {
  const listed = overview.planes.find((plane) => plane.id === id);
  if (listed) return listed;
  const dims = dimsOf(id);
  const unit = (dim) => Array.from({ length: overview.latent_dim }, (_, d) => Number(d === dim));
  const names = dims.map((dim) => `z${dim + 1}`);
  const linear = { origin: unit(-1), axes: dims.map(unit) };
  return { id, title: names.join(", "), axes: names, linear, extent: null };
}

/** The two dimensions of a plane such as "dims:3,7"; empty for others. */
export function dimsOf(id) {
  return id.startsWith("dims:") ? id.slice(5).split(",").map(Number) : [];
}

/** Whether an id is one that this run has. */
export function isPlane(overview, id) {
  if (overview.planes.some((plane) => plane.id === id)) return true;
  const [a, b] = dimsOf(id);
  const inside = (dim) => Number.isInteger(dim) && dim >= 0 && dim < overview.latent_dim;
  return inside(a) && inside(b) && a !== b;
}

const dot = (a, b) => a.reduce((sum, value, d) => sum + value * b[d], 0);

/** Where a code lies on a linear plane. */
export function drop({ linear: { origin, axes } }, code) {
  const from = code.map((value, d) => value - origin[d]);
  return [dot(from, axes[0]), dot(from, axes[1])];
}

/** The code at a point of a linear plane, with what `base` has off the plane. */
export function lift(plane, base, [x, y]) {
  const [bx, by] = drop(plane, base);
  const [one, two] = plane.linear.axes;
  return base.map((value, d) => value + (x - bx) * one[d] + (y - by) * two[d]);
}

/** Covariance [xx, xy, yy] on a linear plane of a normal code with these standard deviations. */
export function dropSpread(
  {
    linear: {
      axes: [one, two],
    },
  },
  spread,
) {
  const sum = (a, b) => spread.reduce((all, sd, d) => all + a[d] * b[d] * sd * sd, 0);
  return [sum(one, one), sum(one, two), sum(two, two)];
}
