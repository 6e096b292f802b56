// Terraform runs this before it changes an environment, with its name and region: it fails if an instance uses what would be removed.
import { keptSchema } from "../cloud/aws/configuration-items.ts";
import { refusedRemovals } from "./refused-removals.ts";

const [environment, region] = process.argv.slice(2);
const described = process.env["RUNPOOL_KEPT"];
if (environment === undefined || region === undefined || described === undefined)
  throw new Error("usage: RUNPOOL_KEPT=JSON refuse-removal.ts ENVIRONMENT REGION");
const refused = await refusedRemovals(keptSchema.parse(JSON.parse(described)), {
  environment,
  region,
  env: process.env,
});
for (const lines of refused) process.stderr.write(lines);
if (refused.length > 0) process.exitCode = 1;
