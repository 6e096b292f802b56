// A process of the system: its calls take time and may get lost, and it may die at any await; then nothing of it happens any more.
import type { Clock, Random } from "../../cloud/ports/clock.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import type { Chance } from "../../sim/chance.ts";
import type { Fault, Faults } from "./faults.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What every process of a world shares. */
export interface Around {
  readonly time: VirtualTime;
  readonly faults: Faults;
  /** Told of every event that a process logs. */
  readonly heard: (process: string, name: string, facts: Record<string, unknown>) => void;
}

export interface Call<T> {
  /** E.g. `ec2.launch`. */
  readonly what: string;
  /** Happens at the moment in which the service takes the request. */
  apply(): T;
  /** What the caller gets where no reply comes: a value, or a throw. */
  lost(problem: string): T;
  /** `read`: nothing changes, so a loss after applying is a loss. `once`: retries carry a token, so no retry applies twice. */
  readonly kind: "read" | "write" | "once";
}

export interface Process {
  readonly name: string;
  readonly alive: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly chance: Chance;
  readonly log: Log;
  /** Ends it: nothing that it awaits comes back, and it begins nothing more. What it has sent already still arrives. */
  kill(): void;
  /** Called once when it dies. */
  onDeath(then: () => void): void;
  call<T>(call: Call<T>): Promise<T>;
  /** A call that rejects with `OutOfReach` where no reply comes. */
  ask<T>(what: string, kind: Call<T>["kind"], apply: () => T): Promise<T>;
  /** Waits for something else than a call; never resolves in a dead process. */
  wait<T>(begin: (done: (value: T) => void) => void): Promise<T>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly chance: Chance;
  /** How far its clock is ahead, ms. */
  readonly skewMs?: number;
  /** Dies at this await (1 = the first), if it gets there. */
  readonly diesAtAwait?: number;
  /** Whether it can reach the network now. */
  readonly cutOff?: () => boolean;
}

const longestNapMs = 5_000;

/** An await to die at, of 1 to `most`: as often in the first ten as in the tenth ten times as far, since processes differ that much in length. */
export const anyAwait = (chance: Chance, most: number): number => Math.floor(most ** chance.next());

/** Never settles: how the world looks to the dead. */
const never = <T>(): Promise<T> => new Promise<T>(() => {});

type Fate = "ok" | "slow" | "lost before" | "lost after" | "late" | "twice" | "throttled";

const faultOf: Readonly<Record<Exclude<Fate, "ok">, Fault>> = {
  slow: "slow",
  "lost before": "lostBefore",
  "lost after": "lostAfter",
  late: "late",
  twice: "twice",
  throttled: "throttled",
};

function fateOf(chance: Chance, faults: Faults, kind: Call<unknown>["kind"]): Fate {
  const fate = drawn(chance, faults, kind);
  if (fate !== "ok") faults.meet(faultOf[fate]);
  return fate;
}

function drawn(chance: Chance, faults: Faults, kind: Call<unknown>["kind"]): Fate {
  const { rates } = faults;
  const draw = chance.next();
  let below = 0;
  const within = (rate: number): boolean => draw < (below += rate);
  if (within(rates.lostBefore)) return "lost before";
  if (within(rates.throttled)) return "throttled";
  if (within(rates.slow)) return "slow";
  if (kind === "read") return "ok";
  if (within(rates.lostAfter)) return "lost after";
  if (within(rates.late)) return "late";
  if (kind !== "once" && within(rates.twice)) return "twice";
  return "ok";
}

export function startProcess(around: Around, options: ProcessOptions): Process {
  const { time, faults } = around;
  const { name, chance, skewMs = 0, diesAtAwait = Number.POSITIVE_INFINITY } = options;
  let alive = true;
  let awaits = 0;
  /** Sleeps one after another without a call between. */
  let naps = 0;
  const deaths: (() => void)[] = [];

  const kill = (): void => {
    if (!alive) return;
    alive = false;
    time.note(`${name} died`);
    for (const then of deaths) then();
  };
  /** Counts an await; false where the process is dead, or dies here without having begun what it awaits. */
  const begins = (): "yes" | "no" | "and dies" => {
    if (!alive) return "no";
    if (++awaits < diesAtAwait || faults.healed) return "yes";
    const sent = chance.happens(0.5);
    if (!sent) kill();
    return sent ? "and dies" : "no";
  };
  const wait = <T>(begin: (done: (value: T) => void) => void): Promise<T> => {
    const begun = begins();
    if (begun === "no") return never();
    return new Promise((resolve) => {
      begin((value) => {
        if (alive) resolve(value);
      });
      if (begun === "and dies") kill();
    });
  };
  type Reply<T> = { readonly value: T } | { readonly error: unknown };
  const attempt = <T>(work: () => T): Reply<T> => {
    try {
      return { value: work() };
    } catch (error) {
      return { error };
    }
  };
  const send = <T>(call: Call<T>, reply: (reply: Reply<T>) => void): void => {
    const { what, kind } = call;
    const apply = (): T => call.apply();
    const fate = options.cutOff?.() === true ? "lost before" : fateOf(chance, faults, kind);
    const event = `${name} ${what}`;
    around.heard(name, "world.called", { what, fate });
    const wire = 4 + Math.floor(chance.next() * 30);
    const giveUp = 1_000 + Math.floor(chance.next() * 14_000);
    const lose = (problem: string): void => {
      time.after(giveUp, `${event} ${problem}`, () => reply(attempt(() => call.lost(`${what}: ${problem}`))));
    };
    switch (fate) {
      case "ok":
        return void time.after(wire, event, () => reply(attempt(apply)));
      case "slow":
        return void time.after(wire + Math.floor(giveUp / 5), event, () => {
          const answer = attempt(apply);
          time.after(Math.floor(giveUp / 5), `${event} answered`, () => reply(answer));
        });
      case "twice":
        return void time.after(wire, event, () => {
          attempt(apply);
          time.after(Math.floor(giveUp / 3), `${event} again`, () => reply(attempt(apply)));
        });
      case "lost before":
        return lose("no reply");
      case "throttled":
        return lose("throttled");
      case "lost after":
        time.after(wire, event, () => attempt(apply));
        return lose("no reply");
      case "late":
        time.after(giveUp + 1 + Math.floor(chance.next() * 5_000), `${event} late`, () => attempt(apply));
        return lose("no reply");
    }
  };
  const call = async <T>(one: Call<T>): Promise<T> => {
    naps = 0;
    const answer = await wait<Reply<T>>((done) => send(one, done));
    if ("error" in answer) throw answer.error;
    return answer.value;
  };
  return {
    name,
    get alive() {
      return alive;
    },
    chance,
    random: { next: () => chance.next(), id: () => chance.id() },
    log: {
      event: (event, facts) => {
        if (alive) around.heard(name, event, { ...facts });
      },
    },
    clock: {
      now: () => time.now() + skewMs,
      sleep: (ms, wake) =>
        wait((done) => {
          if (wake?.aborted === true) return void time.after(0, `${name} woke`, () => done(undefined));
          // Short sleeps that lead to nothing grow longer, as on a machine short of processor time: it saves thousands of events a world.
          const stretch = ms < longestNapMs ? Math.min(2 ** Math.max(0, naps++ - 2), longestNapMs / ms) : 1;
          const timer = time.after(Math.max(0, ms) * stretch, `${name} slept`, () => end());
          const end = (): void => {
            timer.cancel();
            wake?.removeEventListener("abort", end);
            done(undefined);
          };
          wake?.addEventListener("abort", end, { once: true });
        }),
    },
    kill,
    onDeath: (then) => {
      if (alive) deaths.push(then);
      else then();
    },
    wait,
    call,
    ask: <T>(what: string, kind: Call<T>["kind"], apply: () => T): Promise<T> => {
      const lost = (problem: string): never => {
        throw new OutOfReach(problem);
      };
      return call({ what, kind, apply, lost });
    },
  };
}
