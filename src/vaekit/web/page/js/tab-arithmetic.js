// Arithmetic: A minus B plus C, with rows, means of classes, or the code set now.
import { button, field, h } from "./dom.js";
import { latest } from "./latest.js";
import { place } from "./numbers.js";
import { showMany } from "./rows-view.js";
import { createPlace, placeOf } from "./where.js";

const SIGNS = { a: "A", b: "− B", c: "+ C" };

/** The tab; `hear.places(list)` gets what to name on the map, `hear.code(code)` a wish to go there. */
export function createArithmeticTab({ source, store, failed, hear }) {
  const { overview } = source;
  const places = Object.entries(SIGNS).map(([key, label]) => [
    key,
    createPlace({
      overview,
      label,
      change: (text) => store.set({ [key]: text }),
      code: () => store.get().z,
    }),
  ]);
  const output = h("output", {});
  const scale = h("input", {
    type: "range",
    min: "-1",
    max: "2",
    step: "0.05",
    "aria-label": "Scale of C minus B",
    oninput: () => store.set({ scale: Number(scale.value) }),
  });
  const take = button("Set the sliders to the result", () => answer && hear.code(answer), {
    disabled: true,
  });
  const result = h("div", { class: "result" });
  const terms = places.map(([key, { element }]) => field(SIGNS[key], element));
  const element = h(
    "div",
    {},
    h(
      "div",
      { class: "buttons" },
      terms,
      field("Scale", h("span", { class: "place" }, scale, output)),
      take,
    ),
    result,
  );
  let answer = null;

  const request = latest(
    async (wanted) => {
      const [a, b, c] = [wanted.a, wanted.b, wanted.c].map(placeOf);
      const code = await source.arithmetic({ a, b, c, scale: wanted.scale });
      const known = await Promise.all([a, b, c].map((each) => codeOf(each, source)));
      return { codes: [...known, code], block: await source.decode([...known, code]) };
    },
    ({ codes, block }) => {
      answer = codes[3];
      take.disabled = false;
      result.replaceChildren(showMany(overview, block, ["A", "− B", "+ C", "= A − B + C"]));
      hear.places(codes.map((code, k) => ({ code, text: "ABC="[k] })));
    },
    failed,
  );

  function load() {
    const { a, b, c, scale: times, tab } = store.get();
    for (const [key, control] of places) control.show(store.get()[key]);
    scale.value = String(times);
    output.textContent = place(times);
    if (tab === "arithmetic") request.ask({ a, b, c, scale: times });
  }

  store.on(["a", "b", "c", "scale", "tab"], load);
  return { element, load };
}

/** The code of a place. */
async function codeOf(where, source) {
  if (where.code) return where.code;
  if ("label" in where)
    return source.overview.class_places.find(({ label }) => label === where.label).mean;
  return (await source.codes()).list(where.row);
}
