// Compare: two runs side by side on the same input, each with a small map of its own.
import { field, h, select } from "./dom.js";
import { createDecoded } from "./decoded.js";
import { requestOf, translated } from "./input.js";
import { latest } from "./latest.js";
import { createMap, noMap } from "./map.js";
import { posteriorOn } from "./map-marks.js";
import { several } from "./numbers.js";
import { facts, look, rebuilt } from "./posterior.js";

const DRAWS = 3;

/** The tab; runs open when it is looked at for the first time. */
export function createCompareTab({ source, runs, store, failed }) {
  const own = store.get().run;
  const others = runs.names
    .map((name, index) => [String(index), name])
    .filter(([index]) => Number(index) !== own);
  if (others.length === 0) {
    const text = "Start the explorer with two runs to compare them: vaekit explore RUN OTHER.";
    return { element: h("p", { class: "soft" }, text), load() {} };
  }
  const choice = select(others, {
    label: "The other run",
    onchange: () => store.set({ other: Number(choice.value) }),
  });
  const hint = h(
    "p",
    { class: "soft" },
    "The input is that of the tab Rows: both runs encode and decode the same one.",
  );
  const box = h("div", { class: "sides" });
  const element = h("div", {}, h("div", { class: "buttons" }, field("Beside", choice), hint), box);
  let sides = [];
  let shown = null;

  const open = latest(
    async (index) => [
      [own, source],
      [index, await runs.open(index)],
    ],
    (pairs, index) => {
      shown = index;
      sides = pairs.map(([run, each]) => createSide(runs.names[run], each, failed));
      box.replaceChildren(...sides.map((side) => side.element));
      ask();
    },
    failed,
  );

  function ask() {
    const { input, seed } = store.get();
    const request = requestOf(input ?? "row:0");
    for (const side of sides) side.ask({ request, seed, source });
  }

  function load() {
    const state = store.get();
    if (state.tab !== "compare") return;
    const other = state.other ?? Number(others[0][0]);
    choice.value = String(other);
    if (other === shown) ask();
    else open.ask(other);
  }

  store.on(["tab", "other", "input", "seed"], load);
  return { element, load };
}

/** One of the two: a map, what lies under the pointer, and what it makes of the input. */
function createSide(name, source, failed) {
  const { overview } = source;
  let code = new Array(overview.latent_dim).fill(0);
  const caption = overview.continuous ? "The mean code" : "The most probable code";
  const decoded = createDecoded({ source, failed });
  const settings = {
    source,
    title: `Map of ${name}`,
    small: true,
    failed,
    base: () => code,
    hear: {
      hover: (found) => decoded.show(found.code, "Under the pointer"),
      leave: () => decoded.show(code, caption),
    },
  };
  const map = overview.continuous ? createMap(settings) : noMap(overview.limitations.join(" "));
  const opened = map.open(overview.planes[0]?.id).catch(failed);
  const result = h("div", { class: "result" });
  const told = `${several(overview.latent_dim, "dimension")} · ${overview.likelihood}`;
  const element = h(
    "section",
    { class: "side", "aria-label": name },
    h("h2", {}, name),
    h("p", { class: "soft" }, told),
    h("div", { class: "pair" }, map.element, decoded.element),
    result,
  );

  const request = latest(
    async (wanted) =>
      look(source, await translated(wanted.request, wanted.source, source), {
        draws: DRAWS,
        seed: wanted.seed,
      }),
    (found) => {
      code = found.code.mean;
      result.replaceChildren(rebuilt(overview, found), facts(found));
      decoded.show(code, caption);
      mark(found.code);
    },
    failed,
  );

  async function mark({ mean, spread }) {
    await opened;
    if (map.chart()) map.set({ posterior: posteriorOn(map.chart(), { mean, spread, draws: [] }) });
  }

  if (overview.encoder) return { element, ask: request.ask };
  result.append(h("p", { class: "soft" }, overview.limitations.join(" ")));
  return { element, ask: () => decoded.show(code, "The code 0") };
}
