// Parts of the laptop that are made in a checkout and lie ready in the package that is installed: agent, stacks, hooks, the stand-ins of GitHub's runner and Lambda's runtime.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Unconfigured } from "../../cloud/ports/settings.ts";

/** Where they lie below the package; bundles lie in folders beside it. */
export const packedFolder = "local";
export const packedParts = {
  agent: "agent.mjs",
  stacks: "cloud",
  hooks: "hooks",
  runner: "runner",
  runtime: "runtime.mjs",
} as const;

/** The path of a part; undefined in a checkout, which makes its own. Throws Unconfigured in a bundle that stands without its parts. */
export function packed(part: keyof typeof packedParts): string | undefined {
  if (import.meta.filename.endsWith(".ts")) return undefined;
  const path = join(import.meta.dirname, "..", packedFolder, packedParts[part]);
  if (existsSync(path)) return path;
  throw new Unconfigured(
    `this build of runpool has no local cloud (${path} is missing): install the packed one, or run npm start in a checkout`,
  );
}
