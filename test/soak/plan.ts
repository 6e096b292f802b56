// What a soak is to do, drawn from its seed: the workflows, and which process is killed at which of its calls.
import { chance, type Chance } from "../../sim/chance.ts";

export type Kind = "provision" | "release" | "refresh" | "agent";

export interface WorkflowPlan {
  /** What it waits before it begins, ms. */
  readonly pauseMs: number;
  readonly instances: number;
  readonly usageClass: "spot" | "on-demand";
  readonly allowedTypes: string;
  readonly jobs: number;
  /** What it does where its provision is killed: the same again, as a re-run job does; its release only; nothing more. */
  readonly afterKill: "again" | "release" | "nothing";
}

/** Killed as its nth call to AWS arrives: before that is applied, or after, so that its reply is lost with the process. */
export interface Kill {
  readonly call: number;
  readonly applied: boolean;
}

export interface Plan {
  readonly seed: string;
  workflow(serial: number): WorkflowPlan;
  /** What becomes of the nth process of a kind; undefined: it may live. One that makes fewer calls lives, too. */
  kill(kind: Kind, serial: number): Kill | undefined;
}

/** [share of the processes, latest call]: by calls and not by time, so that a slow host kills at the same places. */
const kills: Readonly<Record<Kind, readonly [share: number, latest: number]>> = {
  provision: [0.5, 30],
  release: [0.5, 10],
  refresh: [0.5, 16],
  // Two looks a second for as long as it lives.
  agent: [0.6, 40],
};

/** Each process draws from a stream of its own name, so that what one draws shifts no other. */
export function planOf(seed: string): Plan {
  const root = chance(`soak/${seed}`);
  const stream = (name: string, serial: number): Chance => root.fork(`${name}/${serial}`);
  return {
    seed,
    workflow: (serial) => {
      const luck = stream("workflow", serial);
      return {
        pauseMs: luck.between(0, 500),
        instances: luck.between(1, 3),
        usageClass: luck.happens(0.3) ? "spot" : "on-demand",
        allowedTypes: luck.pick(["", "", "c*", "m*"]),
        jobs: luck.between(1, 3),
        afterKill: luck.pick(["again", "release", "nothing"]),
      };
    },
    kill: (kind, serial) => {
      const luck = stream(kind, serial);
      const [share, latest] = kills[kind];
      return luck.happens(share) ? { call: luck.between(1, latest), applied: luck.happens(0.5) } : undefined;
    },
  };
}
