// What a person gave to be encoded: a row, pixels or cells, as a text that an address can hold.
import { fromText } from "./bytes.js";
import { Block } from "./block.js";

const NOTHING = new Set(["", "na", "nan", "none", "null", "?"]);

/** The request of a text, as the server takes it. */
export function requestOf(text) {
  const [kind, rest = ""] = text.split(":");
  if (kind === "row") return { row: Number(rest) };
  if (kind === "pixels") return { pixels: fromText(rest) };
  return { cells: rest.split(",").map((each) => (each === "" ? null : Number(each))) };
}

/** The same as a block of one row to look at; null for cells with gaps. */
export async function blockOf(request, source) {
  const { shape, columns } = source.overview;
  if ("row" in request) return source.rows(request.row, 1);
  if ("pixels" in request)
    return new Block(Uint8Array.from(request.pixels), [1, shape[1], shape[2], shape[0]]);
  if (request.cells.includes(null)) return null;
  return new Block(Float32Array.from(request.cells), [1, columns.length]);
}

/** Whether two runs show the same rows under the same numbers. */
export function sameRows(one, other) {
  return ["source", "split", "rows"].every((key) => one[key] === other[key]);
}

/** The request that means the same to another run. */
export async function translated(request, source, other) {
  if (!("row" in request) || sameRows(source.overview, other.overview)) return request;
  const values = (await source.rows(request.row, 1)).list(0);
  return source.overview.kind === "table" ? { cells: values } : { pixels: values };
}

/** Cells out of a pasted line: tabs, semicolons or commas between them, gaps as nothing or NA. */
export function cellsOf(line, columns) {
  const found = line.includes("\t") ? line.split("\t") : line.split(line.includes(";") ? ";" : ",");
  if (found.length !== columns.length) {
    throw new Error(
      `A row of this table has ${columns.length} cells (${columns[0]} to ${columns[columns.length - 1]}); got ${found.length}.`,
    );
  }
  return found.map((text, f) => number(text.trim(), columns[f]));
}

function number(text, column) {
  if (NOTHING.has(text.toLowerCase())) return null;
  const value = Number(text);
  if (!Number.isFinite(value))
    throw new Error(`"${text}" in column ${column} is no number. Leave a cell empty for a gap.`);
  return value;
}
