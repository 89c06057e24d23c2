// A place in the code space that a person names: a row, the mean of a class, or the code shown.
import { h, select } from "./dom.js";

/** From the text in an address, such as "row:5", "class:3" or "code:0.1,2", to a PLACE. */
export function placeOf(text) {
  const [kind, rest] = text.split(":");
  if (kind === "row") return { row: Number(rest) };
  if (kind === "class") return { label: Number(rest) };
  return { code: rest.split(",").map(Number) };
}

/** Whether a text names a place that this run has. */
export function isPlace(text, { rows, latent_dim: width, class_places: means }) {
  const place = placeOf(text);
  if ("row" in place) return Number.isInteger(place.row) && place.row >= 0 && place.row < rows;
  if ("label" in place) return means.some(({ label }) => label === place.label);
  return place.code.length === width && place.code.every(Number.isFinite);
}

/** A code as a text of an address. */
export const codeText = (code) => code.map((value) => Number(value.toFixed(3))).join(",");

/** A control for a place; `change(text)` hears, `code()` gives the code now. */
export function createPlace({ overview, label, change, code }) {
  const classes = overview.class_places.map(({ label: key }) => [
    `class:${key}`,
    `Mean of ${overview.classes[key]}`,
  ]);
  const rows = overview.rows ? [["row", "Row …"]] : [];
  const kind = select([...classes, ...rows, ["code", "The code set now"]], {
    label,
    onchange: pick,
  });
  const number = h("input", {
    type: "number",
    min: "0",
    max: String(overview.rows - 1),
    step: "1",
    "aria-label": `${label}: number of the row`,
    onchange: row,
  });
  const element = h("span", { class: "place" }, kind, number);

  function row() {
    const wanted = `row:${number.value}`;
    if (isPlace(wanted, overview)) change(wanted);
    else number.reportValidity();
  }

  function pick() {
    number.hidden = kind.value !== "row";
    if (kind.value === "row") row();
    else change(kind.value === "code" ? `code:${codeText(code())}` : kind.value);
  }

  return {
    element,
    show(text) {
      const key = text.split(":")[0];
      kind.value = key === "class" ? text : key;
      number.hidden = key !== "row";
      if (key === "row") number.value = text.slice(4);
      else if (number.value === "") number.value = "0";
    },
  };
}
