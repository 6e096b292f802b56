// The port `OwnInstance` of an agent of the world: a watch is an event when the record changes, a heartbeat is computed when read.
import type { OwnInstance, OwnReading, VitalSigns, Written } from "../../cloud/ports/own-instance.ts";
import { beginRegistering, retire, signal, type AgentWrite } from "../../domain/agent-writes.ts";
import { holds } from "../../domain/condition.ts";
import { limits } from "../../domain/limits.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { bytesOf, mostItemBytes, recordIn } from "./forged-items.ts";
import { isCutOff, type Machine } from "./machine.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";
import type { Pulse } from "./table.ts";

/** Beats every period from `first` on, but not where the machine reaches no table. */
function pulseOf(machine: Machine, first: EpochMs, signs: () => VitalSigns): Pulse {
  return (now) => {
    const beats = (until: EpochMs): EpochMs =>
      first + Math.floor((until - first) / limits.heartbeatMs) * limits.heartbeatMs;
    let last = beats(now);
    if (machine.cutOff !== undefined && isCutOff(machine, last)) last = beats(machine.cutOff.from - 1);
    return last < first ? undefined : { heartbeatAt: last + machine.skewMs, ...signs() };
  };
}

const made = (record: InstanceRecord, { set }: AgentWrite): boolean => {
  const { signal, retiredAt } = set;
  if (retiredAt !== undefined) return record.retiredAt === retiredAt;
  const found = record.signal;
  return found?.kind === signal?.kind && found?.assignment === signal?.assignment && found?.at === signal?.at;
};

function write(
  state: State,
  machine: Machine,
  process: Process,
  what: string,
  agentWrite: AgentWrite,
): Promise<Written> {
  const { table } = state;
  return process.call<Written>({
    what: `own.${what}`,
    kind: "write",
    apply: () => {
      const before = table.get(machine.key);
      const held = before !== undefined && holds(agentWrite.condition, before);
      const after = { ...before, ...agentWrite.set } as InstanceRecord;
      // An agent takes whatever AWS refuses for an outcome that it does not know.
      if (held && table.isForged(machine.key) && bytesOf(after) > mostItemBytes)
        return {
          kind: "unknown",
          problem: "ValidationException: Item size to update has exceeded the maximum allowed size",
        };
      if (held) table.commit(machine.key, after, `${process.name} ${what}`);
      const record = recordIn(table, table.get(machine.key));
      if (record !== undefined && "problem" in record) return record;
      // Refused though its very words are there: made already, before a lost reply.
      if (record !== undefined && (held || made(record, agentWrite))) return { kind: "written", record };
      return { kind: "refused", record };
    },
    lost: (problem) => ({ kind: "unknown", problem }),
  });
}

export function ownInstancePort(state: State, machine: Machine, process: Process): OwnInstance {
  const { table, time } = state;
  let lastBeat = Number.NEGATIVE_INFINITY;

  const look = (): OwnReading => {
    if (isCutOff(machine, time.now())) return { kind: "unreachable", problem: "no route" };
    const record = recordIn(table, table.get(machine.key));
    if (record === undefined) return { kind: "none" };
    return "problem" in record ? { kind: "unreachable", problem: record.problem } : { kind: "record", record };
  };
  const watch = (seen: number | undefined, until: EpochMs, signs: () => VitalSigns, wake: AbortSignal) =>
    process.wait<OwnReading>((done) => {
      const first = Math.max(time.now(), lastBeat + limits.heartbeatMs);
      const endPulse = table.pulse(machine.key, pulseOf(machine, first, signs));
      const differs = (): boolean => table.get(machine.key)?.version !== seen;
      let ending: { cancel(): void } | undefined;
      const close = (): void => {
        endPulse();
        stopWatching();
        timer?.cancel();
        wake.removeEventListener("abort", woken);
        const now = time.now();
        if (now >= first) lastBeat = now - ((now - first) % limits.heartbeatMs);
      };
      const finish = (ms: number): void => {
        ending ??= time.after(ms, `${process.name} sees`, () => {
          close();
          done(look());
        });
      };
      /** Sees a change at the next look, or once it reaches the table again. */
      const changed = (): void => {
        if (ending !== undefined || !differs()) return;
        const now = time.now();
        const { cutOff } = machine;
        const blind = cutOff !== undefined && isCutOff(machine, now) ? cutOff.to - now : 0;
        if (blind > 0) time.after(blind, `${process.name} reaches the table`, changed);
        else finish(process.chance.between(5, limits.agentWatchMs));
      };
      const woken = (): void => finish(process.chance.between(1, 50));
      const stopWatching = table.watch(machine.key, changed);
      const left = until - process.clock.now();
      const timer = Number.isFinite(left)
        ? time.after(Math.max(5, left), `${process.name} has watched`, () => finish(0))
        : undefined;
      wake.addEventListener("abort", woken, { once: true });
      if (wake.aborted) woken();
      process.onDeath(close);
      changed();
    });
  return {
    watch,
    signal: (report, judged, vitals) => {
      if (report.kind === "deregistered") state.checks.answered(machine, report.assignment);
      return write(state, machine, process, report.kind, signal(report, judged, vitals));
    },
    beginRegistering: (report, judged) => write(state, machine, process, report.kind, beginRegistering(report, judged)),
    retire: (at, judged) => write(state, machine, process, "retire", retire(at, judged)),
  };
}
