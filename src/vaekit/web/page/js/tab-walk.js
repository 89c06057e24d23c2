// Interpolation: a walk from one place to another, as pictures and as a film.
import { field, h, select } from "./dom.js";
import { createPlayer } from "./film.js";
import { latest } from "./latest.js";
import { Block } from "./block.js";
import { showMany } from "./rows-view.js";
import { createPlace, placeOf } from "./where.js";

const FRAMES = 40;
const WAYS = [
  ["linear", "Straight"],
  ["spherical", "On a sphere"],
  ["density", "Along the data"],
];

/** The tab; `hear.walk(codes)` gets the way, `hear.frame`, `hear.end` the film. */
export function createWalkTab({ source, store, failed, hear }) {
  const { overview } = source;
  const code = () => store.get().z;
  const from = createPlace({
    overview,
    label: "From",
    change: (text) => store.set({ from: text }),
    code,
  });
  const to = createPlace({
    overview,
    label: "To",
    change: (text) => store.set({ to: text }),
    code,
  });
  const way = select(WAYS, { label: "Way", onchange: () => store.set({ way: way.value }) });
  const player = createPlayer(overview, hear);
  const result = h("div", { class: "result" });
  const element = h(
    "div",
    {},
    h(
      "div",
      { class: "buttons" },
      field("From", from.element),
      field("To", to.element),
      field("Way", way),
      player.element,
    ),
    result,
  );

  const request = latest(
    async (wanted) => {
      const codes = await source.path({
        start: placeOf(wanted.from),
        end: placeOf(wanted.to),
        frames: FRAMES,
        path: wanted.way,
      });
      return { codes, block: await source.decode(codes) };
    },
    (film) => {
      player.load(film);
      result.replaceChildren(some(overview, film.block));
      hear.walk(film.codes);
    },
    failed,
  );

  function load() {
    const state = store.get();
    from.show(state.from);
    to.show(state.to);
    way.value = state.way;
    if (state.tab === "walk") request.ask({ from: state.from, to: state.to, way: state.way });
  }

  store.on(["from", "to", "way", "tab"], load);
  return { element, load };
}

/** Stops of the walk at equal distances. */
function some(overview, block) {
  const count = overview.kind === "table" ? 6 : 14;
  const stops = Array.from({ length: count }, (_, k) =>
    Math.round((k * (block.count - 1)) / (count - 1)),
  );
  const data = new block.data.constructor(count * block.size);
  stops.forEach((stop, k) => data.set(block.item(stop), k * block.size));
  const captions = stops.map((stop) => `${Math.round((100 * stop) / (block.count - 1))} %`);
  return showMany(overview, new Block(data, [count, ...block.shape.slice(1)]), captions);
}
