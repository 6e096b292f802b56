// Parts of the laptop that are made in a checkout and lie ready in the package that is installed: agent, stack, hooks, the runner's stand-in.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Unconfigured } from "../../cloud/ports/settings.ts";

/** Where they lie below the package; bundles lie in folders beside it. */
export const packedFolder = "local";
export const packedParts = { agent: "agent.mjs", stack: "stack.json", hooks: "hooks", runner: "runner" } as const;

/** The path of a part; undefined in a checkout, which makes its own. Throws Unconfigured in a bundle that stands without its parts. */
export function packed(part: keyof typeof packedParts): string | undefined {
  if (import.meta.filename.endsWith(".ts")) return undefined;
  const path = join(import.meta.dirname, "..", packedFolder, packedParts[part]);
  if (existsSync(path)) return path;
  throw new Unconfigured(
    `this build of runpool has no local cloud (${path} is missing): install the packed one, or run npm start in a checkout`,
  );
}
