// Selection in a warm process: what fits is claimed, or known not to be there.
import { runGroup } from "../../domain/owner.ts";
import { provision } from "../../control/runs/provision.ts";
import type { ControlWorld } from "../../control/world.ts";
import type { BenchCloud, Environment } from "../bench-cloud.ts";
import { idleInstance, several } from "../instances.ts";
import { inTurn, rowOf, type Sample, type Targets, type Result } from "../measure.ts";
import { look, take, type ReferenceOptions } from "../reference.ts";
import { referenceOptions } from "../reference-options.ts";
import { freshRun, requestFor, worldOf } from "../requests.ts";

const rounds = 9;
/** After the claims (or the knowledge that there are none) messages are still deleted or given back: they count as calls. */
const settleMs = 60;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Clients with their connections open, as a warm process has them. */
async function warm(world: ControlWorld): Promise<void> {
  await Promise.all(several50.map(() => world.instances.ofGroup(runGroup("0"))));
  await Promise.all(several50.slice(0, 5).map(() => world.pool.depth("large")));
}
const several50 = Array.from({ length: 50 });

async function warmReference(options: ReferenceOptions): Promise<void> {
  await Promise.all(several50.map(() => look({ ...options, pool: "none" })));
}

const unexpected = (outcome: object): never => {
  throw new Error(`not selected: ${JSON.stringify(outcome)}`);
};

/** Takes `count` of a hundred that fit. */
export async function selectOnce(cloud: BenchCloud, count: number): Promise<Sample> {
  const environment = await poolOf100(cloud);
  let claimed = 0;
  const gate = Promise.withResolvers<void>();
  const all = Promise.withResolvers<number>();
  const world = worldOf(cloud, environment, {
    event: (...[name]) => {
      if (name === "instance.claimed" && ++claimed === count) all.resolve(performance.now());
    },
  });
  await warm(world);
  // Validation is not selection: its reads wait until selection has been counted.
  const gated: ControlWorld = {
    ...world,
    instances: { ...world.instances, read: async (keys) => gate.promise.then(() => world.instances.read(keys)) },
  };
  await cloud.reset();
  const begun = performance.now();
  const whole = provision(gated, requestFor(count));
  const claimedAt = await Promise.race([all.promise, whole.then(unexpected)]);
  await pause(settleMs);
  const calls = await cloud.calls();
  gate.resolve();
  const outcome = await whole;
  if (outcome.kind !== "ready" || outcome.reused !== count) unexpected(outcome);
  return { ms: claimedAt - begun, calls };
}

async function referenceOnce(cloud: BenchCloud, environment: Environment, count: number): Promise<Sample> {
  const options = referenceOptions(cloud, environment);
  await warmReference(options);
  await cloud.reset();
  const begun = performance.now();
  const { keys, deleted } = await take(options, count, freshRun());
  const ms = performance.now() - begun;
  await deleted;
  if (keys.length !== count) throw new Error(`the reference took ${keys.length} of ${count}`);
  return { ms, calls: await cloud.calls() };
}

async function poolOf100(cloud: BenchCloud): Promise<Environment> {
  const environment = await cloud.environment();
  await cloud.put(
    environment,
    several(100, () => idleInstance(environment)),
  );
  return environment;
}

export async function selectRow(cloud: BenchCloud, count: number, targets: Targets): Promise<Result> {
  const { samples, references } = await inTurn(
    rounds,
    () => selectOnce(cloud, count),
    async () => referenceOnce(cloud, await poolOf100(cloud), count),
  );
  return rowOf(`select-${count}`, samples, references, targets);
}

/** Provision's way to knowing that nothing fits: it then reserves for what it would create. */
export async function misfitsOnce(cloud: BenchCloud): Promise<Sample> {
  const environment = await misfits(cloud);
  const cancel = new AbortController();
  const world = worldOf(cloud, environment);
  await warm(world);
  let sample: Sample | undefined;
  let begun = 0;
  const asked: ControlWorld = {
    ...world,
    settings: {
      ...world.settings,
      reserve: async () => {
        if (sample === undefined) {
          const ms = performance.now() - begun;
          sample = { ms };
          await pause(settleMs);
          sample = { ms, calls: await cloud.calls() };
          cancel.abort();
        }
        return { kind: "full", scope: "environment" };
      },
    },
  };
  await cloud.reset();
  begun = performance.now();
  await provision(asked, requestFor(10, ["c*"]), { cancel: cancel.signal });
  if (sample === undefined) throw new Error("the misfits were taken");
  return sample;
}

async function misfitsReference(cloud: BenchCloud, environment: Environment): Promise<Sample> {
  const options = referenceOptions(cloud, environment);
  await warmReference(options);
  await cloud.reset();
  const begun = performance.now();
  if ((await look(options, "c")) !== 0) throw new Error("the reference found some that fit");
  return { ms: performance.now() - begun, calls: await cloud.calls() };
}

async function misfits(cloud: BenchCloud): Promise<Environment> {
  const environment = await cloud.environment();
  await cloud.put(
    environment,
    several(1000, () => idleInstance(environment)),
  );
  return environment;
}

export async function misfitsRow(cloud: BenchCloud, targets: Targets): Promise<Result> {
  const { samples, references } = await inTurn(
    5,
    () => misfitsOnce(cloud),
    async () => misfitsReference(cloud, await misfits(cloud)),
  );
  return rowOf("select-misfits-1000", samples, references, targets);
}
