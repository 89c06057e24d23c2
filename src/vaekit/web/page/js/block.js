// Arrays as they travel: numbers in one piece, with a shape.

const TYPES = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array };

/** A block of rows: `shape[0]` of them, one after another. */
export class Block {
  constructor(data, shape) {
    this.data = data;
    this.shape = shape;
    this.count = shape[0];
    this.size = shape.slice(1).reduce((all, each) => all * each, 1);
  }

  /** The numbers of one row. */
  item(index) {
    return this.data.subarray(index * this.size, (index + 1) * this.size);
  }

  /** All numbers of one row as a list. */
  list(index) {
    return Array.from(this.item(index));
  }

  /** The same numbers with their first two axes as one. */
  flat() {
    return new Block(this.data, [this.shape[0] * this.shape[1], ...this.shape.slice(2)]);
  }
}

/** Read bytes as numbers of a type; little endian, as every browser's machine is. */
export function block(buffer, type, shape) {
  return new Block(new TYPES[type](buffer), shape);
}
