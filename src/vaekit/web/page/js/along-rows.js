// The way along the data, for pages without a server: from row to row where they are dense.

const NEIGHBOURS = 10;

/** For each point its nearest others as [index, distance²], the nearest first. */
function neighbours(points, count) {
  return points.map((point, i) => {
    const near = [];
    for (let j = 0; j < points.length; j += 1) {
      if (j === i) continue;
      let cost = 0;
      for (let d = 0; d < point.length; d += 1) cost += (point[d] - points[j][d]) ** 2;
      if (near.length === count && cost >= near[count - 1][1]) continue;
      let at = near.length;
      while (at > 0 && near[at - 1][1] > cost) at -= 1;
      near.splice(at, 0, [j, cost]);
      if (near.length > count) near.pop();
    }
    return near;
  });
}

/** The cheapest stops from point 0 to point 1, where a step costs its squared length; null if apart. */
function cheapest(near) {
  const edges = near.map(() => []);
  near.forEach((each, i) =>
    each.forEach(([j, cost]) => {
      edges[i].push([j, cost]);
      edges[j].push([i, cost]);
    }),
  );
  const spent = new Float64Array(near.length).fill(Infinity);
  const before = new Int32Array(near.length).fill(-1);
  const open = new Set([0]);
  spent[0] = 0;
  while (open.size) {
    let point = -1;
    for (const each of open) if (point < 0 || spent[each] < spent[point]) point = each;
    open.delete(point);
    if (point === 1) return back(before);
    for (const [other, cost] of edges[point]) {
      if (spent[point] + cost >= spent[other]) continue;
      spent[other] = spent[point] + cost;
      before[other] = point;
      open.add(other);
    }
  }
  return null;
}

function back(before) {
  const stops = [1];
  while (stops[0] !== 0) stops.unshift(before[stops[0]]);
  return stops;
}

/** Stops from one code to another through codes of rows (Hwang, Damelin and Hero 2016, power 2). */
export function alongRows(start, end, codes) {
  const points = [start, end, ...Array.from({ length: codes.count }, (_, i) => codes.item(i))];
  for (
    let count = Math.min(NEIGHBOURS, points.length - 1);
    ;
    count = Math.min(2 * count, points.length - 1)
  ) {
    const stops = cheapest(neighbours(points, count));
    if (stops) return stops.map((stop) => Array.from(points[stop]));
  }
}
