// The options that every command has.
import { environmentName } from "../../domain/names.ts";
import type { Option, ValuesOf } from "./command.ts";

export const environmentOption = {
  name: "environment",
  short: "e",
  value: "NAME",
  variables: ["RUNPOOL_ENVIRONMENT"],
  help: "name of the deployed environment",
  accepts: { pattern: environmentName, words: 'it is 1-20 of a-z, 0-9 and "-", beginning with a letter' },
} as const satisfies Option;
export const regionOption = {
  name: "region",
  value: "REGION",
  variables: ["AWS_REGION", "AWS_DEFAULT_REGION"],
  help: "its AWS region",
  accepts: { pattern: /^[a-z]{2,}(-[a-z]+)+-\d+$/, words: "it is an AWS region, e.g. eu-central-1" },
} as const satisfies Option;

export const commonOptions = [
  environmentOption,
  regionOption,
  { name: "json", help: "print one JSON object; when following, one per line" },
  { name: "quiet", short: "q", help: "print only the result, no progress" },
  { name: "no-color", help: "no colours (like NO_COLOR); there are none unless the output is a terminal" },
] as const satisfies readonly Option[];

export type Common = ValuesOf<(typeof commonOptions)[number]>;
