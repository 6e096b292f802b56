// Seeded chance: streams forked by name, so that one new draw in one place shifts no other.
import { hash32 } from "../domain/fingerprint.ts";
import type { Random } from "../cloud/ports/clock.ts";

/** A deterministic stream (mulberry32). `fork` gives an independent stream that depends only on seed and name. */
export interface Chance extends Random {
  fork(name: string): Chance;
  /** True with the given probability (0..1). */
  happens(probability: number): boolean;
  /** An integer in [low, high]. */
  between(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
}

/** Shaped as AWS's request and message ids: five groups of hexadecimal digits. */
export function uuidOf(chance: Pick<Chance, "id">): string {
  const digits = chance.id() + chance.id();
  return [8, 12, 16, 20, 32].map((end, at, ends) => digits.slice(ends[at - 1] ?? 0, end)).join("-");
}

export function chance(seed: string | number): Chance {
  const root = String(seed);
  let state = hash32(root);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (digits: number): string => {
    let text = "";
    while (text.length < digits) text += Math.floor(next() * 16).toString(16);
    return text;
  };
  return {
    next,
    id: () => hex(20),
    fork: (name) => chance(`${root}/${name}`),
    happens: (probability) => next() < probability,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: <T>(list: readonly T[]): T => {
      if (list.length === 0) throw new Error("pick from an empty list");
      return list[Math.floor(next() * list.length)] as T;
    },
  };
}
