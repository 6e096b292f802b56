// Walks at random from the beginning to the end of a world: as deep as its steps go, where breadth-first search has to stop.
import type { Row } from "./layout.ts";
import { modelOf, type Emit, type Rules, type Spec } from "./model.ts";
import { brokenState } from "./moves.ts";
import { initial, rests, successorsOf, told } from "./search.ts";

interface Walked {
  readonly steps: number;
  /** Walks that came to the end, where all rests. */
  readonly ended: number;
  readonly deepest: number;
  readonly ms: number;
  readonly broken?: { readonly promise: string; readonly trace: readonly string[] };
}

interface Bounds {
  readonly walks: number;
  /** Steps of one walk; one that goes round for longer is left. */
  readonly longest: number;
  readonly seed: number;
}

/** Marsaglia's xorshift32: whole numbers below `bound`. */
function numbers(seed: number): (bound: number) => number {
  let x = seed | 1;
  return (bound) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % bound;
  };
}

/** Of each state on the way all steps are judged, and one is taken. */
export async function walk(spec: Spec, rules: Rules, { walks, longest, seed }: Bounds): Promise<Walked> {
  const begun = performance.now();
  const model = modelOf(spec, rules);
  const successors = successorsOf(model);
  const below = numbers(seed);
  let [steps, ended, deepest] = [0, 0, 0];
  for (let one = 0; one < walks; one++) {
    const rows: Row[] = [initial(model)];
    for (let depth = 0; depth < longest; depth++) {
      const row = rows.at(-1) as Row;
      if (rests(model, row)) {
        ended++;
        break;
      }
      const next: Row[] = [];
      let wrong: { readonly promise: string; readonly child: Row } | undefined;
      const emit: Emit = (child, _who, _what, _i, promise) => {
        const broken = promise ?? brokenState(model, child);
        if (broken !== undefined) wrong ??= { promise: broken, child };
        next.push(child);
      };
      const learns = successors(row, emit);
      if (learns !== undefined) {
        await learns;
        // Until all was known some came more than once: a seed's walk must not depend on what others have learnt.
        next.length = 0;
        await successors(row, emit);
      }
      steps += next.length;
      if (wrong !== undefined) {
        const trace = await told(successors, [...rows, wrong.child], wrong.promise);
        return { steps, ended, deepest: depth + 1, ms: performance.now() - begun, broken: { ...wrong, trace } };
      }
      if (next.length === 0) break;
      rows.push(next[below(next.length)] as Row);
      deepest = Math.max(deepest, depth + 1);
    }
  }
  return { steps, ended, deepest, ms: performance.now() - begun };
}
