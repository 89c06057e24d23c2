// The path that a person draws on the map: decoded along its length, and played.
import { button, h } from "./dom.js";
import { createPlayer } from "./film.js";
import { latest } from "./latest.js";
import { resample } from "./paths.js";

const FRAMES = 60;

/** The line below the map that belongs to a drawn path. */
export function createPath({ source, store, map, failed, hear }) {
  const player = createPlayer(source.overview, hear);
  const text = h("p", { class: "soft" });
  const clear = button("Clear the path", () => store.set({ path: null }));
  const element = h(
    "div",
    { class: "path", role: "group", "aria-label": "The drawn path" },
    text,
    player.element,
    clear,
  );
  let play = false;
  let decoding = false;
  let waypoints = [];

  const request = latest(
    async ({ points, chart, base }) => {
      const codes = resample(points, FRAMES).map((point) => chart.code(base, point));
      return { codes, block: await source.decode(codes) };
    },
    (film) => {
      decoding = false;
      player.load(film);
      if (play) player.start();
      play = false;
    },
    (error) => {
      decoding = false;
      failed(error);
    },
  );

  function show() {
    const { path, z } = store.get();
    const chart = map.chart();
    text.textContent = path
      ? "A path"
      : "Drag over the map to draw a path; it is decoded and played.";
    player.element.hidden = clear.hidden = !path;
    map.set({ path });
    if (!path) {
      waypoints = [];
      player.load(null);
    } else if (chart) {
      decoding = true;
      request.ask({ points: path, chart, base: z });
    }
  }

  store.on(["path"], show);
  return {
    element,
    show,
    playing: player.playing,
    drawn(points) {
      if (points.length < 2) return;
      play = true;
      store.set({
        path: points.map((point) => point.map((value) => Number(value.toPrecision(4)))),
      });
    },
    /** Keys: Enter adds where the code is, P plays, Escape drops. */
    key(name) {
      if (name === "Enter") {
        waypoints = [...waypoints, map.chart().place(store.get().z)];
        if (waypoints.length > 1) store.set({ path: waypoints });
        else text.textContent = "The path starts here: move on and press Enter again.";
      } else if (name === "p" || name === "P") {
        if (decoding) play = true;
        else player.start();
      } else if (name === "Escape") store.set({ path: null });
      else return false;
      return true;
    },
  };
}
