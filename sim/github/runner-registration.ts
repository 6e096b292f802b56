// The registration half of the protocol between the two stand-ins (see runner-protocol.ts): who may register, groups, add, replace, remove.
import { createPublicKey } from "node:crypto";
import type { Call, Reply } from "./call.ts";
import { GithubRefusal, headerOf, notFound } from "./call.ts";
import { deleteRunner } from "./dispatch.ts";
import { credentialFile, findByName, registerRunner } from "./jit.ts";
import type { Label, Runner, ScopeKey } from "./model.ts";
import { scopeOfPath } from "./model.ts";
import { compareVersions } from "./settings.ts";
import type { RunnerToken, World } from "./world.ts";

/** The runner token of `RemoteAuth TOKEN`; 404 when unknown, expired or for the other use, as GitHub answers. */
function runnerToken(world: World, call: Call, use: RunnerToken["use"]): RunnerToken {
  const [, text] = (headerOf(call, "authorization") ?? "").split(" ", 2);
  const token = world.runnerTokens.get(text ?? "");
  if (token === undefined || token.use !== use || world.clock.now() >= token.expiresAt) throw notFound();
  return token;
}

/**
 * POST /actions/runner-registration, the one call here that is really GitHub's: body `{ url, runner_event }`, RemoteAuth token.
 * A version too old is refused with 403; GitHub's wording of that is not known from a public source.
 */
export function admitRunner(world: World, call: Call): Reply {
  const { url, runner_event: event } = call.body;
  const token = runnerToken(world, call, event === "remove" ? "remove" : "register");
  if (typeof url !== "string" || scopeOfPath(new URL(url).pathname) !== token.scope) throw notFound();
  const version = /GitHubActionsRunner-\S+\/(\S+)/.exec(headerOf(call, "user-agent") ?? "")?.[1] ?? "0";
  const { oldestRegistered } = world.settings;
  if (event !== "remove" && compareVersions(version, oldestRegistered) < 0) {
    throw new GithubRefusal(
      403,
      `Runner version v${version} is deprecated and cannot be registered. The minimum version is v${oldestRegistered}.`,
    );
  }
  return {
    status: 200,
    body: { url: `${world.baseUrl}/_runner`, token_schema: "RemoteAuth", use_runner_admin_flow: false },
  };
}

export function listGroups(world: World, call: Call): Reply {
  runnerToken(world, call, "register");
  return { status: 200, body: { groups: [...world.groups].map(([id, name]) => ({ id, name, isDefault: id === 1 })) } };
}

/** Runners of this exact name in the token's scope. */
export function lookUp(world: World, call: Call, use: RunnerToken["use"]): Reply {
  const { scope } = runnerToken(world, call, use);
  const found = findByName(world, scope, call.query.get("name") ?? "");
  return { status: 200, body: { runners: found === undefined ? [] : [{ id: found.id, name: found.name }] } };
}

interface Described {
  readonly name: string;
  readonly groupId: number;
  readonly version: string;
  readonly os: string;
  readonly ephemeral: boolean;
  readonly disableUpdate: boolean;
  readonly labels: readonly { readonly name: string; readonly type: Label["type"] }[];
  readonly publicKey: string;
}

const registered = (world: World, runner: Runner): Reply => ({
  status: 200,
  body: { id: runner.id, credentials: credentialFile(world, runner) },
});

export function addRunner(world: World, call: Call): Reply {
  const { scope } = runnerToken(world, call, "register");
  const wanted = call.body as unknown as Described;
  if (findByName(world, scope, wanted.name) !== undefined) {
    throw new GithubRefusal(409, `Already exists - A runner with the name ${wanted.name} already exists.`);
  }
  return registered(world, newRunner(world, scope, wanted));
}

const newRunner = (world: World, scope: ScopeKey, wanted: Described): Runner =>
  registerRunner(world, { ...wanted, scope, publicKey: createPublicKey(wanted.publicKey) });

/** `--replace`: the same id with new key, labels and flags; refused while it runs a job. */
export function replaceRunner(world: World, call: Call): Reply {
  const { scope } = runnerToken(world, call, "register");
  const old = world.runners.get(Number(call.names["runner_id"]));
  if (old === undefined || old.scope !== scope) throw notFound();
  if (old.jobId !== undefined) throw new GithubRefusal(409, `Runner "${old.name}" is currently running a job.`);
  const wanted = call.body as unknown as Described;
  old.labels = wanted.labels.map((label) => ({ id: world.nextId(), ...label }));
  old.publicKey = createPublicKey(wanted.publicKey);
  old.groupId = wanted.groupId;
  old.version = wanted.version;
  old.ephemeral = wanted.ephemeral;
  old.disableUpdate = wanted.disableUpdate;
  const answer = old.session?.answer;
  old.session?.stopSilence();
  old.session = undefined;
  old.status = "offline";
  answer?.(undefined);
  world.emit("runner.registered", { runner: old, detail: "replaced" });
  return registered(world, old);
}

/** `config.sh remove`: takes a while at the server, and is refused while the runner has a job. */
export async function removeRunner(world: World, call: Call): Promise<Reply> {
  const { scope } = runnerToken(world, call, "remove");
  const [low, high] = world.settings.removalMs;
  await world.clock.sleep(world.chance.between(low, high), call.gone);
  const runner = world.runners.get(Number(call.names["runner_id"]));
  if (runner === undefined || runner.scope !== scope) throw notFound();
  if (runner.jobId !== undefined)
    throw new GithubRefusal(422, `Runner "${runner.name}" is currently running a job and cannot be deleted.`);
  deleteRunner(world, runner, "by config.sh remove");
  return { status: 204 };
}
