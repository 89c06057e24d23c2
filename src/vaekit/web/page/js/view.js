// Which part of a plane is seen: a middle and a scale, the same for both axes.
import { clamp } from "./numbers.js";

const MOST = 200;

/** A view of a plane in a window of `width` x `height` pixels; `zoom` 1 shows everything. */
export function createView() {
  let [width, height] = [1, 1];
  let extent = [-1, 1, -1, 1];
  let [cx, cy, zoom] = [0, 0, 1];
  const fitScale = () =>
    Math.min(width / (extent[1] - extent[0]), height / (extent[3] - extent[2]));
  const scale = () => zoom * fitScale();
  const middle = () => [(extent[0] + extent[1]) / 2, (extent[2] + extent[3]) / 2];
  const view = {
    scale,
    size: () => [width, height],
    resize(w, h) {
      [width, height] = [Math.max(1, w), Math.max(1, h)];
    },
    show(all) {
      extent = all;
      view.fit();
    },
    fit() {
      [cx, cy] = middle();
      zoom = 1;
    },
    toScreen: ([x, y]) => [width / 2 + (x - cx) * scale(), height / 2 - (y - cy) * scale()],
    toPlane: ([sx, sy]) => [cx + (sx - width / 2) / scale(), cy - (sy - height / 2) / scale()],
    pan(dx, dy) {
      cx -= dx / scale();
      cy += dy / scale();
    },
    /** Zoom by a factor and leave the point under (sx, sy) where it is. */
    zoomAt([sx, sy], factor) {
      const before = view.toPlane([sx, sy]);
      zoom = clamp(zoom * factor, 0.2, MOST);
      const after = view.toPlane([sx, sy]);
      [cx, cy] = [cx + before[0] - after[0], cy + before[1] - after[1]];
    },
    /** What an address holds; null for all of it. */
    get() {
      const [mx, my] = middle();
      const home = zoom === 1 && Math.abs(cx - mx) + Math.abs(cy - my) < 1e-9;
      return home ? null : [cx, cy, zoom];
    },
    set(state) {
      if (state) [cx, cy, zoom] = state;
      else view.fit();
    },
    /** The least square [x0, x1, y0, y1] that holds everything seen. */
    square() {
      const half = Math.max(width, height) / 2 / scale();
      return [cx - half, cx + half, cy - half, cy + half];
    },
    edges() {
      const [x0, y1] = view.toPlane([0, 0]);
      const [x1, y0] = view.toPlane([width, height]);
      return [x0, x1, y0, y1];
    },
  };
  return view;
}
