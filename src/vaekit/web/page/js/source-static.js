// A run in files beside the page: the decoder runs here. The same questions as source-server.js.
import { Block, block } from "./block.js";
import { ask, askJson } from "./http.js";
import { background } from "./manifold.js";
import { createDecoder } from "./mlp.js";
import { way } from "./paths.js";
import { normals } from "./random.js";
import { remember } from "./source-server.js";

const TYPES = { f32: "float32", i32: "int32", u8: "uint8" };
const NO_ENCODER = "This page has no encoder: it knows the codes of its own rows only.";

/** Everything the page may ask about an exported run; `address` is that of its run.json. */
export async function staticSource(address) {
  const spec = await askJson(address);
  const folder = address.slice(0, address.lastIndexOf("/") + 1);
  const { overview, files } = spec;
  const once = remember();
  const read = (name, size) => once(name, () => readFile(folder + name, size));
  const weights = await read(spec.decoder.weights, []);
  const decoder = createDecoder(spec.decoder, weights.data);
  const form = shapeOf(overview);
  const codes = () => read(files.codes, [overview.latent_dim]);
  const decode = async (list) => decodeAll(decoder, list, form);
  const placed = (where) => findPlace(where, overview, codes);
  return {
    overview,
    can: { encode: false, sample: overview.prior === "N(0, I)" },
    codes,
    labels: () => read(files.labels, []),
    map: (plane) => staticMap(spec, plane, { read, codes }),
    async rows(start, count) {
      const all = await read(files.rows, form.item);
      const data = all.data.subarray(start * all.size, (start + count) * all.size);
      return new Block(data, [data.length / all.size, ...form.item]);
    },
    row: (row) => staticRow(row, spec, read),
    reference: async () => spec.reference,
    decode,
    background: async (wanted) => background(decode, overview, wanted),
    encode: (input) => encodeRow(input, spec, read),
    image: async () => Promise.reject(new Error(NO_ENCODER)),
    async traverse({ code, dims, steps }) {
      const block = await decode(dims.flatMap((dim) => traversal(overview, code, dim, steps)));
      return new Block(block.data, [dims.length, steps, ...form.item]);
    },
    async path({ start, end, frames, path }) {
      return way(
        path,
        await placed(start),
        await placed(end),
        frames,
        path === "density" ? await codes() : null,
      );
    },
    async arithmetic({ a, b, c, scale }) {
      const [one, two, three] = await Promise.all([placed(a), placed(b), placed(c)]);
      return one.map((value, d) => value + scale * (three[d] - two[d]));
    },
    async sample({ count, temperature, seed }) {
      const next = normals(seed);
      const code = () => Array.from({ length: overview.latent_dim }, () => temperature * next());
      return Array.from({ length: count }, code);
    },
  };
}

async function readFile(address, item) {
  const buffer = await (await ask(address)).arrayBuffer();
  const type = TYPES[address.slice(address.lastIndexOf(".") + 1)];
  const bytes = type === "uint8" ? 1 : 4;
  const size = item.reduce((all, each) => all * each, 1);
  return block(buffer, type, [buffer.byteLength / bytes / size, ...item]);
}

function shapeOf({ kind, shape, columns }) {
  if (kind === "table") return { image: false, item: [columns.length] };
  const [channels, height, width] = shape;
  return { image: true, item: [height, width, channels], channels, pixels: height * width };
}

/** Decode codes into a block of rows as the server would send it. */
function decodeAll(decoder, codes, form) {
  const size = form.item.reduce((all, each) => all * each, 1);
  const data = form.image
    ? new Uint8ClampedArray(codes.length * size)
    : new Float32Array(codes.length * size);
  codes.forEach((code, row) => {
    const values = decoder(code);
    if (form.image) putPixels(data.subarray(row * size), values, form);
    else data.set(values, row * size);
  });
  return new Block(data, [codes.length, ...form.item]);
}

/** From (C, H, W) in 0..1 to (H, W, C) in bytes; a clamped array rounds and clips by itself. */
function putPixels(target, values, { channels, pixels }) {
  for (let c = 0; c < channels; c += 1) {
    for (let p = 0; p < pixels; p += 1) target[p * channels + c] = 255 * values[c * pixels + p];
  }
}

function traversal(overview, code, dim, steps) {
  const { low, high } = overview.dims.find((each) => each.dim === dim);
  return Array.from({ length: steps }, (_, step) => {
    const moved = [...code];
    moved[dim] = low + (step * (high - low)) / (steps - 1);
    return moved;
  });
}

async function staticMap({ overview, files }, plane, { read, codes }) {
  const stored = files.maps[plane];
  if (stored) {
    const points = await read(stored.points, [2]);
    return { points, rows: stored.rows ? (await read(stored.rows, [])).data : null };
  }
  const [a, b] = plane
    .slice(plane.indexOf(":") + 1)
    .split(",")
    .map(Number);
  const all = await codes();
  const data = new Float32Array(2 * overview.rows);
  for (let row = 0; row < overview.rows; row += 1) {
    data[2 * row] = all.item(row)[a];
    data[2 * row + 1] = all.item(row)[b];
  }
  return { points: new Block(data, [overview.rows, 2]), rows: null };
}

async function staticRow(row, { overview, files }, read) {
  const width = [overview.latent_dim];
  const [codes, spread, labels, positions] = await Promise.all([
    read(files.codes, width),
    read(files.spread, width),
    read(files.labels, []),
    read(files.positions, []),
  ]);
  const label = labels.data[row] < 0 ? null : labels.data[row];
  const named = label === null ? null : overview.classes[label];
  const [mean, sd] = [codes.list(row), spread.list(row)];
  return { row, position: positions.data[row], label, class: named, mean, spread: sd };
}

async function encodeRow({ row, draws, seed }, spec, read) {
  if (row === undefined) throw new Error(NO_ENCODER);
  const { mean, spread } = await staticRow(row, spec, read);
  const next = normals(seed);
  const draw = () => mean.map((value, d) => value + spread[d] * next());
  return {
    mean,
    spread,
    draws: Array.from({ length: draws }, draw),
    log_likelihood: null,
    note: "",
  };
}

async function findPlace(where, overview, codes) {
  if (where.code) return where.code;
  if (where.row !== undefined) return (await codes()).list(where.row);
  return overview.class_places.find((each) => each.label === where.label).mean;
}
