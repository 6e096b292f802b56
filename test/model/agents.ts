// The agents of the model: the real `next` on what each has read, as late as it likes; its work, its crash, its late writes.
import { runOf } from "../../domain/owner.ts";
import { next, type Step } from "../../agent/decide.ts";
import type { InstanceRecord, SignalKind } from "../../domain/record.ts";
import { signalRank } from "../../domain/record.ts";
import { cells, ec2, get, host, jobIs, listener, machine, put, task, type Row } from "./layout.ts";
import { mayStill, spend, type Emit, type Model } from "./model.ts";
import { before, current, forgeries, now, records, type AgentWriteIntent } from "./records.ts";

const who = "the agent";
const kinds = Object.keys(signalRank) as SignalKind[];
const intents = ["signal", "begin", "retire"] as const;

/** The signal that a write on its way was judged by is the one that stands. */
const stands = 1 << 18;

/** An agent's write on its way, in one cell: bit 0 says that the version it judged by stands. */
const codeOf = ({ kind, signal, assignment, judged, judgedFor, ...by }: AgentWriteIntent): number =>
  (by.fresh ? 1 : 0) |
  (1 << 1) |
  (intents.indexOf(kind) << 2) |
  (kinds.indexOf(signal) << 4) |
  (assignment << 8) |
  ((judged === undefined ? 0 : kinds.indexOf(judged) + 1) << 11) |
  (judgedFor << 15) |
  (by.stands ? stands : 0);
const intentOf = (code: number): AgentWriteIntent => ({
  kind: intents[(code >> 2) & 3] as AgentWriteIntent["kind"],
  signal: kinds[(code >> 4) & 15] as SignalKind,
  assignment: (code >> 8) & 7,
  fresh: (code & 1) === 1,
  judged: kinds[((code >> 11) & 15) - 1],
  judgedFor: (code >> 15) & 7,
  stands: (code & stands) !== 0,
});

const listeners = ["none", "online", "exited"] as const;
const refused = { kind: "failed", cause: "refused", detail: "" } as const;
const hour = 3_600_000;

export type Agents = (row: Row, emit: Emit) => void;

/** All that the agents, and what runs beside them, may do. */
export function agentsOf(model: Model): Agents {
  const { table, layout, spec, rules } = model;
  const decided = new Map<number, Step>();

  const stepOf = (row: Row, base: number, sight: number): Step => {
    const late = get(row, base, machine.bootLate);
    const name = (sight * 2 + late) * 2 ** 24 + (row[base + cells.host] as number);
    let step = decided.get(name);
    if (step === undefined) decided.set(name, (step = ask(row, base, records.of(sight), late === 1)));
    return step;
  };
  const ask = (row: Row, base: number, record: InstanceRecord | undefined, late: boolean): Step => {
    const root = get(row, base, host.root);
    const failed = get(row, base, host.failed) === 1;
    const cut = get(row, base, host.cut) === 1;
    return next({
      now,
      sight: cut
        ? { kind: "unreachable", problem: "cut off" }
        : record === undefined
          ? { kind: "none" }
          : { kind: "record", record },
      known: record,
      bootedAt: late ? now - hour : now - 1,
      before: undefined,
      bootMs: hour / 6,
      pooled: true,
      prepare: get(row, base, host.prepared) === 1 ? "prepared" : "not begun",
      runner: {
        assignment: root === 0 ? undefined : root,
        configured: get(row, base, host.configured) === 1,
        listener: listeners[get(row, base, host.listener)] ?? "none",
        busy: get(row, base, host.job) === 1,
        jobs: 0,
      },
      oneJob: false,
      task: get(row, base, host.task) !== task.none,
      failure: failed ? { assignment: root, outcome: refused, count: 1, retryAt: 0 } : undefined,
      said: get(row, base, host.mine) === 1 ? record?.signal?.at : undefined,
      interruption: undefined,
      turnMs: 5_000,
    });
  };

  const sees = (row: Row, base: number): void => {
    // What it had said itself is not what stands now.
    if (records.of(row[base + cells.sight] as number)?.signal?.at === before) put(row, base, host.mine, 0);
    row[base + cells.sight] = spec.prompt === true ? 0 : records.seen(row[base + cells.record] as number);
  };
  const beats = (row: Row, base: number): void => {
    row[base + cells.record] = records.beat(row[base + cells.record] as number);
    sees(row, base);
  };

  /** A write lands now, or (once) is on its way while its agent takes it for lost and reads again. */
  const writes = (row: Row, i: number, base: number, intent: AgentWriteIntent, emit: Emit): void => {
    const code = codeOf(intent);
    const what = intent.kind === "retire" ? "retires" : intent.signal;
    const after = row.slice();
    const to = table.write(intent, code, row[base + cells.record] as number);
    if (to !== undefined) after[base + cells.record] = to;
    if (intent.kind === "begin") put(after, base, host.failed, 0);
    const believed = records.saying(row[base + cells.sight] as number, intent.signal, intent.assignment);
    sees(after, base);
    if (!rules.decidesOnReply && to !== undefined && intent.kind === "begin") after[base + cells.sight] = believed;
    if (intent.kind !== "retire") {
      put(after, base, host.mine, to === undefined ? 0 : 1);
      if (to !== undefined) after[base + cells.flight] = (after[base + cells.flight] as number) & ~stands;
    }
    emit(after, who, to === undefined ? `is refused to write: ${what}` : `writes: ${what}`, i);
    if (!mayStill(model, row, "late") || row[base + cells.flight] !== 0) return;
    const late = spend(model, row, "late");
    late[base + cells.flight] = code;
    sees(late, base);
    if (intent.kind !== "retire") put(late, base, host.mine, 0);
    emit(late, who, `sends, and takes for lost: ${what}`, i);
  };

  /** Long work takes its time, or where agents are prompt happens at once. */
  const begun = (after: Row, base: number, i: number, what: string, emit: Emit): void => {
    const all = [what];
    while (spec.prompt === true && get(after, base, host.task) !== task.none) all.push(work(after, base));
    emit(after, who, all.at(-1) ?? what, i);
  };

  const perform = (row: Row, i: number, base: number, step: Step, emit: Emit): void => {
    const intent = (kind: AgentWriteIntent["kind"], signal: SignalKind, record: InstanceRecord): AgentWriteIntent => ({
      kind,
      signal,
      assignment: record.assignment,
      fresh: record.version === current,
      judged: record.signal?.kind,
      judgedFor: record.signal?.assignment ?? 0,
      stands: record.signal?.at === now,
    });
    const after = row.slice();
    switch (step.kind) {
      case "wait":
        if (get(row, base, host.cut) === 1) return;
        beats(after, base);
        return emit(after, who, "looks at its record", i);
      case "prepare":
        put(after, base, host.prepared, 1);
        return emit(after, who, "has prepared the machine", i);
      case "signal":
        return writes(row, i, base, intent("signal", step.signal, step.record), emit);
      case "begin-registering":
        return writes(row, i, base, intent("begin", "registering", step.record), emit);
      case "retire":
        return writes(row, i, base, intent("retire", "prepared", step.record), emit);
      case "register":
        put(after, base, host.task, task.begins);
        put(after, base, host.taskFor, step.record.assignment);
        put(after, base, host.taskRun, Number(runOf(step.record.owner)?.runId ?? 0));
        return begun(after, base, i, "begins to register a runner", emit);
      case "resume":
        // Looked at once more before (`stands`).
        if (step.record.version === current) put(after, base, host.task, task.resumes);
        else sees(after, base);
        return begun(after, base, i, "starts its listener again", emit);
      case "drain":
      case "stop":
        put(after, base, host.task, task.stops);
        return begun(after, base, i, "goes to stop its runner", emit);
      case "power-off": {
        const broken = endMachine(model, after, base);
        put(after, base, machine.selfEnded, 1);
        return emit(after, who, `powers the machine off (${step.reason})`, i, broken);
      }
    }
  };

  const turn = (row: Row, i: number, base: number, emit: Emit): void => {
    const record = row[base + cells.record] as number;
    const sight = spec.prompt === true ? records.seen(record) : (row[base + cells.sight] as number);
    if (sight === 0 && record !== 0 && get(row, base, host.cut) === 0) {
      const after = row.slice();
      beats(after, base);
      emit(after, who, "reads its record", i);
      return;
    }
    perform(row, i, base, stepOf(row, base, sight), emit);
  };

  /** What the role of an instance may write, by somebody who means harm: any signal, that it lives, and nothing at all. */
  const forges = (row: Row, i: number, base: number, emit: Emit): void => {
    const id = row[base + cells.record] as number;
    for (const what of forgeries) {
      const to = records.forged(id, what);
      if (to === id) continue;
      const after = row.slice();
      after[base + cells.record] = to;
      emit(after, "somebody", `writes in its agent's name: ${what}`, i);
    }
  };

  return (row, emit) => {
    for (let i = 0; i < layout.instances; i++) {
      const base = i * layout.block;
      lands(model, row, i, base, emit);
      const at = get(row, base, machine.ec2);
      if (at !== ec2.up && at !== ec2.ending) continue;
      if (get(row, base, machine.taken) === 1) {
        forges(row, i, base, emit);
        continue;
      }
      turn(row, i, base, emit);
      if (get(row, base, host.task) !== task.none) {
        const after = row.slice();
        const what = work(after, base);
        emit(after, who, what, i);
        if (get(row, base, host.task) === task.begins && mayStill(model, row, "refusal")) {
          const refused = spend(model, row, "refusal");
          put(refused, base, host.root, get(row, base, host.taskFor));
          put(refused, base, host.rootRun, get(row, base, host.taskRun));
          for (const field of [host.task, host.taskFor, host.taskRun]) put(refused, base, field, 0);
          put(refused, base, host.failed, 1);
          emit(refused, who, "is refused the registration by GitHub", i);
        }
      }
      if (get(row, base, host.mayCrash) === 1) {
        const after = row.slice();
        put(after, base, host.mayCrash, 0);
        for (const field of [host.task, host.taskFor, host.taskRun, host.failed, host.mine]) put(after, base, field, 0);
        after[base + cells.sight] = 0;
        emit(after, who, "crashes and is started again", i);
      }
    }
  };
}

function lands({ table }: Model, row: Row, i: number, base: number, emit: Emit): void {
  const code = row[base + cells.flight] as number;
  if (code === 0) return;
  const after = row.slice();
  const intent = intentOf(code);
  const to = table.write(intent, code, row[base + cells.record] as number);
  after[base + cells.flight] = 0;
  if (to !== undefined) after[base + cells.record] = to;
  if (to !== undefined && intent.kind !== "retire") {
    const sight = row[base + cells.sight] as number;
    after[base + cells.sight] = records.heard(sight);
    if (sight === 0) put(after, base, host.mine, 0);
  }
  const what = intent.kind === "retire" ? "retires" : intent.signal;
  emit(after, who, `had sent long ago, and it ${to === undefined ? "is refused" : "lands now"}: ${what}`, i);
}

/** The next part of the long work beside an agent's loop; gives what it does. */
function work(row: Row, base: number): string {
  const set = (field: keyof typeof host, value: number): void => put(row, base, host[field], value);
  const online = (assignment: number): void => {
    const known = (get(row, base, machine.known) & (1 << assignment)) !== 0;
    set("listener", known ? listener.online : listener.exited);
    set("failed", known ? 0 : 1);
    if (known) put(row, base, machine.served, assignment);
  };
  const at = get(row, base, host.task);
  const root = get(row, base, host.root);
  set("task", task.none);
  if (at === task.begins) {
    const taskFor = get(row, base, host.taskFor);
    set("root", taskFor);
    set("rootRun", get(row, base, host.taskRun));
    set("task", task.known);
    put(row, base, machine.known, get(row, base, machine.known) | (1 << taskFor));
    for (const field of ["taskFor", "taskRun"] as const) set(field, 0);
    return `registers runner ${taskFor} at GitHub`;
  }
  if (at === task.known || at === task.resumes) {
    set("configured", 1);
    online(root);
    return `has its runner ${root} listen`;
  }
  if (get(row, base, host.job) === 1) return "finds a job on its runner, and waits";
  for (const field of ["root", "rootRun", "configured", "listener", "failed"] as const) set(field, 0);
  put(row, base, machine.known, get(row, base, machine.known) & ~(1 << root));
  return `stops and removes its runner ${root}`;
}

/** Everything on the machine ends; gives the promise that this breaks. */
export function endMachine({ layout }: Model, row: Row, base: number): string | undefined {
  const killed = get(row, base, host.job) === 1;
  if (killed) row[layout.job] = jobIs.over;
  put(row, base, machine.ec2, ec2.ended);
  row[base + cells.host] = 0;
  row[base + cells.sight] = 0;
  const blamed = killed && get(row, base, machine.taken) === 0;
  return blamed && get(row, base, machine.ripe) === 0 ? "no started job is ended before its threshold" : undefined;
}
