// The decoded plane for pages without a server: a picture of many decoded codes.
import { Block } from "./block.js";
import { lift, planeOf } from "./plane.js";

/** Decode the middles of side x side equal parts of a plane, greatest y first. */
export async function background(decode, overview, wanted) {
  const plane = planeOf(overview, wanted.plane);
  const {
    side,
    extent: [x0, x1, y0, y1],
  } = wanted;
  const base = wanted.base ?? plane.linear.origin;
  const codes = [];
  for (let line = 0; line < side; line += 1) {
    for (let column = 0; column < side; column += 1) {
      const x = x0 + ((column + 0.5) / side) * (x1 - x0);
      const y = y1 - ((line + 0.5) / side) * (y1 - y0);
      codes.push(lift(plane, base, [x, y]));
    }
  }
  const block = await decode(codes);
  if (overview.kind === "table") return new Block(block.data, [side, side, block.size]);
  return atlas(block, side, overview.shape);
}

/** One picture out of side x side pictures. */
function atlas(block, side, [channels, height, width]) {
  const line = side * width * channels;
  const data = new Uint8ClampedArray(side * height * line);
  for (let cell = 0; cell < block.count; cell += 1) {
    const [top, left] = [Math.floor(cell / side) * height, (cell % side) * width * channels];
    for (let y = 0; y < height; y += 1) {
      const from = cell * block.size + y * width * channels;
      data.set(block.data.subarray(from, from + width * channels), (top + y) * line + left);
    }
  }
  return new Block(data, [side * height, side * width, channels]);
}
