// The steps between states, kept to ask from which states none leads to the end.

/** Steps from state to state, to ask which states lead to none of those where all rests. */
export class Ways {
  #from = new Int32Array(1 << 16);
  #to = new Int32Array(1 << 16);
  #count = 0;

  push(from: number, to: number): void {
    if (this.#count === this.#from.length) {
      this.#from = doubled(this.#from);
      this.#to = doubled(this.#to);
    }
    this.#from[this.#count] = from;
    this.#to[this.#count++] = to;
  }

  /** Walks backwards from where all rests; gives the first state that is never met. */
  firstWithoutWay(states: number, resting: readonly number[]): number | undefined {
    const starts = new Int32Array(states + 1);
    for (let i = 0; i < this.#count; i++) starts[(this.#to[i] as number) + 1]! += 1;
    for (let i = 0; i < states; i++) starts[i + 1]! += starts[i] as number;
    const before = new Int32Array(this.#count);
    const fill = starts.slice();
    for (let i = 0; i < this.#count; i++) before[fill[this.#to[i] as number]!++] = this.#from[i] as number;
    const met = new Uint8Array(states);
    const open = [...resting];
    for (const state of resting) met[state] = 1;
    for (let state = open.pop(); state !== undefined; state = open.pop())
      for (let i = starts[state] as number; i < (starts[state + 1] as number); i++) {
        const from = before[i] as number;
        if (met[from] === 1) continue;
        met[from] = 1;
        open.push(from);
      }
    const stuck = met.indexOf(0);
    return stuck < 0 ? undefined : stuck;
  }
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
