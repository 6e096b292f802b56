// The laptop's agent: the bundle that an image has.
import type * as Bundles from "../../build/bundles.ts";
import { packed } from "./packed.ts";

/** Gives the path of the bundle: the package's, or one that is written into the folder. */
export async function buildAgent(directory: string): Promise<string> {
  const ready = packed("agent");
  if (ready !== undefined) return ready;
  // By its URL, so that no bundle holds the bundler.
  const bundles = new URL("../../build/bundles.ts", import.meta.url).href;
  const { agent, bundle } = (await import(bundles)) as typeof Bundles;
  return (await bundle(agent, directory)).entry;
}
