// The steps of the control processes: what each has asked for is answered by the world as it stands, at any moment.
import { isOfGroup, launcherOf } from "./ports.ts";
import { runOf } from "../../domain/owner.ts";
import { cancelled, placeOf, type Place, type Step } from "./code.ts";
import { cells, ec2, get, host, listener, machine, put, type Row } from "./layout.ts";
import { crashed, mayCrash, type Emit, type Model, type Process } from "./model.ts";
import { makeMove, type Actor } from "./moves.ts";
import { deleteRunner } from "./outside.ts";
import { ownerOfProvision } from "./programs.ts";
import { records } from "./records.ts";
import type { MoveRequest, Reply, Request } from "./requests.ts";

/** What is being recorded: a bit an instance. Undefined where the code of a process is not known yet. */
export function recordedBy({ layout, codes }: Model, row: Row): number {
  let bits = 0;
  codes.forEach((code, process) => {
    for (const { request } of code.stepsOf(placeOf(row[layout.places + process] as number)) ?? [])
      if (request?.kind === "move" && request.move === "create") bits |= 1 << request.instance;
  });
  return bits;
}

const removals = { absent: 0, removed: 1, busy: 2 } as const;

/** A process that works for a run acts in its name, others in the name that they give. */
function actorOf(process: Process, { own }: MoveRequest): Actor | undefined {
  if (process.kind === "provision")
    return { run: process.run, attempt: process.attempt, owner: ownerOfProvision(process) };
  if (process.kind === "release") return { run: process.run, attempt: process.attempt };
  if (own === undefined) return undefined;
  const { runId = "0", attempt = 0 } = runOf(own.owner) ?? {};
  return { run: runId, attempt, ...(own.by === "claim" ? { owner: own.owner } : {}) };
}

/**
 * What is asked in the same moment as what follows it: where to look for records before the records; EC2's word and the record that it is
 * about; what the pool shows, which may be out of date anyhow, before the claim; a runner's number before the call by it. Only between
 * refresh's list and what it then reads anything may happen: that order is a promise.
 */
const together: Readonly<Partial<Record<Request["kind"], readonly Request["kind"][]>>> = {
  index: ["move"],
  machines: ["read"],
  read: ["read"],
  runners: ["named", "remove"],
  named: ["remove"],
};
const precedes = (request: Request, { kind }: Process): readonly Request["kind"][] => {
  if (request.kind !== "read" || request.group !== undefined) return together[request.kind] ?? [];
  return kind === "refresh" ? ["machines"] : [];
};

export function processesOf(model: Model): (row: Row, emit: Emit) => void {
  const { layout, spec, codes } = model;
  const one = (row: Row, index: number, emit: Emit): void => {
    const process = spec.processes[index] as Process;
    const code = codes[index] as Model["codes"][number];
    const cell = layout.places + index;
    const here = placeOf(row[cell] as number);
    const enter = (after: Row, place: Place | undefined, what: string, instance: number, broken?: string): void => {
      if (place === undefined || (after === row && place === here)) return;
      const entered = after === row ? row.slice() : after;
      entered[cell] = place.id;
      emit(entered, process.name, what, instance, broken);
    };
    const take = (from: Row, { at, ordinal, request, sooner }: Step, before: string): void => {
      if (request === undefined) return enter(from, at, "is over", -1);
      const kinds = precedes(request, process);
      answer(model, from, process, request, (after, reply, what, instance, broken) => {
        if (sooner !== undefined && code.next(sooner.at, sooner.ordinal, reply) !== here) return;
        const next = code.next(at, ordinal, reply);
        const then = next === undefined || kinds.length === 0 ? [] : code.stepsOf(next);
        if (then === undefined) return;
        if (then.length === 0 || !then.every((one) => one.request !== undefined && kinds.includes(one.request.kind)))
          return enter(after, next, before + what, instance, broken);
        for (const step of then) take(after, step, `${before}${what}, and `);
      });
    };
    for (const step of code.stepsOf(here) ?? []) take(row, step, "");
    if (here === code.over) return;
    if (code.life.cancellable && here !== code.start && here !== code.crashed)
      enter(row, code.next(here, cancelled, []), "is cancelled", -1);
    if (here !== code.start && here !== code.crashed && mayCrash(model, row, index))
      enter(crashed(model, row, index), code.crashed, "crashes", -1);
  };
  return (row, emit) => {
    for (let index = 0; index < codes.length; index++) one(row, index, emit);
  };
}

/** How the world answers, and what that makes of it: the very same row where it changes nothing. */
type Answered = (after: Row, reply: Reply, what: string, instance: number, broken?: string) => void;

function answer(model: Model, row: Row, process: Process, request: Request, answered: Answered): void {
  const { layout } = model;
  const base = (i: number): number => i * layout.block;
  const idOf = (i: number): number => row[base(i) + cells.record] as number;
  switch (request.kind) {
    case "move": {
      const { instance } = request;
      return makeMove(model, row, request, actorOf(process, request), (after, reply, what, broken) =>
        answered(after, reply, what, instance, broken),
      );
    }
    case "any":
      return request.moves.forEach((one, which) =>
        makeMove(model, row, one, actorOf(process, one), (after, reply, what, broken) =>
          answered(after, [which, ...reply], what, one.instance, broken),
        ),
      );
    case "read": {
      const { of, group } = request;
      const isShown = (id: number): boolean => group === undefined || isOfGroup(records.of(id)?.owner, group);
      const reply = of.map(idOf).map((id) => (isShown(id) ? id : 0));
      return answered(row, reply, "reads the record", only(of));
    }
    case "index":
      answered(row, [0], "finds nothing in the pool", -1);
      for (let i = 0; i < layout.instances; i++) if (idOf(i) !== 0) answered(row, [i + 1], "finds it in the pool", i);
      return;
    case "launch": {
      const after = row.slice();
      let i = 0;
      while (i < layout.instances && (get(row, base(i), machine.ec2) !== ec2.none || idOf(i) !== 0)) i++;
      if (i === layout.instances) return answered(after, [0], "launches nothing", -1);
      put(after, base(i), machine.ec2, ec2.up);
      if (process.kind === "provision") put(after, base(i), machine.launcher, launcherOf(ownerOfProvision(process)));
      return answered(after, [i + 1], "launches a machine", i);
    }
    case "end": {
      const after = row.slice();
      for (const i of request.of)
        if (get(row, base(i), machine.ec2) === ec2.up) put(after, base(i), machine.ec2, ec2.ending);
      return answered(after, [], "asks EC2 to end the machine", only(request.of));
    }
    case "machines": {
      const reply = request.of.flatMap((i) =>
        [machine.ec2, machine.bootLate, machine.launcher].map((field) => get(row, base(i), field)),
      );
      return answered(row, reply, "asks EC2 about the machine", only(request.of));
    }
    case "runners": {
      const reply = request.of.flatMap((i) => [get(row, base(i), machine.known), onlineAt(row, base(i))]);
      return answered(row, reply, "lists GitHub's runners", only(request.of));
    }
    case "named": {
      const { instance, assignment } = request;
      const known = (get(row, base(instance), machine.known) & (1 << assignment)) !== 0;
      const online = onlineAt(row, base(instance)) === assignment;
      return answered(row, [known ? (online ? 2 : 1) : 0], `looks for runner ${assignment} at GitHub`, instance);
    }
    case "remove": {
      const { instance, assignment } = request;
      const after = row.slice();
      const found = deleteRunner(after, base(instance), assignment);
      // Where it is taken away that release asks at all, this is not what shows it.
      const asks = process.kind === "refresh" || model.rules.releaseAsks;
      const broken =
        asks && found === "removed" && serves(row, base(instance), assignment)
          ? "no living assignment loses its runner"
          : undefined;
      return answered(after, [removals[found]], `deletes runner ${assignment} at GitHub: ${found}`, instance, broken);
    }
    case "sleep":
      throw new Error("a pause is no step of its own");
  }
}

const only = (of: readonly number[]): number => (of.length === 1 ? (of[0] as number) : -1);

/** Of which assignment the runner is online; 0: none. */
const onlineAt = (row: Row, base: number): number =>
  get(row, base, host.listener) === listener.online ? get(row, base, host.root) : 0;

const serves = (row: Row, base: number, assignment: number): boolean => {
  const record = records.of(row[base + cells.record] as number);
  return (
    get(row, base, machine.taken) === 0 &&
    record?.owner !== undefined &&
    record.state !== "terminating" &&
    record.state !== "terminated" &&
    record.wanted === "serve" &&
    record.assignment === assignment
  );
};
