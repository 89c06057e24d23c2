// Which points lie near a place: cells of a grid instead of a look at every point.

/** An index over points (n, 2) in one array; `nearest(x, y, count)` gives [index, distance²]. */
export function createIndex(points, extent) {
  const count = points.length / 2;
  const side = Math.max(1, Math.min(128, Math.round(Math.sqrt(count / 4))));
  const [x0, x1, y0, y1] = extent;
  const [wide, high] = [(x1 - x0) / side || 1, (y1 - y0) / side || 1];
  const cells = Array.from({ length: side * side }, () => []);
  const at = (value, low, step) =>
    Math.min(side - 1, Math.max(0, Math.floor((value - low) / step)));
  for (let i = 0; i < count; i += 1) {
    cells[at(points[2 * i + 1], y0, high) * side + at(points[2 * i], x0, wide)].push(i);
  }
  const cellSize = Math.min(wide, high);

  function ring(column, line, radius, visit) {
    for (let dy = -radius; dy <= radius; dy += 1) {
      const step = Math.abs(dy) === radius ? 1 : 2 * radius || 1;
      for (let dx = -radius; dx <= radius; dx += step) {
        const [c, l] = [column + dx, line + dy];
        if (c >= 0 && c < side && l >= 0 && l < side) cells[l * side + c].forEach(visit);
      }
    }
  }

  return {
    nearest(x, y, wanted) {
      const [column, line] = [at(x, x0, wide), at(y, y0, high)];
      let best = [];
      for (let radius = 0; radius <= side; radius += 1) {
        // Rings further out hold nothing nearer than this.
        const reach = (radius - 1) * cellSize;
        if (best.length === wanted && reach > 0 && reach ** 2 > best[wanted - 1][1]) break;
        ring(column, line, radius, (i) => {
          const away = (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;
          if (best.length < wanted || away < best[wanted - 1][1]) {
            best = [...best, [i, away]].sort((a, b) => a[1] - b[1]).slice(0, wanted);
          }
        });
      }
      return best;
    },
  };
}

/** Least and greatest x and y, a little wider than the points. */
export function extentOf(points) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    x0 = Math.min(x0, points[i]);
    x1 = Math.max(x1, points[i]);
    y0 = Math.min(y0, points[i + 1]);
    y1 = Math.max(y1, points[i + 1]);
  }
  const [dx, dy] = [0.04 * (x1 - x0) || 1, 0.04 * (y1 - y0) || 1];
  return [x0 - dx, x1 + dx, y0 - dy, y1 + dy];
}
