// CreateTable, DescribeTable, DeleteTable, time to live, backups.
import { AwsFault } from "../http/service.ts";
import { invalid } from "./attribute-value.ts";
import {
  choiceOf,
  demandRecord,
  demandText,
  flagOf,
  listOf,
  missing,
  notFound,
  recordOf,
  recordsOf,
  tableName,
  type Action,
  type Context,
  type Input,
} from "./context.ts";
import { describe } from "./describe-table.ts";
import { namesOf } from "./keys.ts";
import type { KeySchema } from "./rows.ts";
import type { IndexSpec } from "./index-rows.ts";
import { openTable, type Table, type TableSpec } from "./table.ts";

const badParameter = (message: string): AwsFault => invalid(`One or more parameter values were invalid: ${message}`);

function readKeys(input: Input): KeySchema {
  const [first, second, ...more] = recordsOf(input, "KeySchema") ?? [];
  if (!first || more.length > 0) throw missing("KeySchema");
  const type = (key: Input): string => choiceOf(key, "KeyType", ["HASH", "RANGE"]) ?? "";
  if (type(first) !== "HASH") throw invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  if (!second) return { hash: demandText(first, "AttributeName") };
  if (type(second) !== "RANGE") throw invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  return { hash: demandText(first, "AttributeName"), range: demandText(second, "AttributeName") };
}

function readIndex(input: Input): IndexSpec {
  const projection = demandRecord(input, "Projection");
  const type = choiceOf(projection, "ProjectionType", ["ALL", "INCLUDE", "KEYS_ONLY"]);
  if (!type) throw badParameter("Unknown ProjectionType: null");
  const include = (listOf(projection, "NonKeyAttributes") ?? []) as string[];
  if (type === "INCLUDE" && include.length === 0) {
    throw badParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
  }
  if (type !== "INCLUDE" && include.length > 0) {
    throw badParameter(`ProjectionType is ${type}, but NonKeyAttributes is specified`);
  }
  return { name: demandText(input, "IndexName"), keys: readKeys(input), projection: type, include };
}

function readTypes(input: Input, used: ReadonlySet<string>): Record<string, string> {
  const types: Record<string, string> = {};
  for (const definition of recordsOf(input, "AttributeDefinitions") ?? []) {
    types[demandText(definition, "AttributeName")] = choiceOf(definition, "AttributeType", ["N", "S"]) ?? "";
  }
  const undefinedNames = [...used].filter((name) => !types[name]);
  if (undefinedNames.length > 0) {
    throw badParameter(
      `Some index key attributes are not defined in AttributeDefinitions. Keys: [${undefinedNames.join(", ")}], AttributeDefinitions: [${Object.keys(types).join(", ")}]`,
    );
  }
  if (Object.keys(types).length > used.size) {
    throw badParameter(
      "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
    );
  }
  return types;
}

function readSpec(context: Context, input: Input): TableSpec {
  const name = tableName(input);
  if (!/^[a-zA-Z0-9_.-]{3,255}$/.test(name)) {
    throw invalid(
      "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'",
    );
  }
  const keys = readKeys(input);
  const indexes = (recordsOf(input, "GlobalSecondaryIndexes") ?? []).map(readIndex);
  const twice = indexes.find((index, i) => indexes.findIndex((other) => other.name === index.name) < i);
  if (twice) throw badParameter(`Duplicate index name: ${twice.name}`);
  const billing = choiceOf(input, "BillingMode", ["PROVISIONED", "PAY_PER_REQUEST"]) ?? "PROVISIONED";
  if (billing === "PROVISIONED" || recordsOf(input, "LocalSecondaryIndexes"))
    throw invalid("The embedded DynamoDB has no tables with provisioned throughput, and no local secondary indexes.");
  if (recordOf(input, "ProvisionedThroughput")) {
    throw badParameter(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  }
  return {
    name,
    keys,
    types: readTypes(input, new Set([keys, ...indexes.map((index) => index.keys)].flatMap(namesOf))),
    indexes,
    createdAt: context.clock.now(),
    id: context.chance.id(),
    arn: `arn:aws:dynamodb:${context.region}:${context.account}:table/${name}`,
  };
}

function known(context: Context, name: string): Table {
  const table = context.tables.get(name);
  if (!table) throw notFound(`Requested resource not found: Table: ${name} not found`);
  table.expire();
  return table;
}

export const createTable: Action = (context, input) => {
  const spec = readSpec(context, input);
  if (context.tables.has(spec.name)) {
    throw new AwsFault("ResourceInUseException", `Table already exists: ${spec.name}`);
  }
  const table = openTable(spec, () => context.clock.now(), context.onChange);
  context.tables.set(spec.name, table);
  return { TableDescription: describe(table, "CREATING") };
};

export const describeTable: Action = (context, input) => ({
  Table: describe(known(context, tableName(input)), "ACTIVE"),
});

export const deleteTable: Action = (context, input) => {
  const table = known(context, tableName(input));
  context.tables.delete(table.spec.name);
  return { TableDescription: describe(table, "DELETING") };
};

export const updateTimeToLive: Action = (context, input) => {
  const table = known(context, tableName(input));
  const specification = demandRecord(input, "TimeToLiveSpecification");
  const enabled = flagOf(specification, "Enabled");
  const attribute = demandText(specification, "AttributeName");
  if (enabled === undefined) throw missing("TimeToLiveSpecification.enabled");
  if (enabled && table.timeToLive !== undefined) {
    throw invalid(
      table.timeToLive === attribute
        ? "TimeToLive is already enabled"
        : `TimeToLive is active on a different AttributeName: current AttributeName is ${table.timeToLive}`,
    );
  }
  if (!enabled && table.timeToLive === undefined) throw invalid("TimeToLive is already disabled");
  table.timeToLive = enabled ? attribute : undefined;
  return { TimeToLiveSpecification: { Enabled: enabled, AttributeName: attribute } };
};

export const describeTimeToLive: Action = (context, input) => {
  const { timeToLive } = known(context, tableName(input));
  return {
    TimeToLiveDescription:
      timeToLive === undefined
        ? { TimeToLiveStatus: "DISABLED" }
        : { TimeToLiveStatus: "ENABLED", AttributeName: timeToLive },
  };
};

const backups = (table: Table): unknown => ({
  ContinuousBackupsDescription: {
    ContinuousBackupsStatus: "ENABLED",
    PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: table.pointInTimeRecovery ? "ENABLED" : "DISABLED" },
  },
});

/** The calls of backups have an error of their own for it (API Reference, DescribeContinuousBackups, "Errors"). */
function backedUp(context: Context, name: string): Table {
  if (context.tables.has(name)) return known(context, name);
  throw new AwsFault("TableNotFoundException", `Table not found: ${name}`);
}

export const describeContinuousBackups: Action = (context, input) => backups(backedUp(context, tableName(input)));

export const updateContinuousBackups: Action = (context, input) => {
  const table = backedUp(context, tableName(input));
  const enabled = flagOf(demandRecord(input, "PointInTimeRecoverySpecification"), "PointInTimeRecoveryEnabled");
  if (enabled === undefined) throw missing("PointInTimeRecoverySpecification.pointInTimeRecoveryEnabled");
  table.pointInTimeRecovery = enabled;
  return backups(table);
};
