// Breadth-first search over all interleavings: every state once, the shortest way to each, and from each a way to the end.
import { agentsOf } from "./agents.ts";
import { floorOf, strayOf } from "./callers.ts";
import { cells, ec2, get, host, instances, jobIs, machine, put, turned, type Row } from "./layout.ts";
import { mishaps, modelOf, type Emit, type Model, type Rules, type Spec } from "./model.ts";
import { brokenState } from "./moves.ts";
import { outside } from "./outside.ts";
import { isRecording, provisionOf } from "./provisions.ts";
import { refreshOf } from "./refreshes.ts";
import { releaseOf } from "./releases.ts";
import { StateSet } from "./states.ts";
import { Ways } from "./ways.ts";

export interface Found {
  readonly states: number;
  readonly steps: number;
  readonly ms: number;
  /** Steps from the beginning up to which every state has been seen. */
  readonly depth: number;
  /** All states have been seen, however deep. */
  readonly whole: boolean;
  /** The promise that is broken, and the shortest trace that breaks it. */
  readonly broken?: { readonly promise: string; readonly trace: readonly string[] };
}

type Successors = (row: Row, emit: Emit) => void;

/** All steps of a world. */
export function successorsOf(model: Model): Successors {
  const { spec } = model;
  const parts = spec.processes.map((one, process): Successors => {
    switch (one.kind) {
      case "provision":
        return provisionOf(model, process, one);
      case "release":
        return releaseOf(model, process, one);
      case "refresh":
        return refreshOf(model, process, one.name);
      case "floor":
        return floorOf(model, process, one);
      case "stray":
        return strayOf(model, process, one.name);
    }
  });
  const creators = spec.processes.flatMap(({ kind }, process) =>
    kind === "provision" || kind === "floor" ? [cells.slots + process] : [],
  );
  const recording = (row: Row, base: number): boolean => creators.some((at) => isRecording(row[base + at] as number));
  const agents = agentsOf(model);
  return (row, emit) => {
    for (const part of parts) part(row, emit);
    agents(row, emit);
    outside(model, row, emit, recording);
  };
}

export function initial({ spec, layout, records }: Model): Row {
  const row: Row = new Int32Array(layout.length);
  for (let i = 0; i < instances; i++) {
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
  for (let i = 0; i < instances; i++) put(row, i * layout.block, host.mayCrash, crashing ? 1 : 0);
  turned(row, layout.block);
  return row;
}
/** Every machine has ended, every record rests, GitHub knows no runner. */
export function rests({ records, layout }: Model, row: Row): boolean {
  for (let i = 0; i < instances; i++) {
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

export function search(spec: Spec, rules: Rules, { maxStates }: Bounds): Found {
  const begun = performance.now();
  const model = modelOf(spec, rules);
  const { layout } = model;
  const successors = successorsOf(model);
  const seen = new StateSet(layout.length);
  const parents: number[] = [-1];
  const ways = new Ways();
  const resting: number[] = [];
  const broken: { promise: string; parent: number; child: Row }[] = [];
  let [steps, depth, nextLevel] = [0, 0, 1];
  seen.add(initial(model));
  let at = 0;
  for (; at < seen.size && broken.length === 0 && seen.size <= maxStates; at++) {
    if (at === nextLevel) {
      depth++;
      nextLevel = seen.size;
    }
    const row = seen.at(at);
    if (rests(model, row)) resting.push(at);
    successors(row, (after, _who, _what, _i, promise) => {
      if (broken.length > 0) return;
      steps++;
      turned(after, layout.block);
      const [index, isNew] = seen.add(after);
      ways.push(at, index);
      if (isNew) parents.push(at);
      const wrong = promise ?? (isNew ? brokenState(model, after) : undefined);
      if (wrong !== undefined) broken.push({ promise: wrong, parent: at, child: after });
    });
  }
  const path = (to: number): Row[] => {
    const rows: Row[] = [];
    for (let one = to; one >= 0; one = parents[one] as number) rows.unshift(seen.at(one).slice());
    return rows;
  };
  const whole = at === seen.size;
  const found = { states: seen.size, steps, depth, whole };
  const done = (more: Pick<Found, "broken">): Found => ({ ...found, ms: performance.now() - begun, ...more });
  const [end] = broken;
  if (end !== undefined) {
    const trace = told(model, successors, [...path(end.parent), end.child], end.promise);
    return done({ broken: { promise: end.promise, trace } });
  }
  const stuck = whole && spec.unswept !== true ? ways.firstWithoutWay(seen.size, resting) : undefined;
  if (stuck === undefined) return done({});
  const trace = [...told(model, successors, path(stuck), undefined), "from here nothing ends it"];
  return done({ broken: { promise: "no leak: every instance ends", trace } });
}

/** The states of a trace in words: each step found again among those that its state allows. */
export function told(
  model: Model,
  successors: Successors,
  rows: readonly Row[],
  promise: string | undefined,
): readonly string[] {
  const { layout } = model;
  const lines: string[] = [];
  let mirrored = false;
  for (let at = 0; at + 1 < rows.length; at++) {
    const last = at + 2 === rows.length;
    let line: string | undefined;
    let turns = false;
    successors(rows[at] as Row, (after, who, what, i, wrong) => {
      if (line !== undefined || (last && promise !== undefined && wrong !== undefined && wrong !== promise)) return;
      const turn = turned(after, layout.block);
      if (!after.every((cell, j) => cell === (rows[at + 1] as Row)[j])) return;
      const instance = i < 0 ? "" : ` [instance ${(mirrored ? 1 - i : i) + 1}]`;
      line = `${who} ${what}${instance}`;
      turns = turn;
    });
    lines.push(`${at + 1}. ${line ?? "?"}`);
    if (turns) mirrored = !mirrored;
  }
  return lines;
}
