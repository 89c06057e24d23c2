// One slider for each latent dimension, most informative first; inactive ones folded away.
import { button, h, unique } from "./dom.js";
import { clamp, place, several, tell } from "./numbers.js";
import { createStrip } from "./strip.js";

const STEPS = 200;

/**
 * Make the sliders of a run. `hear.change(code)` while one moves; `code()` is the code now.
 * `opened()` is called when the inactive ones are shown.
 */
export function createSliders({ overview, code, hear }) {
  const lines = overview.dims.map((dim) => line(overview, dim, (value) => change(dim.dim, value)));
  const active = lines.filter(({ dim }) => dim.active);
  const idle = lines.filter(({ dim }) => !dim.active);
  const list = h(
    "div",
    { class: "sliders" },
    active.map(({ element }) => element),
  );
  const folded = h(
    "details",
    { class: "idle", ontoggle: () => folded.open && hear.opened() },
    h("summary", {}, several(idle.length, "inactive dimension")),
    idle.map(({ element }) => element),
  );
  const element = h("div", {}, list, idle.length ? folded : null);

  function change(dim, value) {
    const moved = [...code()];
    moved[dim] = value;
    hear.change(moved);
  }

  return {
    element,
    /** Dimensions whose strip is in sight. */
    wanted: () => (folded.open ? lines : active).map(({ dim }) => dim.dim),
    show(values) {
      for (const each of lines) each.show(values[each.dim.dim]);
    },
    strips(block, dims) {
      dims.forEach((dim, k) => lines.find((each) => each.dim.dim === dim).strip.show(block, k));
    },
  };
}

function line(overview, dim, change) {
  const id = unique("slider");
  const name = `z${dim.dim + 1}`;
  const told = dim.kl === null ? `variance ${tell(dim.variance, 2)}` : `KL ${tell(dim.kl, 3)} nats`;
  const output = h("output", { for: id });
  const input = h("input", {
    id,
    type: "range",
    min: String(dim.low),
    max: String(dim.high),
    step: String((dim.high - dim.low) / STEPS),
    "aria-label": `${name}, ${told}`,
    title: "Double click or Backspace: back to 0",
    oninput: () => change(Number(input.value)),
    ondblclick: () => change(0),
    onkeydown: (event) => {
      if (event.key !== "Backspace" && event.key !== "Delete") return;
      event.preventDefault();
      change(0);
    },
  });
  const strip = createStrip(overview, (share) => change(dim.low + share * (dim.high - dim.low)));
  const reset = button("↺", () => change(0), {
    class: "quiet zero",
    "aria-label": `Set ${name} to 0`,
  });
  const head = h(
    "div",
    { class: "slider-head" },
    h("label", { for: id }, name),
    h("span", { class: "soft" }, told),
    output,
    reset,
  );
  const element = h("div", { class: "slider" }, head, input, strip.element);
  return {
    dim,
    element,
    strip,
    show(value) {
      input.value = String(clamp(value, dim.low, dim.high));
      output.textContent = place(value);
      input.setAttribute("aria-valuetext", place(value));
    },
  };
}
