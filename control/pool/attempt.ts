// Work in parts that do not fail each other: what refresh does of many things.
import type { Part, Problem } from "../../domain/reasons.ts";
import type { PoolWorld } from "./world.ts";

/** Does `work`; where it fails, `fallback` stands in its place. */
export type Attempt = <Value>(part: Part, fallback: Value, work: () => Promise<Value>) => Promise<Value>;

/** A part that fails becomes a problem; the others continue. */
export const collectingErrors =
  ({ log }: Pick<PoolWorld, "log">, problems: Problem[]): Attempt =>
  async (part, fallback, work) => {
    try {
      return await work();
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      problems.push({ code: "failed", ...part, error });
      log.event("refresh.problem", { ...part, error });
      return fallback;
    }
  };
