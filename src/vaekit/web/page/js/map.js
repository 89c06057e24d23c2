// A map: layers of canvas, a view that moves, and hands on it.
import { openChart } from "./chart.js";
import { h, unique } from "./dom.js";
import { createManifold } from "./manifold-layer.js";
import { drawGrid } from "./map-grid.js";
import { listen } from "./map-input.js";
import { drawOverlay } from "./map-overlay.js";
import { drawPoints, radiusOf } from "./map-points.js";
import { simplified } from "./paths.js";
import { planeOf } from "./plane.js";
import { color, onTheme } from "./theme.js";
import { createView } from "./view.js";

const HELP =
  "Arrows move the code, with Shift further. + and − zoom, 0 shows everything. " +
  "Enter adds a corner to a path, P plays it, Escape drops it.";

/** In place of a map, where codes are discrete: a sentence that says so. */
export function noMap(text) {
  const element = h("p", { class: "soft" }, text);
  const nothing = () => {};
  return {
    element,
    stage: element,
    view: { get: () => null },
    chart: () => null,
    open: async () => false,
    set: nothing,
    look: nothing,
    refresh: nothing,
    frame: nothing,
    zoom: nothing,
    fit: nothing,
  };
}

/**
 * Make a map of a source.
 *
 * `hear` holds what happens: `hover({code, point, row, at})`, `leave()`, `pick({code, row})`,
 * `path(points)`, `view(state)`, `key(name)`. `base()` is the code whose rest a plane keeps.
 */
export function createMap({ source, title, base, hear, failed, small = false }) {
  const help = h("p", { class: "keys", id: unique("help") }, HELP);
  const [ground, over] = [h("canvas"), h("canvas", { class: "over" })];
  const wait = h("p", { class: "wait", role: "status", hidden: true });
  const stage = h(
    "div",
    {
      class: small ? "stage small" : "stage",
      tabIndex: 0,
      role: "application",
      "aria-label": title,
      "aria-describedby": help.id,
    },
    ground,
    over,
    wait,
    help,
  );
  const element = h("div", { class: "map" }, stage);

  const view = createView();
  const marks = {};
  const look = { points: true, manifold: false, hidden: new Set(), column: 0, panning: false };
  let chart = null;
  let opening = 0;
  let due = "";
  const manifold = createManifold(source, { changed: () => redraw("all"), failed });

  function redraw(what) {
    if (!due) requestAnimationFrame(paint);
    due = due === "all" ? "all" : what;
  }

  function paint() {
    const all = due === "all";
    due = "";
    const ratio = devicePixelRatio || 1;
    const names = ["ink", "page", "accent", "second", "soft", "grid"];
    const colors = Object.fromEntries(names.map((name) => [name, color(name)]));
    if (all) paintGround(prepared(ground, ratio), ratio, colors);
    drawOverlay(prepared(over, ratio), view, chart ? marks : {}, colors);
  }

  function prepared(canvas, ratio) {
    const [width, height] = view.size().map((size) => Math.round(size * ratio));
    if (canvas.width !== width || canvas.height !== height)
      [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  }

  function paintGround(context, ratio, colors) {
    context.clearRect(0, 0, ...view.size());
    if (!chart) return;
    const axes = {
      line: colors.grid,
      soft: colors.soft,
      page: colors.page,
      axes: chart.plane.axes,
      numbers: !small,
    };
    if (look.manifold) {
      const alpha = look.points ? 0.55 : 1;
      manifold.draw(context, view, { plane: chart.plane.id, column: look.column, alpha });
    }
    drawGrid(context, view, axes);
    const drawn = {
      ratio,
      hidden: look.hidden,
      rim: colors.page,
      alpha: look.manifold ? 0.75 : 0.9,
    };
    if (look.points) drawPoints(context, chart, view, drawn);
    if (look.manifold) manifold.key(context, view, { plane: chart.plane.id, column: look.column });
  }

  function moved(tell = true) {
    redraw("all");
    if (look.manifold && chart?.plane.linear) manifold.ask(chart.plane.id, view, base());
    if (tell) hear.view?.(view.get());
  }

  /** The point of a row under a place of the screen, if the place is on it. */
  function rowUnder(at) {
    if (!chart || !look.points) return null;
    const [x, y] = view.toPlane(at);
    const reach = (radiusOf(chart.count, view.get()?.[2] ?? 1) + 4) / view.scale();
    const near = chart.index.nearest(x, y, 6);
    const hit = near.find(([i, away]) => away <= reach ** 2 && !look.hidden.has(chart.labels[i]));
    return hit ? hit[0] : null;
  }

  function found(at) {
    const point = view.toPlane(at);
    const i = rowUnder(at);
    if (marks.row || i !== null) {
      marks.row = i === null ? null : [...chart.points.subarray(2 * i, 2 * i + 2)];
      redraw("over");
    }
    return { at, point, code: chart.code(base(), point), row: i === null ? null : chart.rowAt(i) };
  }

  let drawing = [];
  listen(
    stage,
    {
      hover: (at) => chart && hear.hover?.(found(at)),
      leave() {
        marks.row = null;
        redraw("over");
        hear.leave?.();
      },
      pick: (at) => chart && hear.pick?.(found(at)),
      draw(at, first) {
        if (!chart || !hear.path) return;
        if (first) drawing = [];
        drawing.push(view.toPlane(at));
        set({ path: drawing });
      },
      drawn: () => chart && hear.path?.(simplified(drawing, 1.5 / view.scale())),
      pan(dx, dy) {
        view.pan(dx, dy);
        moved();
      },
      zoom(at, factor) {
        view.zoomAt(at, factor);
        moved();
      },
      step(dx, dy) {
        if (!chart || !marks.code) return;
        const [x, y] = view.toScreen(marks.code);
        const point = view.toPlane([x + dx, y + dy]);
        hear.pick?.({ code: chart.code(base(), point), point, row: null, step: true });
      },
      key(name) {
        if (name === "+" || name === "=") api.zoom(1.4);
        else if (name === "-") api.zoom(1 / 1.4);
        else if (name === "0") api.fit();
        else return hear.key?.(name) ?? false;
        return true;
      },
    },
    () => look.panning || !hear.path,
  );

  function set(patch) {
    Object.assign(marks, patch);
    redraw("over");
  }

  new ResizeObserver(() => {
    view.resize(stage.clientWidth, stage.clientHeight);
    moved(false);
  }).observe(stage);
  onTheme(() => {
    manifold.recolor();
    redraw("all");
  });

  const api = {
    element,
    stage,
    view,
    set,
    chart: () => chart,
    /** Open another plane; the view is of everything unless a state is given. */
    async open(id, state = null) {
      const mine = (opening += 1);
      wait.textContent = "Loading the map…";
      wait.hidden = false;
      const progress = (share) => {
        const part = share ? ` ${Math.round(100 * share)} %` : "";
        if (mine === opening)
          wait.textContent = `Computing ${planeOf(source.overview, id).title}…${part}`;
      };
      try {
        const opened = await openChart(source, id, progress);
        if (mine !== opening) return false;
        chart = opened;
      } finally {
        if (mine === opening) wait.hidden = true;
      }
      manifold.clear();
      view.show(chart.extent);
      view.set(state);
      marks.path = marks.row = null;
      moved(false);
      return true;
    },
    look(patch) {
      Object.assign(look, patch);
      stage.classList.toggle("panning", look.panning);
      moved(false);
    },
    /** The rest of the code off the plane changed: the decoded layer is another. */
    refresh: () =>
      look.manifold && chart?.plane.linear && manifold.ask(chart.plane.id, view, base()),
    /** Another view from outside, such as an address. */
    frame(state) {
      view.set(state);
      moved(false);
    },
    zoom(factor) {
      view.zoomAt(
        view.size().map((size) => size / 2),
        factor,
      );
      moved();
    },
    fit() {
      view.fit();
      moved();
    },
  };
  return api;
}
