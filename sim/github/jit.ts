// Runners made at the server: registration records and the just-in-time configuration that carries one to a machine.
import { generateKeyPair, randomUUID } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { GithubRefusal } from "./call.ts";
import type { Label, Runner, ScopeKey } from "./model.ts";
import type { World } from "./world.ts";

export interface RunnerToRegister {
  readonly scope: ScopeKey;
  readonly name: string;
  readonly groupId: number;
  readonly labels: readonly { readonly name: string; readonly type: Label["type"] }[];
  readonly publicKey: KeyObject;
  readonly version: string;
  readonly os: string;
  readonly ephemeral: boolean;
  readonly disableUpdate: boolean;
}

/** The runner of this name in this scope; names are compared without case. */
export const findByName = (world: World, scope: ScopeKey, name: string): Runner | undefined =>
  [...world.runners.values()].find(
    (runner) => runner.scope === scope && runner.name.toLowerCase() === name.toLowerCase(),
  );

/** A new, offline runner. The caller has checked that its name is free. */
export function registerRunner(world: World, wanted: RunnerToRegister): Runner {
  const now = world.clock.now();
  const runner: Runner = {
    id: world.nextId(),
    name: wanted.name,
    scope: wanted.scope,
    clientId: randomUUID(),
    createdAt: now,
    labels: wanted.labels.map((label) => ({ id: world.nextId(), ...label })),
    groupId: wanted.groupId,
    version: wanted.version,
    os: wanted.os,
    ephemeral: wanted.ephemeral,
    disableUpdate: wanted.disableUpdate,
    publicKey: wanted.publicKey,
    status: "offline",
    lastSeenAt: now,
    session: undefined,
    jobId: undefined,
    shown: [],
  };
  world.runners.set(runner.id, runner);
  world.emit("runner.registered", { runner });
  return runner;
}

/** `.credentials` as ConfigurationManager.cs writes it (CredentialData: scheme OAuth, clientId, authorizationUrl). */
export const credentialFile = (world: World, runner: Pick<Runner, "clientId">): Record<string, unknown> => ({
  scheme: "OAuth",
  data: {
    clientId: runner.clientId,
    authorizationUrl: `${world.baseUrl}/_runner/sessions`,
    requireFipsCryptography: "True",
  },
});

/** `.credentials_rsaparams`: .NET's RSAParameters in standard base64 (RSAFileKeyManager.cs). */
function rsaParameters(key: KeyObject): Record<string, string> {
  const jwk = key.export({ format: "jwk" });
  const named = {
    d: jwk.d,
    dp: jwk.dp,
    dq: jwk.dq,
    exponent: jwk.e,
    inverseQ: jwk.qi,
    modulus: jwk.n,
    p: jwk.p,
    q: jwk.q,
  };
  return Object.fromEntries(
    Object.entries(named).map(([name, value]) => [name, Buffer.from(value ?? "", "base64url").toString("base64")]),
  );
}

export interface JitToMake {
  readonly scope: ScopeKey;
  readonly name: string;
  readonly groupId: number;
  readonly labels: readonly string[];
  readonly workFolder: string;
}

const systemLabels = new Set(["self-hosted", "linux", "x64", "arm64"]);

/** Registers a one-job runner and packs its three files as `run.sh --jitconfig` expects them (Runner.cs, ExecuteCommand). */
export async function createJitRunner(
  world: World,
  wanted: JitToMake,
): Promise<{ readonly runner: Runner; readonly encoded: string }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  if (findByName(world, wanted.scope, wanted.name) !== undefined) {
    throw new GithubRefusal(409, `Already exists - A runner with the name ${wanted.name} already exists.`);
  }
  const labels = wanted.labels.map((name) => ({
    name,
    type: systemLabels.has(name.toLowerCase()) ? ("read-only" as const) : ("custom" as const),
  }));
  const version = world.settings.latestRunner.version;
  const { scope, name, groupId } = wanted;
  const runner = registerRunner(world, {
    scope,
    name,
    groupId,
    labels,
    publicKey,
    version,
    os: "unknown",
    ephemeral: true,
    disableUpdate: true,
  });
  const settings = {
    AgentId: runner.id,
    AgentName: runner.name,
    DisableUpdate: true,
    Ephemeral: true,
    PoolId: groupId,
    PoolName: world.groups.get(groupId) ?? "Default",
    ServerUrl: `${world.baseUrl}/_runner`,
    GitHubUrl: `${world.baseUrl}/${scope.replace(/^(repos|orgs)\//, "")}`,
    WorkFolder: wanted.workFolder,
    IsHostedServer: false,
  };
  const pack = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
  const files = {
    ".runner": pack(settings),
    ".credentials": pack(credentialFile(world, runner)),
    ".credentials_rsaparams": pack(rsaParameters(privateKey)),
  };
  return { runner, encoded: pack(files) };
}
