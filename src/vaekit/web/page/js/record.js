// Rows that are lines of a table: every column with its value and where that lies in its range.
import { h } from "./dom.js";
import { clamp, tell } from "./numbers.js";

/** Where a value stands between the least and the greatest of its column, in percent. */
export function share(stats, value) {
  const range = stats.high - stats.low || 1;
  return clamp((100 * (value - stats.low)) / range, 0, 100);
}

/** A value of a column as a person writes it. */
export function cell(stats, value) {
  return stats.whole ? tell(Math.round(value), 9) : tell(value, 4);
}

/** A table of all columns that can be shown again and again; `given` marks values to compare. */
export function createRecord({ columns, column_stats: stats }) {
  const lines = columns.map((name, f) => {
    const [value, bar, tick] = [
      h("td", { class: "number" }),
      h("i", { class: "fill" }),
      h("i", { class: "tick", hidden: true }),
    ];
    const line = h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      value,
      h("td", { class: "bar", "aria-hidden": "true" }, h("div", {}, bar, tick)),
    );
    return { line, value, bar, tick, stats: stats[f] };
  });
  const head = h(
    "tr",
    {},
    ...["Column", "Value", "In its range"].map((text) => h("th", { scope: "col" }, text)),
  );
  const body = h(
    "tbody",
    {},
    lines.map(({ line }) => line),
  );
  const table = h("table", { class: "record" }, h("thead", {}, head), body);
  return {
    element: h(
      "div",
      { class: "scroll", tabIndex: 0, role: "region", "aria-label": "The decoded row" },
      table,
    ),
    show(values, given = null) {
      lines.forEach(({ line, value, bar, tick, stats: one }, f) => {
        value.textContent = cell(one, values[f]);
        bar.style.width = `${share(one, values[f])}%`;
        const known = given?.[f] ?? null;
        tick.hidden = known === null;
        if (known !== null) tick.style.left = `${share(one, known)}%`;
        line.classList.toggle("gap", given !== null && known === null);
      });
    },
  };
}
