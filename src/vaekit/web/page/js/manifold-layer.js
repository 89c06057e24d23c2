// The layer behind the points: what the plane decodes to, as pictures or as a map of one column.
import { latest, settled } from "./latest.js";
import { cell } from "./record.js";
import { color } from "./theme.js";

const CELL = 46; // pixels for one decoded picture
const WAIT = 140;

/** A layer that asks anew when the view rests; `changed` is called when there is more to draw. */
export function createManifold(source, { changed, failed }) {
  let shown = null; // {block, extent, key}
  let picture = null;
  const request = latest(
    (wanted) => source.background(wanted),
    (block, { extent, plane }) => {
      shown = { block, extent, plane };
      picture = null;
      changed();
    },
    failed,
  );
  const ask = settled((wanted) => request.ask(wanted), WAIT);
  const { kind, columns, column_stats: stats } = source.overview;

  function side(view) {
    if (kind === "table") return Math.min(48, Math.floor(Math.sqrt(4e6 / columns.length)));
    return Math.max(6, Math.min(32, Math.round(Math.max(...view.size()) / CELL)));
  }

  return {
    ask(plane, view, base) {
      ask({ plane, extent: view.square(), side: side(view), base });
    },
    clear() {
      request.cancel();
      shown = picture = null;
    },
    recolor() {
      picture = null;
    },
    draw(context, view, { plane, column, alpha }) {
      if (shown?.plane !== plane) return;
      if (!picture || picture.column !== column) {
        picture = {
          column,
          ...(kind === "table" ? heat(shown.block, column) : { canvas: atlas(shown.block) }),
        };
      }
      const [x0, x1, y0, y1] = shown.extent;
      const [left, top] = view.toScreen([x0, y1]);
      const [right, bottom] = view.toScreen([x1, y0]);
      context.globalAlpha = alpha;
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "high";
      context.drawImage(picture.canvas, left, top, right - left, bottom - top);
      context.globalAlpha = 1;
    },
    /** The scale of a column's colours, over the points. */
    key(context, view, { plane, column }) {
      if (kind === "table" && picture && shown.plane === plane)
        key(context, view, picture, stats[column]);
    },
  };
}

const rgb = (name) =>
  color(name)
    .match(/[\d.]+/g)
    .slice(0, 3)
    .map(Number);

function canvasOf(width, height, paint) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  paint(image.data);
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Grey pictures become ink on the page's own paper; coloured ones stay as they are. */
function atlas({ data, shape: [height, width, channels] }) {
  const ink = rgb("ink");
  return canvasOf(width, height, (pixels) => {
    for (let p = 0; p < width * height; p += 1) {
      const [from, to] = [p * channels, 4 * p];
      if (channels === 1) pixels.set([...ink, data[from]], to);
      else pixels.set([data[from], data[from + 1], data[from + 2], 255], to);
    }
  });
}

/** One column over the plane, from its least to its greatest value there. */
function heat({ data, shape: [height, width, features] }, column) {
  const values = Float32Array.from(
    { length: width * height },
    (_, p) => data[p * features + column],
  );
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const range = high - low || 1;
  const [from, to] = [rgb("heat-low"), rgb("heat-high")];
  const canvas = canvasOf(width, height, (pixels) => {
    values.forEach((value, p) => {
      const t = (value - low) / range;
      from.forEach((each, c) => (pixels[4 * p + c] = each + t * (to[c] - each)));
      pixels[4 * p + 3] = 255;
    });
  });
  return { canvas, low, high };
}

/** What the least and the greatest colour stand for, in the upper right corner. */
function key(context, view, { low, high }, stats) {
  const right = view.size()[0] - 10;
  const shade = context.createLinearGradient(right - 120, 0, right, 0);
  shade.addColorStop(0, color("heat-low"));
  shade.addColorStop(1, color("heat-high"));
  context.fillStyle = shade;
  context.strokeStyle = color("edge");
  context.lineWidth = 1;
  context.fillRect(right - 120, 10, 120, 10);
  context.strokeRect(right - 120.5, 9.5, 121, 11);
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = color("ink");
  context.textAlign = "left";
  context.fillText(cell(stats, low), right - 120, 35);
  context.textAlign = "right";
  context.fillText(cell(stats, high), right, 35);
}
