// The laptop's agent: the bundle that an image has.
import { packed } from "./packed.ts";

/** Gives the path of the bundle: the package's, or one that is written into the folder. */
export async function buildAgent(directory: string): Promise<string> {
  const ready = packed("agent");
  if (ready !== undefined) return ready;
  // By its URL, so that no bundle holds the bundler.
  const bundles = new URL("../build/bundles.ts", import.meta.url).href;
  const { agent, bundle } = (await import(bundles)) as typeof import("../build/bundles.ts");
  return (await bundle(agent, directory)).entry;
}
