// Rows that are images: bytes on a canvas.
import { h } from "./dom.js";

/** Paint row `index` of a block (B, H, W, C) on a canvas of its own size. */
export function paint(canvas, block, index) {
  const [height, width, channels] = block.shape.slice(1);
  if (canvas.width !== width || canvas.height !== height)
    [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(width, height);
  const [values, pixels] = [block.item(index), image.data];
  for (let p = 0; p < width * height; p += 1) {
    for (let c = 0; c < 3; c += 1)
      pixels[4 * p + c] = values[p * channels + (channels === 1 ? 0 : c)];
    pixels[4 * p + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A picture of one row, with a name for those who do not see it. */
export function picture(block, index, label, extra = "") {
  const canvas = h("canvas", {
    class: `picture ${extra}`.trim(),
    role: "img",
    "aria-label": label,
  });
  paint(canvas, block, index);
  return canvas;
}

/** Paint rows beside each other on one canvas: a strip. */
export function paintStrip(canvas, block, from, count) {
  const [height, width] = block.shape.slice(1);
  [canvas.width, canvas.height] = [width * count, height];
  const one = document.createElement("canvas");
  const context = canvas.getContext("2d");
  for (let k = 0; k < count; k += 1) {
    paint(one, block, from + k);
    context.drawImage(one, k * width, 0);
  }
}
