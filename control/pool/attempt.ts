// Work in parts that do not fail each other: what refresh does of many things.
import type { PoolWorld } from "./world.ts";

/** Does `work`; where it fails, `fallback` stands in its place. */
export type Attempt = <Value>(what: string, fallback: Value, work: () => Promise<Value>) => Promise<Value>;

/** A part that fails becomes a problem; the others continue. */
export const collectingErrors =
  ({ log }: Pick<PoolWorld, "log">, problems: string[]): Attempt =>
  async (what, fallback, work) => {
    try {
      return await work();
    } catch (error) {
      const problem = `${what}: ${error instanceof Error ? error.message : String(error)}`;
      problems.push(problem);
      log.event("refresh.problem", { problem });
      return fallback;
    }
  };
