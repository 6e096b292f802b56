// A machine for tests of the agent's loop: a record in memory, a runner that says what it is told to, a clock that is moved by hand.
import { runAgent } from "../../agent/agent.ts";
import type { AgentOptions, AgentWorld } from "../../agent/memory.ts";
import type { Host } from "../../cloud/ports/host.ts";
import type { OwnInstance, Written } from "../../cloud/ports/own-instance.ts";
import type { EnrolOutcome, Runner, RunnerState } from "../../cloud/ports/runner.ts";
import {
  githubEnrolment,
  isForOneJob,
  type EnrolmentOptions,
  type RegisterRequest,
} from "../../agent/runners/github/enrolment.ts";
import type { InstanceRecord, Registration } from "../../domain/record.ts";
import { now } from "../control/record-of.ts";
import { agentOptions, enrolmentOptions } from "./agent-options.ts";
import { manualClock, type ManualClock } from "../sim/manual-clock.ts";

/** What the agent has done to its world so far. */
interface Traces {
  readonly reports: string[];
  readonly requests: RegisterRequest[];
  /** What the runner was told, in order: `start N`, `clean N`. */
  readonly told: string[];
  /** What was done for good, in order: `retire`, `kill`, `power-off`. */
  readonly done: string[];
  readonly events: { readonly name: string; readonly facts: Readonly<Record<string, unknown>> }[];
}

export interface AgentBench extends Traces {
  readonly clock: ManualClock;
  record(): InstanceRecord;
  /** Changes the record as the control plane would, or the runner as the machine would, and wakes the agent. */
  change(record: Partial<InstanceRecord>, runner?: Partial<RunnerState>): void;
  /** Runs the agent; resolves with its end. */
  run(changes?: Partial<AgentOptions>): Promise<string>;
  /** Runs the agent to its end; gives its reason. */
  ended(changes?: Partial<AgentOptions>): Promise<string>;
  /** Lets whatever is due happen, until `found`. */
  until(found: () => boolean): Promise<void>;
}

export interface BenchWish {
  readonly record: InstanceRecord;
  readonly own?: (clock: ManualClock) => Partial<OwnInstance>;
  readonly host?: Partial<Host>;
  readonly runner?: Partial<RunnerState>;
  readonly hands?: Partial<Runner>;
  /** What AWS says of taking the machine back; without it nothing. */
  readonly metadata?: AgentWorld["metadata"]["interruption"];
  /** What SSM has; without it every parameter holds `ATOKEN`. */
  readonly secrets?: EnrolmentOptions["secrets"];
  /** What its GitHub runner was made with, beside that. */
  readonly enrolment?: Partial<EnrolmentOptions>;
  /** What comes of a registration; without it the runner comes up. */
  readonly outcome?: EnrolOutcome;
  /** What comes of starting its listener again; without it that is up. */
  readonly resumed?: EnrolOutcome;
}

/** What a claimed record says of registering. */
export const registration: readonly [Registration] = [
  { forge: "github", scope: "acme/shop", labels: ["7", "large"], kind: "token" },
];

const nothing = { assignment: undefined, configured: false, listener: "none", busy: false } as const;

interface BenchRunner extends Runner {
  change(state: Partial<RunnerState>): void;
}

function runnerOf(wish: BenchWish, { requests, told, done }: Traces): BenchRunner {
  let state: RunnerState = { ...nothing, jobs: 0, ...wish.runner };
  const secrets = wish.secrets ?? { read: () => Promise.resolve({ value: "ATOKEN", writtenAt: now }) };
  const enrolment = githubEnrolment(enrolmentOptions("test", wish.record.instanceId, secrets, wish.enrolment));
  return {
    change: (changed) => (state = { ...state, ...changed }),
    state: () => Promise.resolve(state),
    isForOneJob,
    enrol: async (record) => {
      const request = await enrolment.requestOf(record);
      if (!("secret" in request)) return request;
      requests.push(request);
      const outcome = wish.outcome ?? { kind: "registered" };
      state = { ...state, assignment: request.assignment };
      if (outcome.kind === "registered") state = { ...state, configured: true, listener: "online" };
      return outcome;
    },
    start: (assignment) => {
      told.push(`start ${assignment}`);
      if (wish.resumed !== undefined) return Promise.resolve(wish.resumed);
      state = { ...state, listener: "online" };
      return Promise.resolve({ kind: "registered" });
    },
    drain: () => Promise.resolve(state.busy ? "busy" : "stopped"),
    stopIfIdle: () => Promise.resolve(state.busy ? "busy" : "stopped"),
    kill: () => Promise.resolve(void done.push("kill")),
    clean: (assignment) => {
      told.push(`clean ${assignment}`);
      const { spent: _, ...rest } = state;
      return Promise.resolve(void (state = { ...rest, ...nothing }));
    },
  };
}

const hostOf = (wish: BenchWish, { reports, done }: Traces): Host => ({
  prepare: () => Promise.resolve({ kind: "prepared" }),
  report: (status) => Promise.resolve(void reports.push(status)),
  deadline: () => Promise.resolve(),
  left: () => Promise.resolve(undefined),
  diskFree: () => Promise.resolve(1),
  powerOff: () => Promise.resolve(void done.push("power-off")),
  ...wish.host,
});

export function agentBench(wish: BenchWish): AgentBench {
  let { record } = wish;
  const clock = manualClock(now);
  const traces: Traces = { reports: [], requests: [], told: [], done: [], events: [] };
  const runner = { ...runnerOf(wish, traces), ...wish.hands };
  let wake = (): void => undefined;
  const written = (change: Partial<InstanceRecord>): Promise<Written> => {
    record = { ...record, ...change };
    return Promise.resolve({ kind: "written", record });
  };
  const own: OwnInstance = {
    watch: async (seen, until, _signs, wake) => {
      if (seen === record.version) await clock.sleep(Math.max(0, until - clock.now()), wake);
      return { kind: "record", record };
    },
    signal: (signal) => written({ signal }),
    beginRegistering: (signal) => written({ signal }),
    retire: (retiredAt) => {
      traces.done.push("retire");
      return written({ retiredAt });
    },
    ...wish.own?.(clock),
  };
  const world: AgentWorld = {
    own,
    metadata: { interruption: wish.metadata ?? (() => Promise.resolve(undefined)) },
    runner,
    host: hostOf(wish, traces),
    clock,
    log: { event: (name, facts) => void traces.events.push({ name, facts: { ...facts } }) },
  };
  const run: AgentBench["run"] = (changes) =>
    runAgent(world, agentOptions({ onWake: (given) => (wake = given), ...changes }));
  const until: AgentBench["until"] = async (found) => {
    // Far beyond what any test needs: what never comes is reported with what has.
    for (let turns = 0; !found(); turns++) {
      if (turns > 2_000) throw new Error(`it has not happened: ${JSON.stringify(traces.events)}`);
      await new Promise((done) => setImmediate(done));
      await clock.advance(100);
    }
  };
  return {
    ...traces,
    clock,
    record: () => record,
    change: (changed, state = {}) => {
      record = { ...record, ...changed, version: record.version + 1 };
      runner.change(state);
      wake();
    },
    run,
    ended: async (changes) => {
      let reason: string | undefined;
      void run(changes).then((end) => (reason = end));
      await until(() => reason !== undefined);
      return reason ?? "";
    },
    until,
  };
}
