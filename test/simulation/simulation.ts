// One seed, one world: workflows under faults, then everything heals, then nothing may be left.
import { longestLifeMs } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { chance as chanceOf } from "../../sim/chance.ts";
import type { Violation } from "../world/checks.ts";
import { misuse } from "../world/hostile-workflow.ts";
import { drawRates, type Fault, type Rates } from "../world/faults.ts";
import { isPaidFor } from "../world/machine.ts";
import { worldOf, type World } from "../world/world.ts";
import { agentOf } from "../control/calm-world.ts";
import { lookIntoEveryQueue } from "./leftovers.ts";
import { noTally, orchestrate, refreshOnSchedule, type Tally } from "./orchestration.ts";
import { countersAreRight, idleOnesAreQueued, nothingLeft } from "./promises.ts";
import { workload } from "./workload.ts";

const minute = 60_000;
/** Workflows that begin in any world, however much each of them does. */
const leastWorkflows = 20;
/** Beyond these a world that has seen this many events gets no further ones: with what is under way it stays within twenty thousand. */
const busyEvents = 8_500;
/** A world that has seen this many heals early and goes on: what begins then costs little. */
const tiredEvents = 13_000;

export interface SimulationResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly hash: string;
  readonly events: number;
  readonly hours: number;
  /** How long it was to last, and how many workflows began in it. */
  readonly spanHours: number;
  readonly workflows: number;
  readonly tally: Tally;
  readonly rates: Rates;
  /** How often each fault has happened. */
  readonly met: Readonly<Record<Fault, number>>;
}

export interface SimulationOptions {
  /** Faults at rates of one's own, where others than the drawn ones are wanted. */
  readonly rates?: Partial<Rates>;
  readonly heard?: (at: number, process: string, name: string, facts: Record<string, unknown>) => void;
}

function draw(seed: number) {
  const chance = chanceOf(seed).fork("plan");
  const rates = drawRates(chance);
  const workflows = chance.between(20, 60);
  // One in 25 lasts a day.
  const spanMs = chance.happens(1 / 25) ? 24 * 60 * minute : chance.between(30, 150) * minute;
  // Workflows that wait at the maximum ask again and again: with fewer places than these a world would hardly do anything else.
  const places = Math.ceil((workflows * 60 * minute) / spanMs);
  return {
    rates,
    workflows,
    spanMs,
    configure: {
      idleMs: chance.between(5, 20) * minute,
      maxInstances: chance.between(Math.max(10, Math.ceil(places / 2)), Math.max(40, 2 * places)),
      idleFloors: (chance.happens(0.2) ? { "large/x64": chance.between(1, 3) } : {}) as Record<string, number>,
      maxUses: chance.happens(0.2) ? chance.between(1, 3) : 0,
    },
  };
}

/** Lets the world go on until `over`, at most `limitMs`. */
async function runUntil(world: World, over: () => boolean, limitMs: number): Promise<boolean> {
  const until = world.time.now() + limitMs;
  while (!over() && world.checks.violations.length === 0 && world.time.now() < until)
    await world.time.run(Math.min(until, world.time.now() + minute));
  return over();
}

function heal(world: World): void {
  const now = world.time.now();
  world.faults.heal();
  // What is kept on purpose would hide what is kept by mistake.
  world.words.overlay = { ...world.words.overlay, idleFloors: {} };
  for (const machine of world.machines.all()) {
    if (machine.cutOff === undefined || machine.cutOff.to < now) continue;
    machine.cutOff = machine.cutOff.from > now ? undefined : { from: machine.cutOff.from, to: now };
    machine.wake();
  }
}

async function lookedInto(world: World): Promise<void> {
  const state = { over: false };
  void lookIntoEveryQueue(world).then(() => (state.over = true));
  const ended = await runUntil(world, () => state.over, 10 * minute);
  if (!ended && world.checks.violations.length === 0)
    world.checks.violated("its runners, or a clear failure", "looking into the queues never ends");
}

/** What somebody else commands may live for days; until it has ended refresh comes seldom, which is as well for a test of bounds. */
async function outlived(world: World, state: { refreshMs: number }): Promise<void> {
  const { machines, table, words } = world;
  const lives = (): boolean =>
    machines
      .all()
      .some((machine) => isPaidFor(machine) && (machine.taken !== undefined || table.isForged(machine.key)));
  if (!lives() || words.defaults === undefined) return;
  const seldomMs = 360 * minute;
  state.refreshMs = seldomMs;
  await runUntil(world, () => !lives(), longestLifeMs(words.defaults) + 4 * seldomMs);
  state.refreshMs = limits.refreshMs;
  await runUntil(world, () => false, seldomMs + 3 * limits.refreshMs);
}

export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const plan = draw(seed);
  const { heard } = options;
  const rates = { ...plan.rates, ...options.rates };
  const world = worldOf({
    seed,
    rates,
    runAgent: agentOf,
    configure: plan.configure,
    ...(heard === undefined ? {} : { heard }),
  });
  const tally = noTally();
  const everyMs: number = limits.refreshMs;
  const state = { over: false, closed: false, running: 0, begun: 0, refreshMs: everyMs };
  const begun = world.time.now();
  refreshOnSchedule(
    world,
    () => state.over,
    () => state.refreshMs,
  );
  for (const workflow of workload(world.chance, plan.workflows, plan.spanMs))
    world.time.after(workflow.beginsMs, `run ${workflow.runId} begins`, () => {
      if (state.closed || (state.begun >= leastWorkflows && world.time.events > busyEvents)) return;
      state.begun++;
      state.running++;
      const hostile = world.chance.fork(`hostile workflow ${workflow.runId}`);
      if (hostile.happens(world.faults.rates.hostileWorkflow)) misuse(world, hostile);
      void orchestrate(world, workflow, tally).then(() => state.running--);
    });
  if (await runUntil(world, () => world.time.events > tiredEvents, plan.spanMs)) heal(world);
  await runUntil(world, () => false, begun + plan.spanMs - world.time.now());
  state.closed = true;
  heal(world);
  const ended = await runUntil(world, () => state.running === 0, 120 * minute);
  if (!ended && world.checks.violations.length === 0)
    world.checks.violated("its runners, or a clear failure", `${state.running} workflows never end`);
  await runUntil(world, () => false, 2 * limits.refreshMs);
  if (world.checks.violations.length === 0) idleOnesAreQueued(world);
  await runUntil(world, () => false, limits.maxRuntimeMs);
  if (world.checks.violations.length === 0 && world.faults.met.hostileWorkflow === 0) countersAreRight(world);
  await outlived(world, state);
  if (world.checks.violations.length === 0) await lookedInto(world);
  if (world.checks.violations.length === 0) nothingLeft(world);
  state.over = true;
  return {
    seed,
    violations: world.checks.violations,
    hash: world.time.hash(),
    events: world.time.events,
    hours: (world.time.now() - begun) / (60 * minute),
    spanHours: plan.spanMs / (60 * minute),
    workflows: state.begun,
    tally,
    rates,
    met: world.faults.met,
  };
}
