// A set of states in few bytes: rows of numbers behind one another, found by hash.
import type { Row } from "./layout.ts";

const perChunk = 1 << 14;

export class StateSet {
  readonly #length: number;
  readonly #chunks: Int32Array[] = [];
  #table = new Int32Array(1 << 17).fill(-1);
  size = 0;

  constructor(length: number) {
    this.#length = length;
  }

  /** The row with this number; not to be written to. */
  at(index: number): Row {
    const chunk = this.#chunks[Math.floor(index / perChunk)] as Int32Array;
    const start = (index % perChunk) * this.#length;
    return chunk.subarray(start, start + this.#length);
  }

  /** The number of a row, and whether it is new. */
  add(row: Row): readonly [number, boolean] {
    if (this.size * 2 > this.#table.length) this.#grow();
    const mask = this.#table.length - 1;
    let place = hash(row) & mask;
    for (;;) {
      const index = this.#table[place] as number;
      if (index < 0) break;
      if (this.#holds(index, row)) return [index, false];
      place = (place + 1) & mask;
    }
    const index = this.size++;
    this.#table[place] = index;
    if (index % perChunk === 0) this.#chunks.push(new Int32Array(perChunk * this.#length));
    this.#chunks[Math.floor(index / perChunk)]?.set(row, (index % perChunk) * this.#length);
    return [index, true];
  }

  #holds(index: number, row: Row): boolean {
    const chunk = this.#chunks[Math.floor(index / perChunk)] as Int32Array;
    const start = (index % perChunk) * this.#length;
    for (let i = 0; i < this.#length; i++) if (chunk[start + i] !== row[i]) return false;
    return true;
  }

  #grow(): void {
    const larger = new Int32Array(this.#table.length * 2).fill(-1);
    const mask = larger.length - 1;
    for (let index = 0; index < this.size; index++) {
      let place = hash(this.at(index)) & mask;
      while ((larger[place] as number) >= 0) place = (place + 1) & mask;
      larger[place] = index;
    }
    this.#table = larger;
  }
}

function hash(row: Row): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < row.length; i++) {
    h = Math.imul(h ^ (row[i] as number), 0x9e3779b1);
    h ^= h >>> 15;
  }
  return h >>> 0;
}
