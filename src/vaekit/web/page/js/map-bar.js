// Above and below the map: which plane, which layers, zoom, classes, and the drawn path.
import { button, field, h, select } from "./dom.js";
import { dimsOf, planeOf } from "./plane.js";
import { mark, trace } from "./palette.js";
import { onTheme } from "./theme.js";

const OWN = "own";

/** Controls of a map that write into the store. */
export function createMapBar({ overview, store, map }) {
  const toggle = (letter, text) => {
    const box = h("input", {
      type: "checkbox",
      onchange: () => store.set({ layers: flip(store.get().layers, letter) }),
    });
    return { box, letter, element: h("label", { class: "check" }, box, text) };
  };
  const layers = [
    toggle("p", "Points"),
    toggle("m", overview.kind === "table" ? "Column map" : "Decoded plane"),
  ];
  const column = select(
    overview.columns.map((name, f) => [String(f), name]),
    { label: "Column of the map", onchange: () => store.set({ column: Number(column.value) }) },
  );
  const pan = h(
    "button",
    {
      type: "button",
      "aria-pressed": "false",
      title: "Drag to move the map instead of drawing a path (or hold Shift)",
      onclick: () => setPan(pan.ariaPressed !== "true"),
    },
    "Pan",
  );
  const zoom = h(
    "div",
    { class: "joined" },
    button("−", () => map.zoom(1 / 1.4), { "aria-label": "Zoom out" }),
    button("+", () => map.zoom(1.4), { "aria-label": "Zoom in" }),
    button("All", () => map.fit(), { "aria-label": "All of the map" }),
    pan,
  );
  const planes = createPlanes(overview, store);
  const element = h(
    "div",
    { class: "map-bar" },
    planes.element,
    layers.map((each) => each.element),
    overview.kind === "table" ? column : null,
    zoom,
  );

  function setPan(on) {
    pan.setAttribute("aria-pressed", String(on));
    map.look({ panning: on });
  }

  function show() {
    const state = store.get();
    for (const { box, letter } of layers) box.checked = state.layers.includes(letter);
    column.value = String(state.column);
    const flat = Boolean(planeOf(overview, state.plane).linear);
    column.hidden = !flat || !state.layers.includes("m");
    layers[1].box.disabled = !flat;
    planes.show(state.plane);
    map.look({
      points: state.layers.includes("p"),
      manifold: state.layers.includes("m"),
      column: state.column,
      hidden: new Set(state.hidden),
    });
  }

  store.on(["layers", "column", "hidden", "plane"], show);
  return { element, show };
}

function flip(layers, letter) {
  const all = [..."pm"].filter((each) => (each === letter) !== layers.includes(each));
  return all.join("") || "none";
}

/** The list of planes, and two lists of dimensions for any other pair. */
function createPlanes(overview, store) {
  const listed = overview.planes.map(({ id, title }) => [id, title]);
  const free = overview.latent_dim > 2 ? [[OWN, "Two dimensions …"]] : [];
  const list = select([...listed, ...free], { label: "Plane", onchange: () => pick() });
  const names = overview.dims.map(({ dim }) => [String(dim), `z${dim + 1}`]);
  const axes = ["Across", "Up"].map((label) => select(names, { label, onchange: () => own() }));
  const pair = h("span", { class: "place", hidden: true }, axes);

  let chosen = false; // two dimensions of one's own, even where their plane is listed

  function pick() {
    chosen = list.value === OWN;
    pair.hidden = !chosen;
    if (!chosen) store.set({ plane: list.value });
  }

  function own() {
    const [a, b] = axes.map((each) => each.value);
    if (a !== b) store.set({ plane: `dims:${a},${b}` });
    else axes[1].value = names.find(([key]) => key !== a)[0];
    if (a === b) own();
  }

  return {
    element: h("span", { class: "place" }, field("Plane", list), pair),
    show(id) {
      const known = listed.some(([key]) => key === id);
      const listing = known && !chosen;
      list.value = listing ? id : OWN;
      pair.hidden = listing;
      const dims = dimsOf(id);
      const shown = dims.length === 2 ? dims : overview.dims.slice(0, 2).map(({ dim }) => dim);
      shown.forEach((dim, k) => (axes[k].value = String(dim)));
    },
  };
}

/** Classes with their marks; a press hides one or shows it again. */
export function createLegend({ classes, class_places: places }, store) {
  if (!classes.length) return null;
  const keys = places.map(({ label }) => {
    const sign = h("canvas", { width: 28, height: 28, "aria-hidden": "true" });
    paintSign(sign, label);
    onTheme(() => paintSign(sign, label));
    const control = h(
      "button",
      {
        type: "button",
        class: "key",
        onclick: () => store.set({ hidden: without(store.get().hidden, label) }),
      },
      sign,
      classes[label],
    );
    return { label, control };
  });
  function show() {
    for (const { label, control } of keys)
      control.setAttribute("aria-pressed", String(!store.get().hidden.includes(label)));
  }
  store.on(["hidden"], show);
  show();
  return h(
    "div",
    { class: "legend", role: "group", "aria-label": "Classes: press to hide or show" },
    keys.map(({ control }) => control),
  );
}

function without(list, label) {
  return list.includes(label)
    ? list.filter((each) => each !== label)
    : [...list, label].sort((a, b) => a - b);
}

function paintSign(sign, label) {
  const context = sign.getContext("2d");
  const { color, shape } = mark(label);
  trace(context, shape, 14, 14, 9);
  context.fillStyle = color;
  context.fill();
}
