// What a slider does from end to end: pictures, or the columns that it moves most.
import { h } from "./dom.js";
import { paintStrip } from "./picture.js";

const TOLD = 3;

/** A strip under a slider; a click on it sets the slider there (`pick(share)`, 0 to 1). */
export function createStrip(overview, pick) {
  if (overview.kind === "table") {
    const element = h("p", { class: "strip-text soft" });
    return { element, show: (block, k) => (element.textContent = sentence(overview, block, k)) };
  }
  const canvas = h("canvas", { class: "strip", "aria-hidden": "true" });
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const steps = Number(canvas.dataset.steps || 2);
    const place = Math.floor(((event.clientX - box.left) / box.width) * steps);
    pick(Math.min(1, Math.max(0, place / (steps - 1))));
  });
  return {
    element: canvas,
    show(block, k) {
      const steps = block.shape[1];
      canvas.dataset.steps = steps;
      paintStrip(canvas, block.flat(), k * steps, steps);
    },
  };
}

/** The columns that change most from the lowest step to the highest, in shares of their range. */
function sentence({ columns, column_stats: stats }, block, k) {
  const [steps, flat] = [block.shape[1], block.flat()];
  const [first, last] = [flat.item(k * steps), flat.item(k * steps + steps - 1)];
  const moves = columns.map((name, f) => [
    name,
    (last[f] - first[f]) / (stats[f].high - stats[f].low || 1),
  ]);
  const most = moves.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, TOLD);
  return most
    .map(([name, by]) => `${by < 0 ? "↓" : "↑"} ${name} ${Math.round(100 * Math.abs(by))} %`)
    .join(" · ");
}
