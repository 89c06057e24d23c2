// Sampling from the prior, its temperature, and the way back to zero.
import { button, field, h } from "./dom.js";
import { place } from "./numbers.js";
import { freshSeed } from "./random.js";

/** The controls; `go(code)` sets the code. */
export function createPrior({ source, store, failed, go }) {
  const zero = button("All to 0", () => go(store.get().z.map(() => 0)));
  if (!source.can.sample) return h("div", { class: "prior" }, zero);
  const output = h("output", {});
  const temperature = h("input", {
    type: "range",
    min: "0",
    max: "2",
    step: "0.05",
    oninput: () => store.set({ temperature: Number(temperature.value) }),
  });

  async function sample() {
    const warmth = source.overview.continuous ? store.get().temperature : 1;
    try {
      go((await source.sample({ count: 1, temperature: warmth, seed: freshSeed() }))[0]);
    } catch (error) {
      failed(error);
    }
  }

  function show() {
    temperature.value = String(store.get().temperature);
    output.textContent = place(store.get().temperature);
  }

  store.on(["temperature"], show);
  show();
  const draw = button("Sample the prior", sample);
  if (!source.overview.continuous) return h("div", { class: "prior" }, draw, zero);
  const warmth = field("Temperature", h("span", { class: "place" }, temperature, output));
  return h("div", { class: "prior" }, draw, zero, warmth);
}
