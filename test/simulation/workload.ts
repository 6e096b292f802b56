// What a world has to do: workflows that provision, run jobs and release, or are cancelled, killed, run again, or forget to release.
import { parseRequest, type Request } from "../../domain/request.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import type { Chance } from "../../sim/chance.ts";
import { repositories } from "../world/world.ts";

const minute = 60_000;

/** How an attempt of a workflow goes. */
export interface Attempt {
  readonly requests: readonly Request[];
  /** Cancelled this long after it has begun, ms. */
  readonly cancelAfterMs: number | undefined;
  /** The action's post step gets its turn after a cancelled or killed provision. */
  readonly post: boolean;
  readonly jobs: readonly number[];
  readonly releases: boolean;
  /** The releasing job may delete runners at GitHub. */
  readonly forgeRights: boolean;
  /** A release that does not wait for the provision: a workflow without `needs`, after this long, ms. */
  readonly strayReleaseMs: number | undefined;
  /** Release without waiting for the jobs: somebody cancelled the workflow. */
  readonly impatient: boolean;
}

export interface Workflow {
  readonly runId: string;
  readonly repository: string;
  /** After the world's beginning, ms. */
  readonly beginsMs: number;
  readonly attempts: readonly Attempt[];
}

const typesFor = (chance: Chance): string =>
  chance.pick(["", "", "", "c*", "m*", "c* m*", "m5.* m6i.*", "r6i.large c7i.xlarge", "t3.*"]);

function request(chance: Chance, runId: string, repository: string, attempt: number, name: string): Request {
  const parsed = parseRequest(
    {
      runId,
      attempt: String(attempt),
      name,
      repository,
      instanceCount: String(chance.pick([1, 1, 2, 2, 3, 4])),
      resourceClass: chance.pick(["large", "large", "large", "xlarge"]),
      architecture: chance.happens(0.1) ? "arm64" : "x64",
      usageClass: chance.happens(0.5) ? "spot" : "on-demand",
      allowedInstanceTypes: typesFor(chance),
      labels: "",
      fallback: chance.happens(0.5) ? "true" : "false",
      minCount: chance.fork(`fewer ${attempt} ${name}`).happens(0.15) ? "1" : "",
    },
    defaultResourceClasses,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.request;
}

function attemptOf(chance: Chance, runId: string, repository: string, attempt: number): Attempt {
  const names = chance.happens(0.15) ? ["provision", "provision-big"] : ["provision"];
  const requests = names.map((name) => request(chance, runId, repository, attempt, name));
  const wanted = requests.reduce((sum, { count }) => sum + count, 0);
  const cancelled = chance.happens(0.2);
  return {
    requests,
    cancelAfterMs: cancelled ? chance.between(10, chance.happens(0.5) ? 3_000 : 120_000) : undefined,
    post: chance.happens(0.8),
    jobs: Array.from({ length: chance.between(1, wanted * 2) }, () =>
      chance.between(5_000, chance.happens(0.1) ? 20 * minute : 4 * minute),
    ),
    releases: chance.happens(0.9),
    forgeRights: chance.happens(0.5),
    strayReleaseMs: chance.happens(0.08) ? chance.between(1_000, 120_000) : undefined,
    impatient: chance.happens(0.1),
  };
}

/** Workflows over the given span: bursts, so that some find others' idle instances and some compete. */
export function workload(world: Chance, count: number, spanMs: number): Workflow[] {
  const chance = world.fork("workload");
  const workflows: Workflow[] = [];
  for (let i = 0; i < count; i++) {
    const own = chance.fork(`workflow ${i}`);
    const before = workflows.at(-1);
    const beginsMs =
      before !== undefined && own.happens(0.4)
        ? Math.min(spanMs, before.beginsMs + own.between(0, 30_000))
        : own.between(0, spanMs);
    const runId = String(1001 + i);
    const repository = own.pick([repositories[0], repositories[0], repositories[1]]);
    const attempts = own.happens(0.2) ? [1, 2] : [1];
    workflows.push({
      runId,
      repository,
      beginsMs,
      attempts: attempts.map((attempt) => attemptOf(own.fork(`attempt ${attempt}`), runId, repository, attempt)),
    });
  }
  return workflows;
}
