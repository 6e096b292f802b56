// Virtual time: a queue of events in the order of (moment, seeded tie-break); nothing in a world uses the host's time.
import type { Chance } from "../../sim/chance.ts";
import type { EpochMs } from "../../cloud/ports/clock.ts";

/** An event that is to happen; cancelling one that has happened does nothing. */
export interface Scheduled {
  cancel(): void;
}

export interface VirtualTime {
  now(): EpochMs;
  /** `what` names the event in the hash; `run` must not throw. */
  at(moment: EpochMs, what: string, run: () => void): Scheduled;
  after(ms: number, what: string, run: () => void): Scheduled;
  /** Makes a fact part of the hash: every committed write is one. */
  note(fact: string): void;
  /** Lets events happen until the moment; then that is now. Ends early once stopped. */
  run(until: EpochMs): Promise<void>;
  /** Lets events happen until the promise has settled: for callers that await a port directly. */
  settle<T>(promise: Promise<T>): Promise<T>;
  stop(): void;
  readonly events: number;
  /** Of every event and every noted fact so far, in their order: sixteen hexadecimal digits. */
  hash(): string;
}

interface Entry extends Scheduled {
  readonly moment: EpochMs;
  readonly tie: number;
  readonly what: string;
  run: (() => void) | undefined;
}

const earlier = (a: Entry, b: Entry): boolean => a.moment < b.moment || (a.moment === b.moment && a.tie < b.tie);

/** A binary heap, earliest first. */
function heapOfEntries(): { push(entry: Entry): void; peek(): Entry | undefined; pop(): Entry | undefined } {
  const heap: Entry[] = [];
  const swap = (i: number, j: number): void => {
    const held = heap[i] as Entry;
    heap[i] = heap[j] as Entry;
    heap[j] = held;
  };
  const rise = (from: number): void => {
    for (let i = from; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!earlier(heap[i] as Entry, heap[parent] as Entry)) return;
      swap(i, parent);
      i = parent;
    }
  };
  const sink = (): void => {
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && earlier(heap[child] as Entry, heap[least] as Entry)) least = child;
      if (least === i) return;
      swap(i, least);
      i = least;
    }
  };
  return {
    push(entry) {
      heap.push(entry);
      rise(heap.length - 1);
    },
    peek: () => heap[0],
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (first !== last && last !== undefined) {
        heap[0] = last;
        sink();
      }
      return first;
    },
  };
}

/** Two 32-bit lanes of FNV-1a with different bases. */
function runningHash(): { add(text: string): void; digest(): string } {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  return {
    add(text) {
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        a = Math.imul(a ^ code, 0x01000193);
        b = Math.imul(b ^ (code + i), 0x01000193) ^ (b >>> 13);
      }
    },
    digest: () => [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join(""),
  };
}

/** A turn of the host's event loop: every microtask that an event has set off is done before the next event. */
const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** More events than any world needs: a loop that never waits is found by its work, not by a clock of the host. */
const mostEvents = 200_000;

/** `endless`: called once where more has happened than in any sound world, which then stops. */
export function virtualTime(start: EpochMs, chance: Chance, endless: () => void = () => {}): VirtualTime {
  const heap = heapOfEntries();
  const hash = runningHash();
  const ties = chance.fork("ties");
  let now = start;
  let events = 0;
  let stopped = false;

  const at = (moment: EpochMs, what: string, run: () => void): Scheduled => {
    const entry: Entry = {
      moment: Math.max(moment, now),
      tie: ties.next(),
      what,
      run,
      cancel: () => {
        entry.run = undefined;
      },
    };
    heap.push(entry);
    return entry;
  };
  /** Lets the next event happen, if it does by then. */
  const step = async (until: EpochMs): Promise<boolean> => {
    for (let next = heap.peek(); next !== undefined && next.moment <= until; next = heap.peek()) {
      heap.pop();
      const { run } = next;
      if (run === undefined) continue;
      now = next.moment;
      if (++events > mostEvents) {
        stopped = true;
        endless();
        return false;
      }
      hash.add(`${now} ${next.what}`);
      run();
      await drained();
      return true;
    }
    return false;
  };
  return {
    now: () => now,
    at,
    after: (ms, what, run) => at(now + ms, what, run),
    note: (fact) => hash.add(fact),
    async run(until) {
      await drained();
      for (;;) if (stopped || !(await step(until))) break;
      if (!stopped) now = Math.max(now, until);
    },
    async settle(promise) {
      const state = { settled: false };
      const whole = (async () => {
        try {
          return await promise;
        } finally {
          state.settled = true;
        }
      })();
      whole.catch(() => undefined);
      await drained();
      for (;;) if (state.settled || stopped || !(await step(Number.POSITIVE_INFINITY))) break;
      if (!state.settled) throw new Error("nothing can happen any more that would settle this promise");
      return await whole;
    },
    stop: () => {
      stopped = true;
    },
    get events() {
      return events;
    },
    hash: () => hash.digest(),
  };
}
