// What happens to the model's world from outside: time, EC2, GitHub, and machines that die.
import { endMachine } from "./agents.ts";
import { cells, ec2, get, host, jobIs, listener, machine, put, type Row } from "./layout.ts";
import { mayStill, spend, type Emit, type Model } from "./model.ts";
import { ahead, current, now, records } from "./records.ts";

/** GitHub deletes the runner of an assignment, unless a job runs on it; its listener then exits. */
export function deleteRunner(row: Row, base: number, assignment: number): "removed" | "absent" | "busy" {
  const known = get(row, base, machine.known);
  if ((known & (1 << assignment)) === 0) return "absent";
  const own = get(row, base, host.root) === assignment;
  if (own && get(row, base, host.job) === 1) return "busy";
  put(row, base, machine.known, known & ~(1 << assignment));
  if (own && get(row, base, host.listener) === listener.online) put(row, base, host.listener, listener.exited);
  return "removed";
}

const lives: ReadonlySet<string> = new Set(["created", "claimed", "running", "idle"]);

/** Thresholds pass, heartbeats grow old. */
function time(model: Model, row: Row, i: number, base: number, emit: Emit, recording: boolean): void {
  const id = row[base + cells.record] as number;
  const record = records.of(id);
  const sight = row[base + cells.sight] as number;
  const seen = records.of(sight);
  if (record === undefined) {
    if (get(row, base, machine.ec2) !== ec2.up || get(row, base, machine.bootLate) === 1 || recording) return;
    const after = row.slice();
    put(after, base, machine.bootLate, 1);
    return emit(after, "time", "passes the boot limit of a machine without a record", i);
  }
  if (!lives.has(record.state)) {
    if (record.threshold !== ahead || !mayStill(model, row, "aged")) return;
    const after = spend(model, row, "aged");
    after[base + cells.record] = records.expired(id);
    return emit(after, "time", `passes the threshold of what is ${record.state}`, i);
  }
  if (record.threshold === ahead) {
    const after = row.slice();
    after[base + cells.record] = records.expired(id);
    if (seen?.version === current) after[base + cells.sight] = records.expired(sight);
    put(after, base, machine.ripe, 1);
    emit(after, "time", "passes the threshold", i);
  }
  if (seen !== undefined && seen.threshold === ahead && lives.has(seen.state)) {
    if (seen.version !== current && mayStill(model, row, "old")) {
      const after = spend(model, row, "old");
      after[base + cells.sight] = records.expired(sight);
      emit(after, "time", "passes the threshold that its agent has read, extended meanwhile", i);
    }
    if (seen.version === current && record.threshold === ahead && mayStill(model, row, "skew")) {
      const after = spend(model, row, "skew");
      after[base + cells.sight] = records.expired(sight);
      // Nothing is lost by its ending now: its threshold is as near as its clock is wrong.
      put(after, base, machine.ripe, 1);
      emit(after, "time", "passes the threshold by its agent's clock, which is ahead", i);
    }
  }
  if (record.heartbeatAt === undefined || record.heartbeatAt < now - 1000) return;
  const mute = get(row, base, machine.ec2) !== ec2.up || get(row, base, host.cut) === 1;
  if (!mute && !mayStill(model, row, "silence")) return;
  const after = mute ? row.slice() : spend(model, row, "silence");
  after[base + cells.record] = records.silenced(id);
  emit(after, "time", "leaves the agent without a heartbeat for more than a minute", i);
}

function github({ layout }: Model, row: Row, i: number, base: number, emit: Emit): void {
  const root = get(row, base, host.root);
  if (get(row, base, host.job) === 1) {
    const after = row.slice();
    put(after, base, host.job, 0);
    after[layout.job] = jobIs.over;
    return emit(after, "the job", "is over", i);
  }
  const known = (get(row, base, machine.known) & (1 << root)) !== 0;
  if (row[layout.job] !== jobIs.queued || !known || get(row, base, host.listener) !== listener.online) return;
  if (get(row, base, host.rootRun) !== 1) return;
  const after = row.slice();
  put(after, base, host.job, 1);
  after[layout.job] = jobIs.running;
  emit(after, "GitHub", `starts the job of run 1 on runner ${root}`, i);
}

function machines(model: Model, row: Row, i: number, base: number, emit: Emit): void {
  const at = get(row, base, machine.ec2);
  if (at === ec2.ending) {
    const after = row.slice();
    const broken = endMachine(model, after, base);
    emit(after, "EC2", "has ended the machine", i, broken);
  }
  if (at === ec2.up && mayStill(model, row, "death")) {
    const after = spend(model, row, "death");
    endMachine(model, after, base);
    put(after, base, machine.died, 1);
    emit(after, "EC2", "loses the machine", i);
  }
  if (at !== ec2.up) return;
  if (get(row, base, machine.taken) === 1) return;
  if (mayStill(model, row, "hostile")) {
    const after = spend(model, row, "hostile");
    put(after, base, machine.taken, 1);
    // A listener and a job go on; our agent, its work and its writes on their way are no more.
    for (const field of [host.task, host.taskFor, host.taskRun, host.failed, host.mine, host.cut, host.mayCrash])
      put(after, base, field, 0);
    after[base + cells.sight] = 0;
    after[base + cells.flight] = 0;
    emit(after, "somebody", "becomes root on the machine", i);
  }
  const cut = get(row, base, host.cut) === 1;
  if (!cut && !mayStill(model, row, "cut")) return;
  const after = cut ? row.slice() : spend(model, row, "cut");
  put(after, base, host.cut, cut ? 0 : 1);
  emit(after, "the network", cut ? "is back" : "cuts the agent off from the table", i);
}

/** `recorded`: a bit an instance, whose record somebody is about to write (there is the whole boot limit for that). */
export function outside(model: Model, row: Row, emit: Emit, recorded: number): void {
  for (let i = 0; i < model.layout.instances; i++) {
    const base = i * model.layout.block;
    time(model, row, i, base, emit, (recorded & (1 << i)) !== 0);
    github(model, row, i, base, emit);
    machines(model, row, i, base, emit);
  }
}
