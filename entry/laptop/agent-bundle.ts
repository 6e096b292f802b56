// The laptop's agent: the bundle that an image has.
import { agent, bundle } from "../build/bundles.ts";

/** Writes `agent.mjs` into the folder and gives its path. */
export const buildAgent = async (directory: string): Promise<string> => (await bundle(agent, directory)).entry;
