// Several rows beside each other: pictures, or a table with a column for each.
import { h } from "./dom.js";
import { paint, picture } from "./picture.js";
import { cell, createRecord } from "./record.js";

/** One row, shown over and over: `show(block, index, given)`. */
export function createOne(overview, label) {
  if (overview.kind === "table") {
    const record = createRecord(overview);
    return {
      element: record.element,
      show: (block, index, given) => record.show(block.item(index), given),
    };
  }
  const canvas = h("canvas", { class: "picture big", role: "img", "aria-label": label });
  return { element: canvas, show: (block, index) => paint(canvas, block, index) };
}

/** Rows of a block with a caption each. */
export function showMany(overview, block, captions) {
  if (overview.kind === "table") return table(overview, block, captions);
  const figures = captions.map((text, k) =>
    h("figure", {}, picture(block, k, text), h("figcaption", {}, text)),
  );
  return h("div", { class: "figures" }, figures);
}

function table({ columns, column_stats: stats }, block, captions) {
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, "Column"),
    captions.map((text) => h("th", { scope: "col", class: "number" }, text)),
  );
  const lines = columns.map((name, f) => {
    const cells = captions.map((_, k) =>
      h("td", { class: "number" }, cell(stats[f], block.item(k)[f])),
    );
    return h("tr", {}, h("th", { scope: "row" }, name), cells);
  });
  const whole = h("table", { class: "many" }, h("thead", {}, head), h("tbody", {}, lines));
  return h(
    "div",
    { class: "scroll wide", tabIndex: 0, role: "region", "aria-label": "Rows beside each other" },
    whole,
  );
}

/** Put blocks of rows one after another into one. */
export function joined(...blocks) {
  const data = new blocks[0].data.constructor(
    blocks.reduce((sum, each) => sum + each.data.length, 0),
  );
  let at = 0;
  for (const each of blocks) {
    data.set(each.data, at);
    at += each.data.length;
  }
  const count = blocks.reduce((sum, each) => sum + each.count, 0);
  return new blocks[0].constructor(data, [count, ...blocks[0].shape.slice(1)]);
}
