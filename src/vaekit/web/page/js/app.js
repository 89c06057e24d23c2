// The explorer of one run: the parts, and what each has to hear of the others.
import { createDecoded } from "./decoded.js";
import { button, field, h } from "./dom.js";
import { latest, settled } from "./latest.js";
import { createMap } from "./map.js";
import { createLegend, createMapBar } from "./map-bar.js";
import { place } from "./numbers.js";
import { createPath } from "./path.js";
import { freshSeed } from "./random.js";
import { createSliders } from "./sliders.js";
import { createArithmeticTab } from "./tab-arithmetic.js";
import { createCompareTab } from "./tab-compare.js";
import { createRowTab } from "./tab-row.js";
import { createWalkTab } from "./tab-walk.js";
import { createTabs } from "./tabs.js";
import { createTooltip } from "./tooltip.js";

const STRIP = 9; // pictures in the strip of a slider
const round = (code) => code.map((value) => Number(value.toFixed(3)));

/** Build the page of a source into `main`. */
export async function createApp({ source, runs, store, messages, main, placed }) {
  const { overview } = source;
  const failed = messages.fail;
  const base = () => store.get().z;
  const go = (code) => store.set({ z: round(code) });
  const said = h("p", { class: "unseen", role: "status" });

  const decoded = createDecoded({ source, failed, hear: (block) => rowTab.live(block.item(0)) });
  const sliders = createSliders({ overview, code: base, hear: { change: go, opened: () => strips() } });

  const map = createMap({
    source, title: `Map of ${overview.name}`, base, failed,
    hear: {
      hover(found) {
        tooltip.show(found.row, found.at);
        if (path.playing()) return;
        preview(found.code, "Under the pointer");
      },
      leave() {
        tooltip.hide();
        if (!path.playing()) rest();
      },
      pick({ code, row, step }) {
        if (row !== null) choose(row);
        else go(code);
        if (step) said.textContent = round(code).slice(0, 4).map((value, d) => `z${d + 1} ${place(value)}`).join(", ");
      },
      path: (points) => path.drawn(points),
      view: settled((view) => store.set({ view }), 200),
      key: (name) => path.key(name),
    },
  });
  const tooltip = createTooltip(source, map.stage);

  function preview(code, text) {
    decoded.show(code, text);
    sliders.show(code);
    map.set({ ghost: null });
  }

  /** Back to the code that is set. */
  function rest() {
    const { z } = store.get();
    sliders.show(z);
    decoded.show(z, "The code as set", true);
    map.set({ code: map.chart()?.place(z), ghost: null });
  }

  const film = {
    frame({ codes, block }, k) {
      decoded.put(block, k, `Frame ${k + 1} of ${block.count}`);
      sliders.show(codes[k]);
      map.set({ ghost: map.chart()?.place(codes[k]) });
    },
    end: rest,
  };
  const path = createPath({ source, store, map, failed, hear: film });

  const traverse = latest(
    (wanted) => source.traverse(wanted),
    (block, { dims }) => sliders.strips(block, dims),
    failed,
  );
  const strips = settled(() => {
    const dims = sliders.wanted();
    if (dims.length) traverse.ask({ code: base(), dims, steps: STRIP });
  }, 120);

  let posterior = null;
  function marks() {
    const chart = map.chart();
    if (!chart) return;
    const { tab } = store.get();
    const seen = tab === "row" && posterior ? posteriorOn(chart, posterior) : null;
    map.set({ posterior: seen, walk: tab === "walk" ? walked?.map(chart.place) : null, places: tab === "arithmetic" ? named.map(({ code, text }) => ({ at: chart.place(code), text })) : [] });
  }
  let walked = null;
  let named = [];

  const parts = { source, runs, store, failed };
  const rowTab = createRowTab({ ...parts, placed, hear: {
    posterior(code) {
      posterior = code;
      marks();
    },
    code(mean, values) {
      decoded.give(overview.kind === "table" ? values : null);
      go(mean);
      rest();
    },
  } });
  const walkTab = createWalkTab({ ...parts, hear: { ...film, walk(codes) {
    walked = codes;
    marks();
  } } });
  const arithmeticTab = createArithmeticTab({ ...parts, hear: { code: go, places(list) {
    named = list;
    marks();
  } } });
  const compareTab = createCompareTab(parts);
  const tabs = createTabs([
    ["row", "Rows", rowTab.element], ["walk", "Interpolate", walkTab.element],
    ["arithmetic", "Arithmetic", arithmeticTab.element], ["compare", "Compare", compareTab.element],
  ], "Tools", (tab) => store.set({ tab }));

  function choose(row) {
    store.set({ tab: "row" });
    rowTab.row(row);
  }

  const bar = createMapBar({ overview, store, map });
  decoded.said.append(createPrior({ source, store, failed, go }));
  main.append(
    h("section", { class: "card map-card", "aria-label": "Map" }, bar.element, map.element, createLegend(overview, store), path.element),
    h("section", { class: overview.latent_dim < 5 ? "card code-card few" : "card code-card", "aria-label": "Code" }, decoded.element, h("div", { class: "scroll sliders-box" }, sliders.element)),
    h("section", { class: "card tools-card", "aria-label": "Tools" }, tabs.element), said,
  );

  store.on(["z"], () => {
    rest();
    strips();
    map.refresh();
  });
  store.on(["tab"], (state) => {
    tabs.show(state.tab);
    marks();
  });
  store.on(["plane"], (state, changed) => open(changed.includes("view") ? state.view : null, changed.includes("path")));
  store.on(["view"], ({ view }, changed) => {
    if (!changed.includes("plane") && JSON.stringify(map.view.get()) !== JSON.stringify(view)) map.frame(view);
  });

  async function open(view, keepPath) {
    try {
      if (!(await map.open(store.get().plane, view))) return;
    } catch (error) {
      failed(error);
      store.set({ plane: overview.planes[0].id });
      return;
    }
    if (!keepPath) store.set({ path: null, view });
    path.show();
    rest();
    marks();
  }

  bar.show();
  tabs.show(store.get().tab);
  for (const tab of [rowTab, walkTab, arithmeticTab, compareTab]) tab.load();
  rest();
  strips();
  await open(store.get().view, true);
  document.body.dataset.ready = "yes";
}

function posteriorOn(chart, { mean, spread, draws }) {
  return { mean: chart.place(mean), covariance: chart.spread(spread), draws: draws.map(chart.place) };
}

/** Sampling from the prior, its temperature, and the way back to zero. */
function createPrior({ source, store, failed, go }) {
  const output = h("output", {});
  const temperature = h("input", { type: "range", min: "0", max: "2", step: "0.05", oninput: () => store.set({ temperature: Number(temperature.value) }) });
  async function sample() {
    try {
      go((await source.sample({ count: 1, temperature: store.get().temperature, seed: freshSeed() }))[0]);
    } catch (error) {
      failed(error);
    }
  }
  const show = () => {
    temperature.value = String(store.get().temperature);
    output.textContent = place(store.get().temperature);
  };
  store.on(["temperature"], show);
  show();
  const zero = button("All to 0", () => go(store.get().z.map(() => 0)));
  if (!source.can.sample) return h("div", { class: "prior" }, zero);
  const warmth = field("Temperature", h("span", { class: "place" }, temperature, output));
  return h("div", { class: "prior" }, button("Sample the prior", sample), zero, warmth);
}
