// Breadth-first search over all interleavings: every state once, the shortest way to each, and from each a way to the end.
import { agentsOf } from "./agents.ts";
import { fill } from "./code.ts";
import { cells, ec2, get, host, jobIs, machine, put, type Row } from "./layout.ts";
import { mishaps, modelOf, type Emit, type Model, type Rules, type Spec } from "./model.ts";
import { brokenState } from "./moves.ts";
import { outside } from "./outside.ts";
import { processesOf, recordedBy } from "./processes.ts";
import { records } from "./records.ts";
import { StateSet } from "./states.ts";
import { Ways } from "./ways.ts";

export interface Found {
  readonly states: number;
  readonly ms: number;
  /** Steps from the beginning up to which every state has been seen. */
  readonly depth: number;
  /** All states have been seen, however deep. */
  readonly whole: boolean;
  /** The promise that is broken, and the shortest trace that breaks it. */
  readonly broken?: { readonly promise: string; readonly trace: readonly string[] };
}

/** Emits all steps of a state. What code does next may not be known yet: then it is found out, and all are emitted once more. */
type Successors = (row: Row, emit: Emit) => Promise<void> | undefined;

export function successorsOf(model: Model): Successors {
  const processes = processesOf(model);
  const agents = agentsOf(model);
  const successors: Successors = (row, emit) => {
    const again = (): Promise<void> | undefined => successors(row, emit);
    const recorded = recordedBy(model, row);
    const before = fill();
    if (before !== undefined) return before.then(again);
    processes(row, emit);
    agents(row, emit);
    outside(model, row, emit, recorded);
    return fill()?.then(again);
  };
  return successors;
}

export function initial({ spec, layout, codes }: Model): Row {
  const row: Row = new Int32Array(layout.length);
  for (let i = 0; i < layout.instances; i++) {
    if (spec.start[i] !== "idle") continue;
    const base = i * layout.block;
    row[base + cells.record] = records.idle();
    row[base + cells.machine] = ec2.up;
    put(row, base, host.prepared, 1);
    row[base + cells.sight] = spec.prompt === true ? 0 : records.seen(records.idle());
  }
  row[layout.job] = spec.job ? jobIs.queued : jobIs.none;
  const all = (1 << spec.processes.length) - 1;
  const crashing = (spec.faults.crash ?? 0) > 0;
  mishaps.forEach((what, at) => (row[layout.budgets + at] = spec.faults[what] ?? 0));
  row[layout.budgets + mishaps.indexOf("crash")] = crashing && spec.onlyAgentsCrash !== true ? all : 0;
  for (let i = 0; i < layout.instances; i++) put(row, i * layout.block, host.mayCrash, crashing ? 1 : 0);
  codes.forEach(({ start }, process) => (row[layout.places + process] = start.id));
  return row;
}
/** Every machine has ended, every record rests, GitHub knows no runner. */
export function rests({ layout }: Model, row: Row): boolean {
  for (let i = 0; i < layout.instances; i++) {
    const base = i * layout.block;
    const at = get(row, base, machine.ec2);
    const record = records.of(row[base + cells.record] as number);
    if (at !== ec2.none && at !== ec2.ended) return false;
    if (record !== undefined && record.state !== "terminated") return false;
    if (get(row, base, machine.known) !== 0) return false;
  }
  return true;
}

export interface Bounds {
  /** More than these and the search ends unfinished. */
  readonly maxStates: number;
}

export async function search(spec: Spec, rules: Rules, { maxStates }: Bounds): Promise<Found> {
  const begun = performance.now();
  const model = modelOf(spec, rules);
  const successors = successorsOf(model);
  const seen = new StateSet(model.layout.length);
  const parents: number[] = [-1];
  const ways = new Ways();
  const resting: number[] = [];
  const broken: { readonly promise: string; readonly parent: number; readonly child: Row }[] = [];
  let [depth, nextLevel] = [0, 1];
  seen.add(initial(model));
  let at = 0;
  for (; at < seen.size && broken.length === 0 && seen.size <= maxStates; at++) {
    if (at === nextLevel) {
      depth++;
      nextLevel = seen.size;
    }
    const row = seen.at(at);
    if (rests(model, row)) resting.push(at);
    const learns = successors(row, (after, _who, _what, _i, promise) => {
      if (broken.length > 0) return;
      const [index, isNew] = seen.add(after);
      ways.push(at, index);
      if (isNew) parents.push(at);
      const wrong = promise ?? (isNew ? brokenState(model, after) : undefined);
      if (wrong !== undefined) broken.push({ promise: wrong, parent: at, child: after });
    });
    if (learns !== undefined) await learns;
  }
  const path = (to: number): Row[] => {
    const rows: Row[] = [];
    for (let one = to; one >= 0; one = parents[one] as number) rows.unshift(seen.at(one).slice());
    return rows;
  };
  const whole = at === seen.size;
  const done = (more: Pick<Found, "broken">): Found => {
    return { states: seen.size, depth, whole, ms: performance.now() - begun, ...more };
  };
  const [end] = broken;
  if (end !== undefined) {
    const { promise, parent, child } = end;
    return done({ broken: { promise, trace: await told(successors, [...path(parent), child], promise) } });
  }
  const stuck = whole && spec.unswept !== true ? ways.firstWithoutWay(seen.size, resting) : undefined;
  if (stuck === undefined) return done({});
  const trace = [...(await told(successors, path(stuck), undefined)), "from here nothing ends it"];
  return done({ broken: { promise: "no leak: every instance ends", trace } });
}

/** The states of a trace in words: each step found again among those that its state allows. */
export async function told(
  successors: Successors,
  rows: readonly Row[],
  promise: string | undefined,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [at, row] of rows.slice(0, -1).entries()) {
    const [to, last] = [rows[at + 1] as Row, at + 2 === rows.length];
    let line: string | undefined;
    await successors(row, (after, who, what, i, wrong) => {
      if (line !== undefined || (last && promise !== undefined && wrong !== undefined && wrong !== promise)) return;
      if (after.every((cell, j) => cell === to[j])) line = `${who} ${what}${i < 0 ? "" : ` [instance ${i + 1}]`}`;
    });
    lines.push(`${at + 1}. ${line ?? "?"}`);
  }
  return lines;
}
