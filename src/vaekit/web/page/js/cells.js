// A row of a table to edit: an empty cell is a gap, and gaps are filled while one types.
import { h } from "./dom.js";
import { settled } from "./latest.js";
import { cell, share } from "./record.js";

/** An editor; `changed(cells)` hears of every edit, null for a gap. */
export function createCells({ overview: { columns, column_stats: stats } }, changed) {
  const tell = settled(() => changed(lines.map(({ read }) => read())), 200);
  const lines = columns.map((name, f) => line(name, stats[f], tell));
  const head = ["Column", "Given", "Filled", "90 % interval"].map((text) =>
    h("th", { scope: "col" }, text),
  );
  const table = h(
    "table",
    { class: "cells" },
    h("thead", {}, h("tr", {}, head)),
    h(
      "tbody",
      {},
      lines.map(({ element }) => element),
    ),
  );
  return {
    element: h(
      "div",
      { class: "scroll tall", tabIndex: 0, role: "region", "aria-label": "Cells of the row" },
      table,
    ),
    /** What was found of a row: its cells, and the gaps as filled. */
    show({ request, input, code }) {
      const given = request.cells ?? input.list(0);
      lines.forEach((each, f) => {
        each.write(given[f]);
        each.fill(given[f] === null ? code.filled?.[f] : null, code.low?.[f], code.high?.[f]);
      });
    },
    /** The code moved: gaps are what it decodes to. */
    live(values) {
      lines.forEach((each, f) => each.live(values[f]));
    },
  };
}

function line(name, stats, tell) {
  const input = h("input", {
    type: "number",
    step: "any",
    "aria-label": `${name}, given`,
    placeholder: "gap",
    oninput: tell,
  });
  const filled = h("td", { class: "number" });
  const [range, tick] = [h("i", { class: "fill" }), h("i", { class: "tick" })];
  const bar = h("div", { hidden: true }, range, tick);
  const element = h(
    "tr",
    {},
    h("th", { scope: "row" }, name),
    h("td", {}, input),
    filled,
    h("td", { class: "bar" }, bar),
  );
  const put = (value) => {
    filled.textContent = cell(stats, value);
    tick.style.left = `${share(stats, value)}%`;
  };
  return {
    element,
    read: () => (input.value === "" ? null : input.valueAsNumber),
    write(value) {
      if (document.activeElement !== input)
        input.value = value === null ? "" : String(Number(value.toPrecision(6)));
    },
    fill(value, low, high) {
      const gap = value !== null && value !== undefined;
      bar.hidden = !gap || low === undefined || low === null;
      element.classList.toggle("gap", gap);
      if (!gap) {
        filled.textContent = "";
        return;
      }
      put(value);
      if (bar.hidden) return;
      range.style.left = `${share(stats, low)}%`;
      range.style.width = `${Math.max(1, share(stats, high) - share(stats, low))}%`;
      bar.title = `${cell(stats, low)} to ${cell(stats, high)}`;
    },
    live: (value) => element.classList.contains("gap") && put(value),
  };
}
