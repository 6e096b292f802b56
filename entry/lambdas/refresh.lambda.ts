// Refresh as a lambda: one refresh, its metrics, and an error where it could not look.
import { SSMClient } from "@aws-sdk/client-ssm";
import { clientOptions } from "../../cloud/aws/client-options.ts";
import { secrets } from "../../cloud/aws/secrets.ts";
import type { ForgeAuth } from "../../cloud/github/forge-client.ts";
import { refresh, type RefreshReport } from "../../control/refresh/refresh.ts";
import { partitionScopes } from "../../control/refresh/tokens.ts";
import type { ControlWorld } from "../../control/pool/world.ts";
import { limits } from "../../domain/limits.ts";
import { newsOf } from "../../domain/outcome.ts";
import { registrationTokenParameter } from "../../domain/names.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { controlWorld } from "../control-world.ts";
import { parseForgeCredential } from "../forge-credential.ts";
import { hostClock } from "../host-clock.ts";
import { jsonLog } from "../json-log.ts";
import { outcomeMetrics } from "./outcome-metrics.ts";
import { refreshMetrics } from "./refresh-metrics.ts";

const variable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set: deploy the control stack again`);
  return value;
};

type Credential = { readonly forge: ForgeAuth } | { readonly problem: string };

/** Without GitHub no token is renewed, but what AWS alone can tell is swept all the same. */
async function credential(region: string): Promise<Credential> {
  const name = variable("RUNPOOL_FORGE_CREDENTIAL");
  try {
    const held = await secrets(new SSMClient({ region, ...clientOptions() })).read(name);
    if (held === undefined) return { problem: `${name} is missing: write an App or a token to it` };
    const parsed = parseForgeCredential(held.value);
    return parsed.ok ? { forge: parsed.auth } : { problem: `${name} cannot be used: ${parsed.problem}` };
  } catch (error) {
    return { problem: `${name} cannot be used: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function oldestToken(world: ControlWorld): Promise<number | undefined> {
  const { configuration } = await world.settings.load();
  const names = [...partitionScopes(configuration).keys()].map((partition) =>
    registrationTokenParameter(configuration.environment, partition),
  );
  const held = await Promise.all(names.map(async (name) => (await world.secrets.read(name))?.writtenAt));
  const written = held.filter((at) => at !== undefined);
  return written.length === 0 ? undefined : Math.min(...written);
}

/** What came of provisions since the last refresh that told of it. Told twice at worst, where the last word here is lost. */
async function tellOutcomes(world: ControlWorld, environment: string): Promise<void> {
  const until = world.clock.now() - limits.outcomeTellMs;
  const { from, runs } = await world.requests.untold();
  for (const line of outcomeMetrics(environment, newsOf(runs, from, until))) process.stdout.write(`${line}\n`);
  if (until > from) await world.requests.tell(until);
}

/** Rejects where the environment cannot be read; problems of a part are in the report, the log and the metrics. */
export async function handler(): Promise<RefreshReport> {
  const environment = variable("RUNPOOL_ENVIRONMENT");
  const region = variable("AWS_REGION");
  const log = jsonLog(hostClock, { environment });
  const found = await credential(region);
  const unusable = "problem" in found ? [found.problem] : [];
  for (const problem of unusable) log.event("credential.of-no-use", { problem });
  const world = controlWorld({ environment, region, ...("forge" in found ? found : {}), log });
  let records: readonly InstanceRecord[] = [];
  const all = async () => {
    const found = await world.instances.all();
    records = found.items;
    return found;
  };
  const refreshed = await refresh({ ...world, instances: { ...world.instances, all } });
  const report = { ...refreshed, problems: [...unusable, ...refreshed.problems] };
  const seen = { environment, now: world.clock.now(), report, records, oldestToken: await oldestToken(world) };
  for (const line of refreshMetrics(seen)) process.stdout.write(`${line}\n`);
  // What could not be told is told by the next one; it makes no failure of a refresh that did its work.
  await tellOutcomes(world, environment).catch((error: unknown) =>
    log.event("outcomes.untold", { problem: String(error) }),
  );
  return report;
}
