// The model: what is in the world, what may go wrong in it, and how a step of it is told.
import type { Life } from "../../domain/instance.ts";
import type { Code } from "./code.ts";
import { layoutOf, type Layout, type Row } from "./layout.ts";
import { codeOf } from "./programs.ts";
import { Decisions, type AgentRules } from "./records.ts";

export type Run = "1" | "2";

export type Process =
  | {
      readonly kind: "provision";
      readonly name: string;
      readonly run: Run;
      readonly attempt: number;
      /** It may be cancelled at any moment until it has committed. */
      readonly cancelled?: boolean;
      readonly claims?: boolean;
      readonly creates?: boolean;
      /** After a crash it may be entered again; otherwise its post step gives back. */
      readonly reenters?: boolean;
    }
  /** `rights`: it may delete runners at GitHub. */
  | {
      readonly kind: "release";
      readonly name: string;
      readonly run: Run;
      readonly attempt: number;
      readonly rights: boolean;
    }
  /** On and on. */
  | { readonly kind: "refresh"; readonly name: string }
  /** Keeps an idle floor: creates without an owner, extends what is idle. */
  | { readonly kind: "floor"; readonly name: string; readonly creates: boolean; readonly keeps?: boolean }
  /** A caller of the table that has read a record and judges nothing: every condition that needs no fact of outside must hold by itself. */
  | { readonly kind: "stray"; readonly name: string };

/** How often each thing may go wrong in one world. */
export const mishaps = [
  /** Every process and every agent crashes so often, each of them at any step. */
  "crash",
  /** A move is made but its reply is lost. */
  "lost",
  /** An agent's write is on its way for any time. */
  "late",
  /** A machine dies. */
  "death",
  /** An agent is silent for more than a minute. */
  "silence",
  /** An agent does not reach the table. */
  "cut",
  /** An agent acts on a threshold that was extended. */
  "old",
  /** An agent's clock is ahead. */
  "skew",
  /** GitHub refuses a registration. */
  "refusal",
  /** What is kept of an ended one passes its threshold before it is deleted. */
  "aged",
  /** Somebody becomes root on a machine: nothing of ours runs on it any more, and its item says what it likes. */
  "hostile",
] as const;
export type Mishap = (typeof mishaps)[number];
/** What code of ours may be made to do without, at its ports. */
export interface Orders {
  /** Release asks to leave at all. */
  readonly releaseAsks: boolean;
  /** … before it deletes at GitHub. */
  readonly releaseAsksFirst: boolean;
  readonly refreshListsFirst: boolean;
  /** Refresh looks for a runner at GitHub after it has read the record, before it takes its absence for a proof. */
  readonly proveListsAgain: boolean;
  /** GitHub's word is a proof only of what was not registering when it was read, before the word. */
  readonly forgeProves: boolean;
}

/** What the model check may take away. */
export interface Rules extends AgentRules, Orders {
  readonly life: Life;
  /** An agent that has written decides again on the record in the reply. */
  readonly decidesOnReply: boolean;
}

export interface Spec {
  readonly name: string;
  readonly start: readonly ("absent" | "idle")[];
  readonly processes: readonly Process[];
  readonly faults: Readonly<Partial<Record<Mishap, number>>>;
  /** A job of run 1, for any of its runners. */
  readonly job: boolean;
  /** What idles is out of date, and is evicted. */
  readonly stale?: boolean;
  /** Agents act at any time, but on what they read in that moment. */
  readonly prompt?: boolean;
  /** Of all that may crash only the agents do. */
  readonly onlyAgentsCrash?: boolean;
  /** Nobody refreshes: then nothing is asked about what is left. */
  readonly unswept?: boolean;
}

/** A step: the state after it, who did what to which instance, and the promise that it breaks. */
export type Emit = (after: Row, who: string, what: string, instance: number, broken?: string) => void;

export interface Model {
  readonly spec: Spec;
  readonly rules: Rules;
  readonly layout: Layout;
  readonly table: Decisions;
  /** By process. */
  readonly codes: readonly Code[];
}

export const modelOf = (spec: Spec, rules: Rules): Model => ({
  spec,
  rules,
  layout: layoutOf(spec.start.length, spec.processes.length, mishaps.length),
  table: new Decisions(rules.life, rules),
  codes: spec.processes.map((process) => codeOf(spec, process, rules)),
});

/** What may happen so often in a world, whoever it happens to; of crashes each has its own. */
type Common = Exclude<Mishap, "crash">;

export const mayStill = ({ layout }: Model, row: Row, what: Common): boolean =>
  (row[layout.budgets + mishaps.indexOf(what)] as number) > 0;

/** A copy of the state in which one more of this has happened. */
export function spend({ layout }: Model, row: Row, what: Common): Row {
  const next = row.slice();
  const at = layout.budgets + mishaps.indexOf(what);
  next[at] = (next[at] as number) - 1;
  return next;
}

/** Of those that may crash: a bit a process. An agent's own stands on its machine. */
const mayCrashAt = ({ layout }: Model): number => layout.budgets + mishaps.indexOf("crash");

export const mayCrash = (model: Model, row: Row, process: number): boolean =>
  ((row[mayCrashAt(model)] as number) & (1 << process)) !== 0;

/** A copy of the state in which this process has crashed. */
export function crashed(model: Model, row: Row, process: number): Row {
  const next = row.slice();
  const at = mayCrashAt(model);
  next[at] = (next[at] as number) & ~(1 << process);
  return next;
}
