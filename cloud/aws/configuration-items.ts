// The configuration's items as they are stored, and reading them: what is wrong is said by name.
import * as z from "zod/mini";
import type { Brake } from "../../domain/brake.ts";
import {
  merge,
  problemsOf,
  type Defaults,
  type Kept,
  type Overlay,
  type StoredDefaults,
} from "../../domain/configuration.ts";
import { brakesKey, defaultsKey, overlayKey, pauseKey, table } from "../../domain/table.ts";
import { skewOf } from "../../domain/version.ts";
import type { LoadedSettings, Pause } from "../ports/settings.ts";
import { fromItem, toItem, type Item } from "./attribute-values.ts";
import { schemaOf } from "./stored-shape.ts";
import { architectures } from "../../domain/record.ts";

/** Its attributes are the names of `Defaults`; none is a key of an index. The stack writes the same. */
export const defaultsItem = (defaults: Defaults): Item => toItem({ ...defaults, [table.key]: defaultsKey });
export const overlayItem = (overlay: Overlay): Item => toItem({ ...overlay, [table.key]: overlayKey });
/** What changes `seen` to `overlay`, attribute by attribute; undefined where nothing does. */
export function overlayChange(overlay: Overlay, seen: Overlay) {
  const [next, before] = [toItem(overlay), toItem(seen)];
  const set = Object.keys(next).filter((name) => JSON.stringify(next[name]) !== JSON.stringify(before[name]));
  const remove = Object.keys(before).filter((name) => !Object.hasOwn(next, name));
  if (set.length + remove.length === 0) return undefined;
  const parts = [
    ...(set.length === 0 ? [] : [`SET ${set.map((name) => `#${name} = :${name}`).join(", ")}`]),
    ...(remove.length === 0 ? [] : [`REMOVE ${remove.map((name) => `#${name}`).join(", ")}`]),
  ];
  const values = Object.entries(next).flatMap(([name, value]) => (set.includes(name) ? [[`:${name}`, value]] : []));
  return {
    Key: overlayItem({}),
    UpdateExpression: parts.join(" "),
    ExpressionAttributeNames: Object.fromEntries([...set, ...remove].map((name) => [`#${name}`, name])),
    ...(set.length === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(values) as Item }),
  };
}

export const pauseItem = (pause: Pause): Item => toItem({ ...pause, [table.key]: pauseKey });

export const brakesItem = (brakes: readonly Brake[]): Item => toItem({ [table.key]: brakesKey, brakes });

const texts = z.array(z.string());
const byName = <T extends z.core.$ZodType>(shape: T) => z.record(z.string(), shape);
const usageClasses = z.enum(["spot", "on-demand"]);
const byArchitecture = z.partialRecord(z.enum(architectures), z.string());
const eachOptional = <Fields extends Readonly<Record<string, z.core.SomeType>>>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, z.exactOptional(field)])) as {
    [Name in keyof Fields]: z.ZodMiniExactOptional<Fields[Name]>;
  };

/** Read before all else: what another version has written may have any other shape. */
const versions = z.object({
  environment: z.string(),
  deployedBy: z.exactOptional(z.string()),
  schema: z.exactOptional(z.number()),
});
export const keptSchema = z.object({
  classes: texts,
  partitions: byName(z.string()),
  machines: texts,
  zones: texts,
  all: byName(texts),
});
const deployed = z.object({
  ...versions.shape,
  awsPartition: z.string(),
  region: z.string(),
  account: z.string(),
  queues: byName(z.object({ url: z.string(), unreadableUrl: z.string() })),
  templates: byName(z.object({ id: z.string(), version: z.string() })),
  subnets: z.array(z.object({ id: z.string(), zone: z.string() })),
  securityGroups: z.exactOptional(texts),
  imageParameters: byArchitecture,
  classes: z.exactOptional(
    byName(
      z.object(
        eachOptional({
          configHash: z.string(),
          usageClass: usageClasses,
          maxUses: z.number(),
          maxRuntimeMs: z.number(),
          spotMaxPrice: z.number(),
          imageParameters: byArchitecture,
        }),
      ),
    ),
  ),
  preRunnerScripts: z.exactOptional(byName(z.string())),
  launchableImages: z.exactOptional(z.object({ owners: texts, ids: texts })),
  forge: z.object({
    kind: z.literal("github"),
    serverUrl: z.string(),
    apiUrl: z.string(),
    repositories: texts,
    credentialParameter: z.exactOptional(z.string()),
    organisation: z.exactOptional(z.string()),
    enterprise: z.exactOptional(z.string()),
    runnerGroup: z.exactOptional(z.string()),
  }),
  configHash: z.string(),
  schedules: z.exactOptional(
    z.array(z.object({ name: z.string(), cron: z.string(), timezone: z.string(), idleFloors: byName(z.number()) })),
  ),
  partitions: byName(texts),
  anyRunsJobs: z.exactOptional(z.boolean()),
  kept: z.exactOptional(keptSchema),
});
const operational = z.object(
  eachOptional({
    resourceClasses: byName(z.object({ cpu: z.number(), mmem: z.number() })),
    idleMs: z.number(),
    maxRuntimeMs: z.number(),
    bootMs: z.number(),
    provisionMs: z.number(),
    maxInstances: z.number(),
    maxInstancesPerPartition: z.number(),
    preRunnerScript: z.string(),
    labels: texts,
    usageClass: usageClasses,
    idleFloors: byName(z.number()),
    maxUses: z.number(),
    maxAgeMs: z.number(),
    images: byArchitecture,
  }),
);
/** Of the defaults item alone; undefined where it was written before this was. */
export const keptIn = (item: Item): Kept | undefined => z.optional(keptSchema).parse(fromItem(item)["kept"]);

/** Unknown names are let through: a newer stack may have written more than this version reads. */
export const defaultsSchema = schemaOf<StoredDefaults>()(z.extend(deployed, operational.shape));
const overlaySchema = schemaOf<Overlay>()(
  z.extend(operational, {
    scheduled: z.exactOptional(z.object({ at: z.number(), idleFloors: byName(z.number()) })),
  }),
);
const pauseSchema = schemaOf<Pause>()(z.object({ reason: z.string(), at: z.number() }));
const brakesSchema = z.object({
  brakes: z.array(
    schemaOf<Brake>()(
      z.object({
        partition: z.string(),
        resourceClass: z.string(),
        architecture: z.enum(architectures),
        imageId: z.string(),
        templateVersion: z.string(),
        configHash: z.string(),
        lost: z.number(),
        until: z.number(),
      }),
    ),
  ),
});

const problemsIn = (what: string, error: z.core.$ZodError): readonly string[] =>
  error.issues.map(({ path, message }) => `${what}.${path.map(String).join(".")}: ${message}`);

export type Reading = LoadedSettings | { readonly problems: readonly string[] } | { readonly skew: string };

/** Reads the three items by their keys; `problems` says, one line each, why they are no configuration, `skew` that another version is needed. */
export function readConfiguration(items: readonly Item[]): Reading {
  const found = new Map(items.map((item) => [item[table.key]?.S, fromItem(item)]));
  const stored = found.get(defaultsKey);
  if (stored === undefined) return { problems: [`the item "${defaultsKey}" is missing`] };
  const version = versions.safeParse(stored);
  const skew = version.success ? skewOf(version.data.environment, version.data) : undefined;
  if (skew !== undefined) return { skew };
  const defaults = defaultsSchema.safeParse(stored);
  if (!defaults.success) return { problems: problemsIn(defaultsKey, defaults.error) };
  const pause = found.has(pauseKey) ? pauseSchema.safeParse(found.get(pauseKey)) : undefined;
  const deployed = merge(defaults.data, {});
  const problems = problemsOf(deployed);
  if (problems.length > 0) return { problems: problems.map(({ words }) => words) };
  // A pause that cannot be read pauses all the same: it was written to stop something.
  const paused = pause && (pause.success ? pause.data : { reason: "a pause without a readable reason", at: 0 });
  const held = brakesSchema.safeParse(found.get(brakesKey));
  const brakes = held.success ? held.data : {};
  const rest = { defaults: defaults.data, ...brakes, ...(paused === undefined ? {} : { paused }) };
  const laid = readOverlay(defaults.data, found.get(overlayKey));
  // What has to end, ends by what was deployed: a slip in the overlay must not keep refresh from its work.
  if ("problems" in laid) return { configuration: deployed, overlay: {}, overlayProblems: laid.problems, ...rest };
  return { ...laid, ...rest };
}

function readOverlay(
  defaults: StoredDefaults,
  stored: unknown,
): Pick<LoadedSettings, "configuration" | "overlay"> | { readonly problems: readonly string[] } {
  const parsed = overlaySchema.safeParse(stored ?? {});
  if (!parsed.success) return { problems: problemsIn(overlayKey, parsed.error) };
  const overlay = parsed.data;
  const configuration = merge(defaults, overlay);
  const problems = problemsOf(configuration).map(({ words }) => `${overlayKey}: ${words}`);
  return problems.length > 0 ? { problems } : { configuration, overlay };
}
