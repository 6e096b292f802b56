// A clock corrected by the Date header of AWS's replies, so that a skewed host neither ends nor keeps an instance.
import type { Clock, EpochMs } from "../ports/clock.ts";

/** What a client's middleware stack and its replies look like to us: every SDK client has it, whatever its service. */
export interface Observable {
  readonly middlewareStack: {
    add(middleware: (next: Next) => Next, options: { step: "deserialize"; priority: "low" }): void;
  };
}
type Next = (args: never) => Promise<unknown>;

export interface CorrectedClock extends Clock {
  /** Takes a reply's Date header and the base clock's moments before and after the call. */
  observe(date: string | undefined, sentAt: EpochMs, receivedAt: EpochMs): void;
  /** Observes every reply of an SDK client, errors and retries included. */
  watch(client: Observable): void;
  /** Milliseconds added to the base clock: a whole number of seconds. */
  offset(): number;
}

const step = 1000;

/**
 * A Date header has whole seconds, cut off: at some moment between sending and receiving AWS's clock was within the second
 * that begins with it. The offset moves only when it contradicts that, in whole seconds and no further than needed; so the
 * clock of a good host is never touched, and the corrected one is right within a second and the time of a call.
 */
export function correctedClock(base: Clock): CorrectedClock {
  let offset = 0;
  const observe: CorrectedClock["observe"] = (date, sentAt, receivedAt) => {
    const reported = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(reported)) return;
    const least = reported - receivedAt;
    const beyond = reported + step - sentAt;
    if (offset < least) offset = Math.ceil(least / step) * step;
    else if (offset >= beyond) offset = Math.ceil(beyond / step) * step - step;
  };
  return {
    now: () => base.now() + offset,
    sleep: (ms, wake) => base.sleep(ms, wake),
    offset: () => offset,
    observe,
    watch: (client) => {
      const middleware = (next: Next) => async (args: never) => {
        const sentAt = base.now();
        const result = (await next(args)) as { response?: { headers?: Record<string, string> } };
        observe(result.response?.headers?.["date"], sentAt, base.now());
        return result;
      };
      client.middlewareStack.add(middleware, { step: "deserialize", priority: "low" });
    },
  };
}
