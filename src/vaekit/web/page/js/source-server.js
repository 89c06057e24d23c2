// A run behind the server: every question is one request. source-static.js answers the same ones.
import { askBlock, askJson, json } from "./http.js";

/** Everything the page may ask about run `index`. */
export async function serverSource(index) {
  const at = (name) => `api/runs/${index}/${name}`;
  const once = remember();
  return {
    overview: await askJson(`api/runs/${index}`),
    can: { encode: true, sample: true },
    codes: () => once("codes", () => askBlock(at("codes"))),
    labels: () => once("labels", () => askBlock(at("labels"))),
    map: (plane, onProgress) => once(`map ${plane}`, () => readMap(at, plane, onProgress)),
    rows: (start, count) => askBlock(at(`rows?start=${start}&count=${count}`)),
    row: (row) => askJson(at(`rows/${row}`)),
    reference: () => askJson(at("reference")),
    decode: (codes, { draw = false, seed = 0 } = {}) =>
      askBlock(at("decode"), json({ codes, draw, seed })),
    background: (wanted) => askBlock(at("background"), json(wanted)),
    encode: (input) => askJson(at("encode"), json(input)),
    image: (file, { invert, centre }) =>
      askBlock(at(`image?invert=${invert}&centre=${centre}`), upload(file)),
    traverse: (wanted) => askBlock(at("traverse"), json(wanted)),
    async path(wanted) {
      const codes = await askBlock(at("path"), json(wanted));
      return Array.from({ length: codes.count }, (_, i) => codes.list(i));
    },
    arithmetic: async (wanted) => (await askJson(at("arithmetic"), json(wanted))).code,
    async sample(wanted) {
      const codes = await askBlock(at("sample"), json(wanted));
      return Array.from({ length: codes.count }, (_, i) => codes.list(i));
    },
  };
}

function upload(file) {
  return { method: "POST", body: file, type: file.type || "application/octet-stream" };
}

/** Points of a plane, and which rows they are; `rows` is null where they are all rows in order. */
async function readMap(at, plane, onProgress) {
  const query = `plane=${encodeURIComponent(plane)}`;
  const points = await askBlock(at(`map?${query}`), { onProgress });
  if (plane !== "tsne") return { points, rows: null };
  const rows = await askBlock(at(`map/rows?${query}`), { onProgress });
  return { points, rows: rows.data };
}

/** Ask once and keep the answer; a failure is not kept. */
export function remember() {
  const kept = new Map();
  return (key, work) => {
    if (!kept.has(key)) {
      const answer = work();
      kept.set(key, answer);
      answer.catch(() => kept.delete(key));
    }
    return kept.get(key);
  };
}

/** The sources of all runs of the server, opened when first asked for. */
export async function serverRuns() {
  const { runs } = await askJson("api/runs");
  const once = remember();
  return {
    names: runs.map((run) => run.name),
    open: (index) => once(index, () => serverSource(runs[index].index)),
  };
}
