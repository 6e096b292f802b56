// What all calls of the embedded DynamoDB stand on: the tables, and reading a call's parameters.
import type { ServiceContext } from "../http/faults.ts";
import { AwsFault } from "../http/service.ts";
import { invalid, isRecord, malformed } from "./attribute-value.ts";
import type { IndexSpec } from "./index-rows.ts";
import type { Change, Table } from "./table.ts";

export interface Context extends ServiceContext {
  readonly tables: Map<string, Table>;
  readonly onChange: (change: Change) => void;
}

export type Input = Readonly<Record<string, unknown>>;
/** One API action. What it returns is the reply's body. */
export type Action = (context: Context, input: Input) => unknown;

const lowerFirst = (name: string): string => (name[0] ?? "").toLowerCase() + name.slice(1);

export const missing = (name: string): AwsFault =>
  invalid(
    `1 validation error detected: Value null at '${lowerFirst(name)}' failed to satisfy constraint: Member must not be null`,
  );

export function textOf(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw malformed(`${typeof value} value cannot be converted to String`);
  return value;
}

export function demandText(input: Input, name: string): string {
  const value = textOf(input, name);
  if (value === undefined) throw missing(name);
  return value;
}

/** An optional member of a fixed set of words. */
export function choiceOf<T extends string>(input: Input, name: string, choices: readonly T[]): T | undefined {
  const value = textOf(input, name);
  if (value === undefined) return undefined;
  if (choices.includes(value as T)) return value as T;
  throw invalid(
    `1 validation error detected: Value '${value}' at '${lowerFirst(name)}' failed to satisfy constraint: Member must satisfy enum value set: [${choices.join(", ")}]`,
  );
}

export function flagOf(input: Input, name: string): boolean | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw malformed(`${typeof value} value cannot be converted to Boolean`);
  return value;
}

export function integerOf(input: Input, name: string, least: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw malformed(`${typeof value} value cannot be converted to Integer`);
  if (value >= least) return Math.trunc(value);
  throw invalid(
    `1 validation error detected: Value '${value}' at '${lowerFirst(name)}' failed to satisfy constraint: Member must have value greater than or equal to ${least}`,
  );
}

export function recordOf(input: Input, name: string): Record<string, unknown> | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw malformed("Start of structure or map expected");
  return value;
}

export function demandRecord(input: Input, name: string): Record<string, unknown> {
  const value = recordOf(input, name);
  if (!value) throw missing(name);
  return value;
}

export function listOf(input: Input, name: string): readonly unknown[] | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw malformed("Start of list expected");
  return value;
}

/** The members of a list parameter, each a structure. */
export function recordsOf(input: Input, name: string): readonly Record<string, unknown>[] | undefined {
  return listOf(input, name)?.map((member) => {
    if (!isRecord(member)) throw malformed("Start of structure or map expected");
    return member;
  });
}

export const notFound = (message = "Requested resource not found"): AwsFault =>
  new AwsFault("ResourceNotFoundException", message);

/** The name of a table named by name or ARN. */
export function tableName(input: Input, member = "TableName"): string {
  const given = demandText(input, member);
  const name = given.startsWith("arn:") ? (given.split(":table/")[1] ?? given) : given;
  if (name.length < 1) {
    throw invalid(
      "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  }
  return name;
}

/** The table a data call names, after time to live has done its work. */
export function tableOf(context: Context, name: string): Table {
  const table = context.tables.get(name);
  if (!table) throw notFound();
  table.expire();
  return table;
}

export function indexOf(table: Table, name: string): IndexSpec {
  const index = table.spec.indexes.find((one) => one.name === name);
  if (!index) throw invalid(`The table does not have the specified index: ${name}`);
  return index;
}
