// Provision's selection as an executable: competes for instances, prints what it won, and ends without waiting for their runners.
import { provision } from "../control/runs/provision.ts";
import { parseRequest } from "../domain/request.ts";
import { controlWorld } from "../entry/control-world.ts";

const text = (name: string): string => process.env[name] ?? "";
const count = Number(text("BENCH_COUNT"));
const won: string[] = [];
const all = Promise.withResolvers<void>();
const world = controlWorld({
  environment: text("RUNPOOL_ENVIRONMENT"),
  region: text("AWS_REGION"),
  log: {
    event: (name, facts) => {
      if (name === "instance.claimed") won.push(facts.instance);
      if (name === "instance.created") won.push("created");
      if (won.length === count) all.resolve();
    },
  },
});
const { instances } = world;
const writes: Promise<void>[] = [];
const kept = (write: Promise<void>): Promise<void> => {
  writes.push(write);
  return write;
};
const selecting = {
  ...world,
  // Its messages are deleted and given back before it ends, as provision's are.
  pool: {
    ...world.pool,
    drop: (name: string, receipts: readonly string[]) => kept(world.pool.drop(name, receipts)),
    giveBack: (name: string, receipts: readonly string[]) => kept(world.pool.giveBack(name, receipts)),
  },
  instances: { ...instances, read: async () => all.promise.then(() => new Promise<never>(() => {})) },
};
const loaded = await world.settings.load();
const parsed = parseRequest(
  {
    runId: text("BENCH_RUN"),
    attempt: "1",
    name: "provision",
    repository: text("BENCH_REPOSITORY"),
    instanceCount: text("BENCH_COUNT"),
    resourceClass: "large",
    architecture: "x64",
    usageClass: "on-demand",
    allowedInstanceTypes: text("BENCH_TYPES"),
    labels: "",
    fallback: "false",
  },
  loaded.configuration.resourceClasses,
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
void provision(selecting, parsed.request, { loaded });
await all.promise;
await new Promise((resolve) => setTimeout(resolve, 1));
await Promise.all(writes);
process.stdout.write(`${won.join(" ")}\n`);
process.exit(0);
