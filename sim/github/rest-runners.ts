// REST: registration and removal tokens, just-in-time configuration, runners and their labels, of a repository, organisation or enterprise.
import type { Call, Reply } from "./call.ts";
import { GithubRefusal, notFound, page } from "./call.ts";
import { deleteRunner } from "./dispatch.ts";
import { createJitRunner } from "./jit.ts";
import type { Runner, ScopeKey } from "./model.ts";
import type { Route } from "./routes.ts";
import { secret, shownBusy } from "./world.ts";
import type { World } from "./world.ts";

const iso = (ms: number): string => new Date(ms).toISOString();

/** A runner as REST shows it (schema `runner` of GitHub's REST description). */
const shownRunner = (world: World, runner: Runner): Record<string, unknown> => ({
  id: runner.id,
  runner_group_id: runner.groupId,
  name: runner.name,
  os: runner.os,
  status: runner.status,
  busy: shownBusy(runner, world.clock.now()),
  ephemeral: runner.ephemeral,
  labels: runner.labels,
});

const scopeOf = ({ names }: Call): ScopeKey => {
  if (names["enterprise"] !== undefined) return `enterprises/${names["enterprise"].toLowerCase()}`;
  if (names["org"] !== undefined) return `orgs/${names["org"].toLowerCase()}`;
  return `repos/${names["owner"]?.toLowerCase()}/${names["repo"]?.toLowerCase()}`;
};

/** GitHub forgets runners that have been offline for 14 days, ephemeral ones after a day. */
function forgetGhosts(world: World): void {
  const { ghostMs, ephemeralGhostMs } = world.settings;
  for (const runner of world.runners.values()) {
    const limit = runner.ephemeral ? ephemeralGhostMs : ghostMs;
    const idle = runner.status === "offline" && runner.jobId === undefined;
    if (idle && world.clock.now() - runner.lastSeenAt > limit) deleteRunner(world, runner, "unused");
  }
}

const findRunner = (world: World, call: Call): Runner => {
  const runner = world.runners.get(Number(call.names["runner_id"]));
  if (runner === undefined || runner.scope !== scopeOf(call)) throw notFound();
  return runner;
};

function createToken(world: World, call: Call, use: "register" | "remove"): Reply {
  const token = secret(world, "A", 28);
  const expiresAt = world.clock.now() + world.settings.runnerTokenLifeMs;
  world.runnerTokens.set(token, { scope: scopeOf(call), use, expiresAt });
  return { status: 201, body: { token, expires_at: iso(expiresAt) } };
}

function listRunners(world: World, call: Call): Reply {
  forgetGhosts(world);
  const name = call.query.get("name");
  const all = [...world.runners.values()].filter(
    (each) => each.scope === scopeOf(call) && (name === null || each.name === name),
  );
  const { items, headers } = page(call, world.baseUrl, all);
  return {
    status: 200,
    headers,
    body: { total_count: all.length, runners: items.map((each) => shownRunner(world, each)) },
  };
}

/** 422 while it has a job, by the truth and not by the late `busy`. GitHub has used two wordings; go by the status. */
function removeRunner(world: World, call: Call): Reply {
  const runner = findRunner(world, call);
  if (runner.jobId !== undefined)
    throw new GithubRefusal(422, `Runner "${runner.name}" is currently running a job and cannot be deleted.`);
  deleteRunner(world, runner, "by REST");
  return { status: 204 };
}

async function generateJit(world: World, call: Call): Promise<Reply> {
  const { name, labels, runner_group_id: groupId, work_folder: workFolder } = call.body;
  const listed = Array.isArray(labels) ? labels.filter((label) => typeof label === "string") : [];
  if (
    typeof name !== "string" ||
    name === "" ||
    typeof groupId !== "number" ||
    listed.length < 1 ||
    listed.length > 100
  ) {
    throw new GithubRefusal(422, "Invalid request.\n\nname, runner_group_id and 1 to 100 labels are required.");
  }
  if (!world.groups.has(groupId)) throw notFound();
  const made = await createJitRunner(world, {
    scope: scopeOf(call),
    name,
    groupId,
    labels: listed,
    workFolder: typeof workFolder === "string" ? workFolder : "_work",
  });
  return { status: 201, body: { runner: shownRunner(world, made.runner), encoded_jit_config: made.encoded } };
}

const prefixes = [
  { path: "/repos/{owner}/{repo}", permission: "administration" },
  { path: "/orgs/{org}", permission: "organization_self_hosted_runners" },
  { path: "/enterprises/{enterprise}", permission: "enterprise_self_hosted_runners" },
] as const;

export const runnerRoutes: readonly Route[] = prefixes.flatMap(({ path, permission }): Route[] => {
  const runners = `${path}/actions/runners`;
  const read = { permission, level: "read" } as const;
  const write = { permission, level: "write" } as const;
  return [
    {
      method: "POST",
      path: `${runners}/registration-token`,
      needs: write,
      handle: (world, call) => createToken(world, call, "register"),
    },
    {
      method: "POST",
      path: `${runners}/remove-token`,
      needs: write,
      handle: (world, call) => createToken(world, call, "remove"),
    },
    { method: "POST", path: `${runners}/generate-jitconfig`, needs: write, handle: generateJit },
    { method: "GET", path: runners, needs: read, handle: listRunners },
    { method: "DELETE", path: `${runners}/{runner_id}`, needs: write, handle: removeRunner },
  ];
});
