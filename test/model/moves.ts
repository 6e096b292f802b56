// Making a move in the model: by the real `decide`, with its reply perhaps lost, and judged by what is true of the machine.
import { isOfRun } from "../../domain/owner.ts";
import { life, type Move } from "../../domain/instance.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { cells, ec2, get, host, listener, machine, put, task, type Row } from "./layout.ts";
import { mayStill, spend, type Model } from "./model.ts";
import { ahead, heard, records } from "./records.ts";
import { codeOf, ownMoves, replied, showing, type MoveRequest, type Reply } from "./requests.ts";

/** In whose name a move is made that is only for one's own. */
export interface Actor {
  readonly run: string;
  readonly attempt: number;
  /** Exactly this owner. */
  readonly owner?: string;
}

/** What is made of a call: the state after it (the very same row where nothing changes), its reply, and the promise that it breaks. */
export type Made = (after: Row, reply: Reply, what: string, broken?: string) => void;

/** One call of the table: made, made without the caller's knowing, or refused. */
export function makeMove(model: Model, row: Row, request: MoveRequest, actor: Actor | undefined, made: Made): void {
  const { instance, move, call } = request;
  const base = instance * model.layout.block;
  const before = row[base + cells.record] as number;
  const outcome = model.table.decide(call, before);
  const shows = (record: number): number => (showing.has(move) ? record : 0);
  if (outcome.why !== undefined)
    return made(row, [codeOf(outcome.why), shows(before)], `is refused: ${move} (${outcome.why})`);
  if (outcome.already) return made(row, [replied.already, shows(before)], `finds made already: ${move}`);
  const broken = judge(row, base, request, actor, records.of(before), records.of(outcome.record) as InstanceRecord);
  const after = row.slice();
  write(after, base, outcome.record, move);
  made(after, [replied.done, shows(outcome.record)], `makes: ${move}`, broken);
  if (!mayStill(model, row, "lost")) return;
  const lost = spend(model, row, "lost");
  write(lost, base, outcome.record, move);
  made(lost, [replied.unknown, 0], `makes, but its reply is lost: ${move}`, broken);
}

/** The record changes by a move: whatever its agent has judged by its version before is out of date. */
function write(row: Row, base: number, to: number, move: Move): void {
  const record = records.of(to) as InstanceRecord;
  row[base + cells.record] = to;
  row[base + cells.sight] = records.stale(row[base + cells.sight] as number);
  row[base + cells.flight] = (row[base + cells.flight] as number) & ~1;
  if (move === "create") put(row, base, machine.launcher, 0);
  const ends = record.state === "terminating" || record.state === "terminated";
  if (!ends && record.threshold === ahead && life[move].limit !== "unchanged") put(row, base, machine.ripe, 0);
  if (record.state === "terminated")
    for (const past of [machine.ripe, machine.died, machine.selfEnded, machine.bootLate, machine.served, machine.taken])
      put(row, base, past, 0);
}

const working = (row: Row, base: number): boolean => {
  const at = get(row, base, host.task);
  return at === task.begins || at === task.known || at === task.resumes;
};
/** What of a run is still on the machine, in truth. */
const serving = (row: Row, base: number): string | undefined => {
  if (get(row, base, machine.ec2) !== ec2.up) return undefined;
  if (get(row, base, host.job) === 1) return "a job runs on it";
  if (get(row, base, host.listener) === listener.online) return "a runner listens on it";
  return working(row, base) ? "a runner is being registered on it" : undefined;
};

function judge(
  row: Row,
  base: number,
  { move, judged }: MoveRequest,
  actor: Actor | undefined,
  before: InstanceRecord | undefined,
  after: InstanceRecord,
): string | undefined {
  if (move === "confirm" && get(row, base, machine.ec2) !== ec2.ended)
    return "terminated only after EC2 has ended the machine";
  if (get(row, base, machine.taken) === 1) return undefined;
  if (before === undefined) return undefined;
  if (before.state === "terminated") return "terminated never changes";
  if (before.state === "terminating")
    return after.state === "terminated" || after.state === "terminating"
      ? undefined
      : "a condemned one does not come back";
  if (actor !== undefined && ownMoves.has(move)) {
    const mine =
      actor.owner === undefined
        ? isOfRun(before.owner, { runId: actor.run, attempt: actor.attempt })
        : before.owner === actor.owner;
    if (!mine) return "one owner: nobody moves what is another's";
  }
  if (after.state === "terminating" || after.state === "terminated") return wasted(row, base, move, before, judged);
  if (actor === undefined && after.owner !== before.owner) return "one owner: nobody else gives up what is owned";
  return forward(row, base, before, after);
}

/** What idles costs a launch if it is ended for nothing. */
function wasted(
  row: Row,
  base: number,
  move: Move,
  before: InstanceRecord,
  judged: number | undefined,
): string | undefined {
  if (judged !== undefined && judged !== before.assignment)
    return "a judgement counts only for what was judged: it has served since";
  const up = get(row, base, machine.ec2) === ec2.up && get(row, base, host.cut) === 0;
  if (move === "condemn-silent" && up && before.heartbeatAt === heard) return "none that is heard is ended for silence";
  return undefined;
}

/** A move after which somebody counts on the instance. */
function forward(row: Row, base: number, before: InstanceRecord, after: InstanceRecord): string | undefined {
  if (after.state === before.state && after.owner === before.owner && after.wanted === "leave") return undefined;
  if (get(row, base, machine.selfEnded) === 1) return "what its agent has ended is not handed on";
  if (after.owner !== before.owner && before.owner !== undefined && after.owner !== undefined)
    return "one owner: taken from another";
  const [up, silentFor] = [get(row, base, machine.ec2) === ec2.up, before.heartbeatAt !== heard];
  if (after.state === "claimed" && before.state === "idle" && !up && silentFor)
    return "nobody waits for a machine that was long dead";
  if (after.state === "idle" && up && get(row, base, host.prepared) === 0) return "what idles is up";
  if (after.owner !== before.owner) {
    const what = serving(row, base);
    if (what !== undefined) return `one owner: it changes hands while ${what}`;
  }
  if (after.state !== "running" || before.state === "running") return undefined;
  if (before.wanted === "leave") return "nobody is told ready of what is leaving";
  if (get(row, base, machine.served) !== before.assignment)
    return "a signal counts only for its assignment: started, though no runner of it has listened";
  return undefined;
}

/** What must be true in every state. */
export function brokenState({ layout }: Model, row: Row): string | undefined {
  for (let instance = 0; instance < layout.instances; instance++) {
    const base = instance * layout.block;
    if (get(row, base, host.job) === 0 || get(row, base, machine.taken) === 1) continue;
    const record = records.of(row[base + cells.record] as number);
    if (record === undefined || record.state === "terminating" || record.state === "terminated") continue;
    if (record.assignment !== get(row, base, host.root) || record.owner === undefined)
      return "one owner: a job runs on what its run does not own";
  }
  return undefined;
}
