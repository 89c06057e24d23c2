// Decoded codes one after another: played on the page, or saved as GIF.
import { button, h } from "./dom.js";
import { writeGif } from "./gif.js";
import { paint } from "./picture.js";
import { cell, share } from "./record.js";
import { color } from "./theme.js";

const MILLISECONDS = 60;
const HOLD = 10; // ticks for which the last frame stays
const SIDE = 224; // a saved picture is about so wide

/** Play, stop and save a film {codes, block}; `hear.frame(film, k)` shows one, `hear.end()` none. */
export function createPlayer(overview, hear) {
  let film = null;
  let timer = 0;
  let at = 0;
  const play = button("Play", () => (timer ? stop() : start()), { disabled: true });
  const save = button("Save as GIF", store, { disabled: true });
  const element = h("div", { class: "buttons" }, play, save);

  function start() {
    if (!film) return;
    clearInterval(timer);
    at = 0;
    play.textContent = "Stop";
    timer = setInterval(step, MILLISECONDS);
    step();
  }

  function step() {
    if (at < film.block.count) hear.frame(film, at);
    else if (at >= film.block.count + HOLD) stop();
    at += 1;
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
    hear.end();
  }

  function store() {
    const link = h("a", {
      href: URL.createObjectURL(gifOf(overview, film.block)),
      download: "vaekit-path.gif",
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  return {
    element,
    start,
    stop,
    playing: () => timer !== 0,
    load(next) {
      if (timer) stop();
      film = next;
      play.disabled = save.disabled = !film;
    },
  };
}

function gifOf(overview, block) {
  const frame = overview.kind === "table" ? tableFrame(overview) : imageFrame(block);
  const frames = Array.from({ length: block.count }, (_, k) => frame.pixels(block, k));
  const grey = overview.kind === "image" && block.shape[3] === 1;
  return writeGif(frames, {
    width: frame.width,
    height: frame.height,
    milliseconds: MILLISECONDS,
    grey,
  });
}

function surface(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return { context, pixels: () => context.getImageData(0, 0, width, height).data };
}

function imageFrame(block) {
  const [high, wide] = block.shape.slice(1);
  const times = Math.max(1, Math.round(SIDE / wide));
  const [width, height] = [times * wide, times * high];
  const { context, pixels } = surface(width, height);
  const one = document.createElement("canvas");
  return {
    width,
    height,
    pixels(all, k) {
      paint(one, all, k);
      context.imageSmoothingEnabled = false;
      context.drawImage(one, 0, 0, width, height);
      return pixels();
    },
  };
}

/** A row of a table as a chart of bars. */
function tableFrame({ columns, column_stats: stats }) {
  const [width, line] = [360, 18];
  const height = line * columns.length + 8;
  const { context, pixels } = surface(width, height);
  return {
    width,
    height,
    pixels(block, k) {
      context.fillStyle = color("page");
      context.fillRect(0, 0, width, height);
      context.font = "12px system-ui, sans-serif";
      block.item(k).forEach((value, f) => {
        const y = line * f + 4;
        context.fillStyle = color("accent");
        context.fillRect(220, y + 3, 1.3 * share(stats[f], value), line - 7);
        context.fillStyle = color("ink");
        context.fillText(columns[f].slice(0, 22), 6, y + 13);
        context.fillText(cell(stats[f], value), 158, y + 13);
      });
      return pixels();
    },
  };
}
