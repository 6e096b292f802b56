// What serving a demand does next, in every case: against the rules in words, and played to its end.
import { expect, test } from "vitest";
import { next, type Next, type Progress } from "../../control/pool/next.ts";
import { limits } from "../../domain/limits.ts";

const until = 1_000_000;
const pauseMs = 100;
const numbers = [0, 1, 2, 3] as const;
const flags = [false, true] as const;
/** Long before the end, just within the margin of a claim, and at the end. */
const moments = [until - 10 * limits.fewerAfterMs, until - limits.claimMarginMs, until] as const;

function* all(): Generator<{ readonly progress: Progress; readonly now: number }> {
  for (const now of moments)
    for (const [count, least] of [
      [1, 1],
      [2, 2],
      [2, 1],
    ] as const)
      for (const held of numbers)
        for (const ready of numbers.filter((few) => few <= held))
          for (const pending of numbers.filter((few) => held + few <= count || few === 0))
            for (const exhausted of flags)
              for (const supplied of flags)
                for (const notBefore of [0, now + 5000])
                  for (const ended of ["no", "cancelled", "released"] as const)
                    for (const quietMs of [0, limits.fewerAfterMs]) {
                      const [cancelled, released] = [ended === "cancelled", ended === "released"];
                      const [begun, lastTakenAt] = [now - limits.fewerAfterMs, held === 0 ? 0 : now - quietMs];
                      const sizes = { count, least, held, ready, pending };
                      const rest = { exhausted, supplied, notBefore, cancelled, released, begun, lastTakenAt, until };
                      yield { progress: { ...sizes, ...rest }, now };
                    }
}

const cases = [...all()];
const wrong = (rule: (progress: Progress, now: number, step: Next) => boolean): readonly unknown[] =>
  cases.filter(({ progress, now }) => !rule(progress, now, next(progress, now, pauseMs))).slice(0, 3);

test("who is cancelled or released gives back at once, and nobody else for that reason", () => {
  expect(cases.length).toBeGreaterThan(2000);
  expect(
    wrong(({ cancelled, released }, _, step) => {
      const why = cancelled ? "cancelled" : released ? "released" : undefined;
      const said = step.kind === "give back" && (step.why === "cancelled" || step.why === "released");
      return why === undefined ? !said : step.kind === "give back" && step.why === why;
    }),
  ).toEqual([]);
});

const goesOn = cases.filter(({ progress: { cancelled, released } }) => !cancelled && !released);

test("a supply begins where some are missing and may be had, and once at the beginning", () => {
  for (const { progress, now } of goesOn) {
    const { count, held, pending, exhausted, notBefore, supplied } = progress;
    const missing = count - held - pending;
    const due = !supplied || (missing > 0 && !exhausted && now >= notBefore);
    const step = next(progress, now, pauseMs);
    expect(step.kind === "supply", JSON.stringify(progress)).toBe(due);
    if (step.kind === "supply") expect(step.wanted).toBe(missing);
  }
});

const supplied = goesOn.filter(({ progress, now }) => next(progress, now, pauseMs).kind !== "supply");

test("all that were asked for are committed as soon as they are ready; fewer only where more do not come", () => {
  for (const { progress, now } of supplied) {
    const { count, least, held, ready, exhausted, pending, lastTakenAt } = progress;
    const step = next(progress, now, pauseMs).kind;
    const name = JSON.stringify({ progress, now });
    if (ready >= count) expect(step, name).toBe("commit");
    if (ready < least) expect(step, name).not.toBe("commit");
    if (ready >= count || ready < least) continue;
    const atTheEnd = now >= until - limits.claimMarginMs;
    const noneCome = (exhausted && pending === 0) || (held > 0 ? now - lastTakenAt >= limits.fewerAfterMs : true);
    // Those that are still booting are waited for until the end.
    expect(step === "commit", name).toBe(atTheEnd || (noneCome && ready >= Math.min(count, held)));
  }
});

test("it is given up at the end, or where no more can be had and what is held will not do; never while that may change", () => {
  for (const { progress, now } of supplied) {
    const step = next(progress, now, pauseMs);
    if (step.kind === "commit") continue;
    const { held, least, exhausted, pending } = progress;
    const hopeless = exhausted && pending === 0 && held < least;
    const why = now >= until ? "out of time" : hopeless ? "too few" : undefined;
    expect(step.kind === "give back" ? step.why : undefined, JSON.stringify({ progress, now })).toBe(why);
  }
});

test("a rest ends with its pause; with nothing in hand when the next supply may begin, never beyond the end", () => {
  for (const { progress, now } of supplied) {
    const step = next(progress, now, pauseMs);
    if (step.kind !== "validate") continue;
    const { held, pending, notBefore } = progress;
    const nothing = held === 0 && pending === 0;
    expect(step.at).toBe(nothing ? Math.min(until, Math.max(now + pauseMs, notBefore)) : now + pauseMs);
    expect(step.at).toBeGreaterThan(now);
  }
});
