// The explorer of one run: the parts, and what each has to hear of the others.
import { createCode } from "./code.js";
import { createDecoded } from "./decoded.js";
import { h } from "./dom.js";
import { latest, settled } from "./latest.js";
import { createMap, noMap } from "./map.js";
import { createLegend, createMapBar } from "./map-bar.js";
import { createMarks } from "./map-marks.js";
import { place } from "./numbers.js";
import { createPath } from "./path.js";
import { createPrior } from "./prior.js";
import { createSliders } from "./sliders.js";
import { createArithmeticTab } from "./tab-arithmetic.js";
import { createCompareTab } from "./tab-compare.js";
import { createRowTab } from "./tab-row.js";
import { createWalkTab } from "./tab-walk.js";
import { createTabs, toolsOf } from "./tabs.js";
import { createTooltip } from "./tooltip.js";

const STRIP = 9; // pictures in the strip of a slider
const FEW = 5; // dimensions: with fewer there is room for a large picture
const TOLD = 4; // coordinates that are read out when a key moves the code

const round = (code) => code.map((value) => Number(value.toFixed(3)));

/** Build the page of a source into `main`; `placed`: the address says where the code is. */
export async function createApp({ source, runs, store, messages, main, placed }) {
  const { overview } = source;
  const failed = messages.fail;
  const base = () => store.get().z;
  const go = (code) => store.set({ z: round(code) });
  const said = h("p", { class: "unseen", role: "status" });

  const decoded = createDecoded({
    source,
    failed,
    hear: (block) => tabs.row.live(block.item(0)),
  });
  const sliders = createSliders({
    overview,
    code: base,
    hear: { change: go, opened: () => strips() },
  });
  const hands = {
    hover(found) {
      tooltip.show(found.row, found.at);
      if (!path.playing()) code.pass(found.code);
    },
    leave() {
      tooltip.hide();
      if (!path.playing()) code.rest();
    },
    pick({ code: picked, row, step }) {
      if (row !== null) choose(row);
      else go(picked);
      if (step) said.textContent = told(picked);
    },
    path: (points) => path.drawn(points),
    view: settled((view) => store.set({ view }), 200),
    key: (name) => path.key(name),
  };
  const map = overview.continuous
    ? createMap({ source, title: `Map of ${overview.name}`, base, failed, hear: hands })
    : noMap(overview.limitations.join(" "));
  const tooltip = createTooltip(source, map.stage);
  const code = createCode({ store, decoded, sliders, map });
  const marks = createMarks({ map, store });
  const path = createPath({ source, store, map, failed, hear: code.film });
  const strips = createStrips({ source, sliders, base, failed });

  function choose(row) {
    store.set({ tab: "row" });
    tabs.row.row(row);
  }

  const parts = { source, runs, store, failed };
  const tabs = {
    row: createRowTab({
      ...parts,
      placed,
      hear: {
        posterior(posterior, values) {
          decoded.give(overview.kind === "table" ? values : null);
          marks.keep({ posterior });
          code.rest();
        },
        code: go,
      },
    }),
    walk: createWalkTab({ ...parts, hear: { ...code.film, walk: (walk) => marks.keep({ walk }) } }),
    arithmetic: createArithmeticTab({
      ...parts,
      hear: { code: go, places: (sum) => marks.keep({ sum }) },
    }),
    compare: createCompareTab(parts),
  };
  const bar = overview.continuous ? createMapBar({ overview, store, map }) : null;
  const tools = layOut({ main, overview, store, map, bar, path, decoded, sliders, tabs });
  decoded.said.append(createPrior({ source, store, failed, go }));
  main.append(said);

  store.on(["z"], () => {
    code.rest();
    strips();
    map.refresh();
  });
  store.on(["tab"], ({ tab }) => tools.show(tab));
  const open = keepPlane({
    store,
    map,
    overview,
    failed,
    opened: [path.show, code.rest, marks.show],
  });

  bar?.show();
  tools.show(store.get().tab);
  for (const [key] of toolsOf(overview)) tabs[key].load();
  code.rest();
  strips();
  await open(store.get().view, true);
  document.body.dataset.ready = "yes";
}

const told = (code) =>
  round(code)
    .slice(0, TOLD)
    .map((value, d) => `z${d + 1} ${place(value)}`)
    .join(", ");

/** Put everything in its place; returns the tabs. */
function layOut({ main, overview, store, map, bar, path, decoded, sliders, tabs }) {
  const { continuous, limitations } = overview;
  const panels = toolsOf(overview).map(([key, name]) => [key, name, tabs[key].element]);
  const tools = createTabs(panels, "Tools", (tab) => store.set({ tab }));
  const card = (name, extra, ...content) =>
    h("section", { class: `card ${extra}`, "aria-label": name }, content);
  const why = limitations.length ? h("p", { class: "limits" }, limitations.join(" ")) : null;
  const tooled = (...content) => panels.length && main.append(card("Tools", "tools-card", ...content));
  if (!continuous) {
    main.append(card("Code", "code-card few alone", decoded.element, why));
    tooled(tools.element);
    return tools;
  }
  const legend = createLegend(overview, store);
  const moving = h("div", { class: "scroll sliders-box" }, sliders.element);
  const few = overview.latent_dim < FEW ? " few" : "";
  main.append(
    card("Map", "map-card", bar.element, map.element, legend, path.element),
    card("Code", `code-card${few}`, decoded.element, moving),
  );
  tooled(why, tools.element);
  return tools;
}

/** Ask for the strips of the sliders when the code rests. */
function createStrips({ source, sliders, base, failed }) {
  const traverse = latest(
    (wanted) => source.traverse(wanted),
    (block, { dims }) => sliders.strips(block, dims),
    failed,
  );
  return settled(() => {
    const dims = sliders.wanted();
    if (dims.length) traverse.ask({ code: base(), dims, steps: STRIP });
  }, 120);
}

/** Keep the map on the plane and the view of the store; returns what opens it. */
function keepPlane({ store, map, overview, failed, opened }) {
  async function open(view, keepPath) {
    try {
      if (!(await map.open(store.get().plane, view))) return;
    } catch (error) {
      failed(error);
      store.set({ plane: overview.planes[0].id });
      return;
    }
    if (!keepPath) store.set({ path: null, view });
    for (const each of opened) each();
  }

  store.on(["plane"], ({ view }, changed) => {
    open(changed.includes("view") ? view : null, changed.includes("path"));
  });
  store.on(["view"], ({ view }, changed) => {
    const same = JSON.stringify(map.view.get()) === JSON.stringify(view);
    if (!changed.includes("plane") && !same) map.frame(view);
  });
  return open;
}
