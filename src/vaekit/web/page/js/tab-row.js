// Rows: something to encode, its posterior, its reconstructions and its likelihood.
import { toText } from "./bytes.js";
import { createCells } from "./cells.js";
import { button, field, h } from "./dom.js";
import { createPad } from "./draw.js";
import { cellsOf, requestOf } from "./input.js";
import { latest, settled } from "./latest.js";
import { facts, look, rebuilt } from "./posterior.js";
import { freshSeed } from "./random.js";

const DRAWS = 6;
const TABLE_DRAWS = 4;
const WAIT = 1500;

/**
 * The tab; `hear.posterior(code, given)` gets what was found, `hear.code(mean)` where to go.
 * `placed`: an address says where the code is, whatever the input.
 */
export function createRowTab({ source, store, failed, hear, placed }) {
  const { overview } = source;
  const result = h(
    "div",
    { class: "result", "aria-live": "polite" },
    h("p", { class: "soft" }, "Choose a row to see what the model makes of it."),
  );
  const number = h("input", {
    type: "number",
    min: "0",
    max: String(overview.rows - 1),
    step: "1",
    onchange: () => number.reportValidity() && row(Number(number.value)),
  });
  const picker = h(
    "div",
    { class: "buttons" },
    field("Row", number),
    button("Previous", () => row((now() - 1 + overview.rows) % overview.rows)),
    button("Next", () => row((now() + 1) % overview.rows)),
    button("Any", () => row(Math.floor(Math.random() * overview.rows))),
  );
  const again = button("Draw again", () => store.set({ seed: freshSeed() }));
  const cells = overview.kind === "table" ? createCells(source, (list) => give(list)) : null;
  const own = source.can.encode
    ? ownInput()
    : h(
        "p",
        { class: "soft" },
        "This page runs without a server and has no encoder: it knows its own rows only.",
      );
  const element = h(
    "div",
    { class: "columns" },
    h("div", { class: "ask" }, picker, own),
    h("div", {}, result, again),
  );
  let moving = !placed; // whether the code should go where the new posterior is

  const request = latest(
    ({ text, seed }) =>
      look(source, requestOf(text), {
        draws: overview.kind === "table" ? TABLE_DRAWS : DRAWS,
        seed,
      }),
    (found, asked) => {
      result.replaceChildren(rebuilt(overview, found), facts(found));
      cells?.show(found);
      hear.posterior(found.code, found.request.cells ?? found.input.list(0));
      if (asked.move) hear.code(found.code.mean);
      if (found.code.reference_ready === false && found.code.log_likelihood !== null) later(asked);
    },
    failed,
  );

  // The likelihoods of the other rows are still being computed: look whether they are there.
  const later = settled(({ text, seed }) => {
    const state = store.get();
    if (state.input === text && state.seed === seed) request.ask({ text, seed, move: false });
  }, WAIT);

  const now = () => Number(store.get().input?.startsWith("row:") ? store.get().input.slice(4) : -1);

  function set(text) {
    moving = true;
    if (store.get().input === text) load();
    else store.set({ input: text });
  }

  const row = (index) => set(`row:${index}`);
  const give = (list) => set(`cells:${list.map((value) => value ?? "").join(",")}`);

  function ownInput() {
    return overview.kind === "table" ? pasted() : drawn();
  }

  function pasted() {
    const box = h("textarea", { rows: 2, spellcheck: false });
    const take = () => {
      try {
        give(cellsOf(box.value.trim(), overview.columns));
      } catch (error) {
        failed(error);
      }
    };
    return h(
      "div",
      {},
      field("Paste a row of the table (an empty cell is a gap)", box, "tall"),
      button("Encode the row", take),
      cells.element,
    );
  }

  function drawn() {
    const centre = h("input", { type: "checkbox", checked: overview.shape[1] === 28 });
    const invert = h("input", { type: "checkbox" });
    const take = async (file, inverted) => {
      try {
        const block = await source.image(file, { invert: inverted, centre: centre.checked });
        set(`pixels:${toText(block.item(0))}`);
      } catch (error) {
        failed(error);
      }
    };
    const upload = h("input", {
      type: "file",
      accept: "image/*",
      onchange: () => upload.files[0] && take(upload.files[0], invert.checked),
    });
    const options = h(
      "div",
      { class: "buttons" },
      h("label", { class: "check" }, centre, "Centre the ink"),
      h("label", { class: "check" }, invert, "Invert uploads"),
    );
    return h(
      "div",
      { class: "own" },
      createPad(overview.shape[2], (blob) => take(blob, false)).element,
      h("div", {}, field("Upload an image", upload, "tall"), options),
    );
  }

  function load() {
    const { input, seed } = store.get();
    if (!input) return;
    number.value = input.startsWith("row:") ? input.slice(4) : "";
    request.ask({ text: input, seed, move: moving });
    moving = false;
  }

  store.on(["input", "seed"], load);
  return { element, load, row, live: (values) => cells?.live(values) };
}
