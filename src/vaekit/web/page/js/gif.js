// GIF89a files, written byte by byte: 256 fixed colours, LZW, no library.

const text = (letters) => [...letters].map((letter) => letter.charCodeAt(0));
const short = (value) => [value & 255, value >> 8];

/** 256 greys, or 6 x 7 x 6 levels of red, green and blue. */
function table(grey) {
  const colors = new Uint8Array(768);
  for (let k = 0; k < 256; k += 1) {
    const [r, g, b] = grey
      ? [k, k, k]
      : [51 * Math.floor(k / 42), 42.5 * (Math.floor(k / 6) % 7), 51 * (k % 6)];
    colors.set([r, g, b], 3 * k);
  }
  return colors;
}

/** Index of the colour of each RGBA pixel. */
function indices(pixels, grey) {
  const found = new Uint8Array(pixels.length / 4);
  for (let p = 0; p < found.length; p += 1) {
    const [r, g, b] = [pixels[4 * p], pixels[4 * p + 1], pixels[4 * p + 2]];
    found[p] = grey ? r : 42 * Math.round(r / 51) + 6 * Math.round(g / 42.5) + Math.round(b / 51);
  }
  return found;
}

/** Bits in a row, in blocks of at most 255 bytes. */
function packer() {
  const blocks = [];
  let bytes = [];
  let [held, bits] = [0, 0];
  function byte(value) {
    bytes.push(value);
    if (bytes.length === 255) flush();
  }
  function flush() {
    if (bytes.length) blocks.push(Uint8Array.from([bytes.length, ...bytes]));
    bytes = [];
  }
  return {
    put(code, width) {
      held |= code << bits;
      for (bits += width; bits >= 8; bits -= 8, held >>>= 8) byte(held & 255);
    },
    end() {
      if (bits > 0) byte(held & 255);
      flush();
      return [...blocks, Uint8Array.of(0)];
    },
  };
}

/** LZW with codes of 9 to 12 bits (GIF89a, appendix F). */
function compress(values) {
  const [clear, end] = [256, 257];
  const out = packer();
  let [known, next, width] = [new Map(), 258, 9];
  out.put(clear, width);
  let prefix = values[0];
  for (let i = 1; i < values.length; i += 1) {
    const key = (prefix << 8) | values[i];
    const code = known.get(key);
    if (code !== undefined) {
      prefix = code;
      continue;
    }
    out.put(prefix, width);
    if (next < 4096) {
      if (next === 1 << width) width += 1;
      known.set(key, next);
      next += 1;
    } else {
      out.put(clear, width);
      [known, next, width] = [new Map(), 258, 9];
    }
    prefix = values[i];
  }
  out.put(prefix, width);
  if (next === 1 << width && width < 12) width += 1;
  out.put(end, width);
  return out.end();
}

/** Write frames (RGBA, all width x height) that repeat for ever; returns a Blob. */
export function writeGif(frames, { width, height, milliseconds, grey }) {
  const parts = [
    Uint8Array.from([...text("GIF89a"), ...short(width), ...short(height), 0xf7, 0, 0]),
    table(grey),
  ];
  parts.push(Uint8Array.from([0x21, 0xff, 11, ...text("NETSCAPE2.0"), 3, 1, 0, 0, 0]));
  for (const pixels of frames) {
    parts.push(Uint8Array.from([0x21, 0xf9, 4, 0, ...short(Math.round(milliseconds / 10)), 0, 0]));
    parts.push(Uint8Array.from([0x2c, 0, 0, 0, 0, ...short(width), ...short(height), 0, 8]));
    parts.push(...compress(indices(pixels, grey)));
  }
  parts.push(Uint8Array.of(0x3b));
  return new Blob(parts, { type: "image/gif" });
}
