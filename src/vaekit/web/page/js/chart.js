// The chart of a map: points of a plane and how to get from them to codes and back.
import { createIndex, extentOf } from "./grid-index.js";
import { drop, dropSpread, lift, planeOf } from "./plane.js";

const NEIGHBOURS = 4; // a place between points of a t-SNE map is a mean of so many codes

/** Load a plane of a source; `onProgress(share)` hears while it is computed. */
export async function openChart(source, id, onProgress) {
  const plane = planeOf(source.overview, id);
  const [{ points, rows }, codes, labels] = await Promise.all([
    source.map(id, onProgress),
    source.codes(),
    source.labels(),
  ]);
  const extent = points.count ? extentOf(points.data) : (plane.extent ?? [-3, 3, -3, 3]);
  const index = createIndex(points.data, extent);
  const rowAt = (i) => (rows ? rows[i] : i);
  const chart = {
    plane,
    extent,
    points: points.data,
    index,
    count: points.count,
    rowAt,
    labels: Int32Array.from({ length: points.count }, (_, i) => labels.data[rowAt(i)]),
  };
  return { ...chart, ...(plane.linear ? flat(plane) : folded(chart, codes)) };
}

/** A linear plane. */
function flat(plane) {
  return {
    code: (base, point) => lift(plane, base, point),
    place: (code) => drop(plane, code),
    spread: (sds) => dropSpread(plane, sds),
  };
}

/** A map with no formula behind it: places are told by the rows nearby. */
function folded({ points, index, rowAt, count }, codes) {
  return {
    code(base, [x, y]) {
      const near = index.nearest(x, y, NEIGHBOURS);
      return blend(near, (i) => codes.item(rowAt(i)), base.length);
    },
    place(code) {
      const near = nearestCodes(code, codes, rowAt, count);
      return blend(near, (i) => points.subarray(2 * i, 2 * i + 2), 2);
    },
    spread: () => null,
  };
}

/** A mean weighted by 1 / distance². */
function blend(near, valuesOf, width) {
  const sum = new Array(width).fill(0);
  let total = 0;
  for (const [i, away] of near) {
    const weight = 1 / (away + 1e-9);
    total += weight;
    const values = valuesOf(i);
    for (let d = 0; d < width; d += 1) sum[d] += weight * values[d];
  }
  return sum.map((value) => value / total);
}

function nearestCodes(code, codes, rowAt, count) {
  let best = [];
  for (let i = 0; i < count; i += 1) {
    const other = codes.item(rowAt(i));
    let away = 0;
    for (let d = 0; d < code.length; d += 1) away += (code[d] - other[d]) ** 2;
    if (best.length < 2 || away < best[1][1]) {
      best = [...best, [i, away]].sort((a, b) => a[1] - b[1]).slice(0, 2);
    }
  }
  return best;
}
