// The options that every command has.
import * as z from "zod/mini";
import { environmentName } from "../../domain/names.ts";
import type { Option } from "./command.ts";

export const environmentOption: Option = {
  name: "environment",
  short: "e",
  value: "NAME",
  variables: ["RUNPOOL_ENVIRONMENT"],
  help: "name of the deployed environment",
};
export const regionOption: Option = {
  name: "region",
  value: "REGION",
  variables: ["AWS_REGION", "AWS_DEFAULT_REGION"],
  help: "its AWS region",
};

export const commonOptions: readonly Option[] = [
  environmentOption,
  regionOption,
  { name: "json", help: "print one JSON object; when following, one per line" },
  { name: "quiet", short: "q", help: "print only the result, no progress" },
  { name: "no-color", help: "no colours (like NO_COLOR); there are none unless the output is a terminal" },
];

export const commonSchema = z.object({
  environment: z.optional(
    z.string().check(z.regex(environmentName, 'it is 1-20 of a-z, 0-9 and "-", beginning with a letter')),
  ),
  region: z.optional(z.string().check(z.regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/, "it is an AWS region, e.g. eu-central-1"))),
  json: z._default(z.boolean(), false),
  quiet: z._default(z.boolean(), false),
  "no-color": z._default(z.boolean(), false),
});
export type Common = z.infer<typeof commonSchema>;
