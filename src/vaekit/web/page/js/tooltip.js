// The row under the pointer itself, beside the pointer.
import { h } from "./dom.js";
import { latest } from "./latest.js";
import { paint } from "./picture.js";
import { cell } from "./record.js";

const KEEP = 600;
const COLUMNS = 7;

/** A card over a map; `show(row, at)` fetches what it does not have yet. */
export function createTooltip(source, stage) {
  const { overview } = source;
  const text = h("p");
  const body = overview.kind === "table" ? h("dl") : h("canvas", { class: "picture" });
  const element = h("div", { class: "tooltip", hidden: true, "aria-hidden": "true" }, body, text);
  stage.append(element);
  const kept = new Map();
  let wanted = null;
  let where = [0, 0];
  const request = latest(
    async (row) => [await source.rows(row, 1), (await source.labels()).data[row]],
    (answer, row) => {
      if (kept.size > KEEP) kept.clear();
      kept.set(row, answer);
      if (row === wanted) fill(row);
    },
    () => {}, // the card stays away; whatever is wrong shows where it matters
  );

  function fill(row) {
    const [block, label] = kept.get(row);
    const name = label >= 0 ? ` · ${overview.classes[label]}` : "";
    text.textContent = `Row ${row}${name}`;
    if (overview.kind === "table") lines(block.item(0));
    else paint(body, block, 0);
    element.hidden = false;
    put();
  }

  function lines(values) {
    const shown = overview.columns.slice(0, COLUMNS);
    body.replaceChildren(
      ...shown.flatMap((name, f) => [
        h("dt", {}, name),
        h("dd", {}, cell(overview.column_stats[f], values[f])),
      ]),
    );
  }

  function put() {
    const [x, y] = where;
    const left =
      x + 20 + element.offsetWidth > stage.clientWidth ? x - 20 - element.offsetWidth : x + 20;
    const top = Math.min(
      Math.max(4, y - element.offsetHeight / 2),
      stage.clientHeight - element.offsetHeight - 4,
    );
    element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  return {
    show(row, at) {
      [wanted, where] = [row, at];
      if (row === null) element.hidden = true;
      else if (kept.has(row)) fill(row);
      else request.ask(row);
    },
    hide() {
      wanted = null;
      element.hidden = true;
    },
  };
}
