// What goes wrong in a world and how often: rates drawn once from the seed, printed with a failure, all zero once healed.
import type { Chance } from "../../sim/chance.ts";

/** Probabilities (0..1) a call, a machine or a process, and spans in ms. */
export interface Rates {
  /** A request that never arrives. */
  readonly lostBefore: number;
  /** A request that is applied and whose reply never arrives. */
  readonly lostAfter: number;
  /** A request that is applied after its caller has given up. */
  readonly late: number;
  /** A request that a retry applies twice; the caller gets the second reply. */
  readonly twice: number;
  /** Refused beyond all retries. */
  readonly throttled: number;
  /** A call that takes seconds. */
  readonly slow: number;
  /** The longest that an index lags behind the table, ms. */
  readonly indexLagMs: number;
  readonly falseEmpty: number;
  readonly duplicateDelivery: number;
  /** Beside a message that is sent, one that nobody can read. */
  readonly unreadable: number;
  /** A launch that gets fewer machines than it asked for, or none. */
  readonly noCapacity: number;
  readonly neverBoots: number;
  readonly bootsTooLate: number;
  readonly dies: number;
  readonly hangs: number;
  readonly spotNotice: number;
  /** A machine that cannot reach AWS for a while. */
  readonly cutOff: number;
  /** The longest that a machine's clock is off, ms. */
  readonly skewMs: number;
  readonly prepareFails: number;
  readonly registerFails: number;
  /** An agent that dies at one of its next awaits and is started again. */
  readonly agentDies: number;
  readonly provisionDies: number;
  readonly releaseDies: number;
  readonly refreshDies: number;
  /** GitHub answers 5xx. */
  readonly forgeFails: number;
  /** A listener that exits by itself. */
  readonly listenerExits: number;
  /** A launch that the account's quota allows in part, or not at all. */
  readonly quota: number;
  /** A call to GitHub that finds the rate limit used up, for minutes. */
  readonly forgeLimited: number;
  /** A call to GitHub that finds the credentials refused, for minutes. */
  readonly forgeRefuses: number;
  /** The longest that the corrected clock of a control-plane process is off, ms. */
  readonly controlSkewMs: number;
  /** A token of GitHub that lives for a few minutes only; met when a registration is refused for it. */
  readonly tokenExpires: number;
  /** A list of runners in which one is missing: another was deleted while the pages were read, and they moved up. */
  readonly listShifts: number;
  /** A machine whose root is somebody else's from a moment on: its agent writes what its role's policy allows, of any type and size. */
  readonly hostileAgent: number;
  /** A workflow that writes any record, counter or message that the provision role may, and launches machines of its own. */
  readonly hostileWorkflow: number;
  /** A machine that somebody stops at EC2: nothing runs on it any more, and its disks are paid for. */
  readonly stops: number;
  /** A record that a newer runpool has written: nobody here can read it, and its machine serves on. */
  readonly newerSchema: number;
  /** A metadata service that does not answer. */
  readonly metadataFails: number;
  /** A refresh that somebody starts by hand beside the one on schedule. */
  readonly refreshOverlaps: number;
}

/** The most of each that a world may have. */
export const ceilings: Rates = {
  lostBefore: 0.02,
  lostAfter: 0.03,
  late: 0.01,
  twice: 0.03,
  throttled: 0.02,
  slow: 0.05,
  indexLagMs: 20_000,
  falseEmpty: 0.5,
  duplicateDelivery: 0.2,
  noCapacity: 0.4,
  neverBoots: 0.08,
  bootsTooLate: 0.05,
  dies: 0.1,
  hangs: 0.06,
  spotNotice: 0.2,
  cutOff: 0.1,
  skewMs: 30_000,
  prepareFails: 0.05,
  registerFails: 0.15,
  agentDies: 0.3,
  provisionDies: 0.15,
  releaseDies: 0.25,
  refreshDies: 0.25,
  forgeFails: 0.15,
  listenerExits: 0.1,
  unreadable: 0.05,
  quota: 0.1,
  forgeLimited: 0.005,
  forgeRefuses: 0.005,
  // A step of the correction, and the time of a call (cloud/aws/clock.ts).
  controlSkewMs: 1_500,
  tokenExpires: 0.05,
  listShifts: 0.3,
  hostileAgent: 0.1,
  hostileWorkflow: 0.1,
  stops: 0.04,
  newerSchema: 0.02,
  metadataFails: 0.3,
  refreshOverlaps: 0.2,
};

export const noFaults: Rates = Object.fromEntries(Object.keys(ceilings).map((name) => [name, 0])) as unknown as Rates;

/** Each fault is absent in a third of the worlds, so that others show what it would hide. */
export function drawRates(chance: Chance): Rates {
  const draw = chance.fork("rates");
  return Object.fromEntries(
    Object.entries(ceilings).map(([name, ceiling]) => [name, draw.happens(1 / 3) ? 0 : ceiling * draw.next()]),
  ) as unknown as Rates;
}

export type Fault = keyof Rates;

export interface Faults {
  readonly rates: Rates;
  readonly healed: boolean;
  /** How often each has happened. */
  readonly met: Readonly<Record<Fault, number>>;
  /** One has happened: whoever makes it happen says so. */
  meet(fault: Fault): void;
  /** Turns every fault off for good. */
  heal(): void;
}

export function faultsAt(rates: Rates): Faults {
  let present = rates;
  const met: Record<Fault, number> = { ...noFaults };
  return {
    met,
    meet: (fault) => void met[fault]++,
    get rates() {
      return present;
    },
    get healed() {
      return present === noFaults;
    },
    heal: () => {
      present = noFaults;
    },
  };
}
