// A machine for tests of the agent's loop: a record in memory, a runner that says what it is told to, a clock that is moved by hand.
import { runAgent } from "../../agent/agent.ts";
import type { AgentOptions, AgentWorld } from "../../agent/memory.ts";
import type {
  Host,
  OwnInstance,
  RegisterOutcome,
  RegisterRequest,
  RunnerState,
  Written,
} from "../../cloud/agent-ports.ts";
import { limits } from "../../domain/limits.ts";
import type { InstanceRecord, Registration } from "../../domain/record.ts";
import { now } from "../control/record-of.ts";
import { manualClock, type ManualClock } from "../sim/manual-clock.ts";

export interface AgentBench {
  readonly clock: ManualClock;
  readonly world: AgentWorld;
  readonly options: AgentOptions;
  readonly state: { -readonly [Key in keyof RunnerState]: RunnerState[Key] };
  readonly reports: readonly string[];
  readonly requests: readonly RegisterRequest[];
  /** What was done for good, in order: `retire`, `kill`, `power-off`. */
  readonly done: readonly string[];
  readonly events: readonly { readonly name: string; readonly facts: Readonly<Record<string, unknown>> }[];
  record(): InstanceRecord;
  /** Runs the agent; resolves with its end. */
  run(changes?: Partial<AgentOptions>): Promise<string>;
  /** Lets whatever is due happen, until `found`. */
  until(found: () => boolean): Promise<void>;
}

export interface BenchWish {
  readonly record: InstanceRecord;
  readonly own?: (clock: ManualClock) => Partial<OwnInstance>;
  readonly host?: Partial<Host>;
  readonly runner?: Partial<RunnerState>;
  /** What comes of a registration; without it the runner comes up. */
  readonly outcome?: RegisterOutcome;
  /** SSM parameters by name; without it every name holds a token. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** What a claimed record says of registering. */
export const registration: readonly [Registration] = [
  { forge: "github", url: "https://github.example/acme/shop", labels: ["7", "large"], mode: "token" },
];

export function agentBench(wish: BenchWish): AgentBench {
  let record = wish.record;
  const clock = manualClock(now);
  const reports: string[] = [];
  const requests: RegisterRequest[] = [];
  const done: string[] = [];
  const doing = (what: string): Promise<void> => Promise.resolve(void done.push(what));
  const events: { name: string; facts: Readonly<Record<string, unknown>> }[] = [];
  const state: AgentBench["state"] = {
    assignment: undefined,
    configured: false,
    listener: "none",
    busy: false,
    jobs: 0,
    ...wish.runner,
  };
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
    retire: async (retiredAt) => {
      await doing("retire");
      return written({ retiredAt });
    },
    ...wish.own?.(clock),
  };
  const register = (request: RegisterRequest): Promise<RegisterOutcome> => {
    requests.push(request);
    const outcome = wish.outcome ?? { kind: "registered" };
    state.assignment = request.assignment;
    if (outcome.kind === "registered") Object.assign(state, { configured: true, listener: "online" });
    return Promise.resolve(outcome);
  };
  const gone = { assignment: undefined, configured: false, listener: "none", busy: false } as const;
  const world: AgentWorld = {
    own,
    metadata: { interruption: () => Promise.resolve(undefined) },
    runner: {
      state: () => Promise.resolve({ ...state }),
      register,
      resume: () => Promise.resolve({ kind: "registered" }),
      stopIfIdle: () => Promise.resolve(state.busy ? "busy" : "stopped"),
      kill: () => doing("kill"),
      clean: () => Promise.resolve(void Object.assign(state, gone)),
    },
    host: {
      prepare: () => Promise.resolve({ kind: "prepared" }),
      report: (status) => Promise.resolve(void reports.push(status)),
      deadline: () => Promise.resolve(),
      diskFree: () => Promise.resolve(1),
      powerOff: () => doing("power-off"),
      ...wish.host,
    },
    secrets: {
      read: (name) => {
        const value = wish.secrets === undefined ? "ATOKEN" : wish.secrets[name];
        return Promise.resolve(value === undefined ? undefined : { value, writtenAt: now });
      },
    },
    clock,
    log: { event: (name, facts = {}) => void events.push({ name, facts }) },
  };
  const options: AgentOptions = {
    environment: "test",
    instanceId: record.instanceId,
    agentVersion: "0",
    pooled: true,
    bootMs: limits.bootMs,
    maxRuntimeMs: limits.maxRuntimeMs,
    turnMs: limits.agentTurnMs,
    anyRunsJobs: false,
    furtherRuns: [],
    onWake: () => undefined,
  };
  const turn = (): Promise<void> => new Promise((done) => setImmediate(done));
  return {
    clock,
    world,
    options,
    state,
    reports,
    requests,
    done,
    events,
    record: () => record,
    run: (changes) => runAgent(world, { ...options, ...changes }),
    until: async (found) => {
      // Far beyond what any test needs: one that waits for what never comes ends with its own limit of time otherwise.
      for (let turns = 0; !found(); turns++) {
        if (turns > 2_000) throw new Error(`it has not happened: ${JSON.stringify(events)}`);
        await turn();
        await clock.advance(100);
      }
    },
  };
}
