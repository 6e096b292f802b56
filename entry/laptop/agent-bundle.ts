// Building the agent's bundle, as an image has it: one ESM file.
import { bundle } from "../build/bundles.ts";

/** Writes `agent.mjs` into the folder and gives its path. */
export const buildAgent = async (directory: string): Promise<string> =>
  (await bundle({ name: "agent", form: "file", node: "node24" }, directory)).entry;
