// A hundred and fifty seeded worlds, one to three simulated hours each (now and then a day): no promise is broken, and a seed is always the same world.
import { expect, test } from "vitest";
import { noFaults, type Fault } from "../world/faults.ts";
import { simulateSeeds } from "./seeds.ts";
import { simulate, type SimulationResult } from "./simulation.ts";

const seeds = 150;
/** A world is bounded by its events (below, and in virtual time), and a busy machine may take its time over them. */
const unlimited = 0;

const told = ({ seed, violations }: SimulationResult): string =>
  `${violations.map(({ rule, detail }) => `${rule}: ${detail}`).join("; ")} -- npm run simulate -- --seeds 1 --from ${seed} --trace`;

test(`no promise is broken in ${seeds} worlds, and nothing is left of them`, { timeout: unlimited }, async () => {
  const results: SimulationResult[] = [];
  await simulateSeeds({
    count: seeds,
    from: 1,
    onResult: (result) => {
      results.push(result);
    },
  });
  expect(results.filter(({ violations }) => violations.length > 0).map(told)).toEqual([]);
  expect(results).toHaveLength(seeds);
  // Twenty thousand, and as many for the days that a machine of somebody else's may last.
  expect(Math.max(...results.map(({ events }) => events))).toBeLessThanOrEqual(40_000);
  expect(Math.min(...results.map(({ workflows }) => workflows))).toBeGreaterThanOrEqual(20);
  expect(Math.max(...results.map(({ workflows }) => workflows))).toBeGreaterThan(50);
  expect(results.filter(({ hours, spanHours }) => hours < spanHours || hours < 1).map(({ seed }) => seed)).toEqual([]);
  expect(results.filter(({ hours }) => hours >= 24).length, "worlds of a day").toBeGreaterThan(seeds / 50);
  const met = (fault: Fault): number => results.reduce((all, one) => all + one.met[fault], 0);
  const faults = Object.keys(noFaults) as Fault[];
  expect(faults.filter((fault) => met(fault) < seeds / 6).map((fault) => `${fault} ${met(fault)}`)).toEqual([]);
  // The worlds must have been worth it: every kind of end, many machines, jobs done.
  const sum = (name: keyof SimulationResult["tally"]): number =>
    results.reduce((all, { tally }) => all + tally[name], 0);
  for (const name of ["ready", "failed", "cancelled", "died", "released", "created", "reused", "jobs"] as const)
    expect(sum(name), name).toBeGreaterThan(seeds / 2);
});

test("one seed twice is one world: the same events, the same writes", { timeout: unlimited }, async () => {
  const first = await simulate(3);
  const second = await simulate(3);
  const other = await simulate(4);
  expect(second.hash).toBe(first.hash);
  expect(second.events).toBe(first.events);
  expect(other.hash).not.toBe(first.hash);
});
