// `configure` and `remove`: the steps, words and failures of ConfigurationManager.cs (src/Runner.Listener/Configuration; whose lines: root.mjs).
import { generateKeyPair } from "node:crypto";
import { hostname } from "node:os";
import { promisify } from "node:util";
import {
  deleteLocalConfig,
  hasCredentials,
  isConfigured,
  loadSettings,
  saveCredentials,
  saveRsaParameters,
  saveSettings,
  say,
  sayError,
  standIn,
} from "./root.mjs";
import { backOff, call, HttpFailure, notSuccess, statusName } from "./wire.mjs";

const attempts = 3;

/**
 * Trades the registration or removal token for the server's address (GetTenantCredential): three attempts, none after NotFound
 * (ConfigurationManager.cs:839-900: the words 882-885, what is tried again 888, the wait 895).
 * The real one drops the port of a GitHub Enterprise URL; this one keeps it, or it could not reach a loopback stand-in.
 */
async function tenantCredential(githubUrl, token, runnerEvent) {
  const url = `${new URL(githubUrl).origin}/api/v3/actions/runner-registration`;
  for (let attempt = 1; ; attempt++) {
    try {
      const { body } = await call("POST", url, {
        authorization: `RemoteAuth ${token}`,
        body: { url: githubUrl, runner_event: runnerEvent },
      });
      return { server: body.url, authorization: `RemoteAuth ${token}` };
    } catch (error) {
      const refused = error instanceof HttpFailure;
      if (refused) {
        sayError(`Http response code: ${statusName(error.status)} from 'POST ${url}' (Request Id: ${error.requestId})`);
        sayError(error.text);
      }
      if (attempt === attempts || (refused && error.status === 404))
        throw refused ? new Error(notSuccess(error.status)) : error;
    }
    await backOff(standIn.registrationRetryMs);
  }
}

/** ConfigurationManager.cs:228-266, its failure 259. */
async function chooseGroup(server, authorization, wanted) {
  const { body } = await call("GET", `${server}/groups`, { authorization });
  const name = wanted || body.groups.find((group) => group.isDefault).name;
  const group = body.groups.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (group === undefined) throw new Error(`Could not find any self-hosted runner group named "${name}".`);
  return group;
}

/** CreateNewAgent, ConfigurationManager.cs:705-719, its failure 713. */
function labelsOf(line) {
  const own = [
    ...new Set(
      line
        .text("labels")
        .split(",")
        .map((label) => label.trim())
        .filter(Boolean),
    ),
  ];
  const custom = own.map((name) => ({ name, type: "custom" }));
  if (line.flag("no-default-labels")) {
    if (own.length === 0)
      throw new Error("Disabling default labels via --no-default-labels without specifying --labels is not supported");
    return custom;
  }
  const architecture = process.arch === "arm64" ? "ARM64" : "X64";
  return [...["self-hosted", "Linux", architecture].map((name) => ({ name, type: "read-only" })), ...custom];
}

/** `.credentials_rsaparams` as RSAFileKeyManager.cs writes it: .NET's RSAParameters in base64. */
const rsaParameters = (key) => {
  const jwk = key.export({ format: "jwk" });
  const base64 = (value) => Buffer.from(value, "base64url").toString("base64");
  const { d, dp, dq, e, qi, n, p, q } = jwk;
  return {
    d: base64(d),
    dp: base64(dp),
    dq: base64(dq),
    exponent: base64(e),
    inverseQ: base64(qi),
    modulus: base64(n),
    p: base64(p),
    q: base64(q),
  };
};

/** Adds the runner, or replaces the one of the same name when told to. Name taken: the real two lines, the second as the failure (293, 349). */
async function enrol(line, server, authorization, runner) {
  const { body } = await call("GET", `${server}/runners?name=${encodeURIComponent(runner.name)}`, { authorization });
  const [known] = body.runners;
  if (known === undefined) {
    const added = await call("POST", `${server}/runners`, { authorization, body: runner });
    say("√ Runner successfully added");
    return added.body;
  }
  say("A runner exists with the same name");
  if (!line.flag("replace")) throw new Error(`A runner exists with the same name ${runner.name}.`);
  const replaced = await call("PUT", `${server}/runners/${known.id}`, { authorization, body: runner });
  say("√ Successfully replaced the runner");
  return replaced.body;
}

/** ConfigureAsync, ConfigurationManager.cs:100-507: configured already 140, connected 203, added 395, replaced 337, saved 489. */
export async function configure(line) {
  say("Self-hosted runner registration");
  if (isConfigured()) {
    throw new Error(
      "Cannot configure the runner because it is already configured. To reconfigure the runner, run 'config.cmd remove' or './config.sh remove' first.",
    );
  }
  say("\n# Authentication\n");
  const githubUrl = line.required("url").replace(/\/$/, "");
  const keyPair = promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const { server, authorization } = await tenantCredential(githubUrl, line.required("token"), "register");
  say("\n√ Connected to GitHub\n\n# Runner Registration\n");
  const group = await chooseGroup(server, authorization, line.text("runnergroup"));
  const { publicKey, privateKey } = await keyPair;
  const name = line.required("name", hostname());
  const flags = { ephemeral: line.flag("ephemeral"), disableUpdate: line.flag("disableupdate") };
  const runner = {
    name,
    groupId: group.id,
    labels: labelsOf(line),
    version: standIn.version,
    os: "Linux",
    publicKey: publicKey.export({ type: "spki", format: "pem" }),
    ...flags,
  };
  const added = await enrol(line, server, authorization, runner);
  saveRsaParameters(rsaParameters(privateKey));
  saveCredentials(added.credentials);
  say("√ Runner connection is good\n\n# Runner settings\n");
  saveSettings({
    AgentId: added.id,
    AgentName: name,
    ...(flags.disableUpdate ? { DisableUpdate: true } : {}),
    ...(flags.ephemeral ? { Ephemeral: true } : {}),
    PoolId: group.id,
    PoolName: group.name,
    ServerUrl: server,
    GitHubUrl: githubUrl,
    WorkFolder: line.text("work") || "_work",
    IsHostedServer: false,
  });
  say("\n√ Settings Saved.\n");
}

/** Removes at the server the runner that `.runner` names at this moment, then the local files (UnconfigureAsync, ConfigurationManager.cs:541-632). */
export async function unconfigure(line) {
  say("\n# Runner removal\n");
  try {
    if (isConfigured() && hasCredentials()) {
      const settings = loadSettings();
      const { server, authorization } = await tenantCredential(settings.GitHubUrl, line.required("token"), "remove");
      const { body } = await call(
        "GET",
        `${server}/runners?use=remove&name=${encodeURIComponent(settings.AgentName)}`,
        { authorization },
      );
      if (body.runners.length === 0) say("Does not exist. Skipping Removing runner from the server");
      else await call("DELETE", `${server}/runners/${settings.AgentId}`, { authorization });
      say("\n√ Runner removed successfully");
    } else {
      say("Cannot connect to server, because config files are missing. Skipping removing runner from the server.");
    }
    deleteLocalConfig(say);
  } catch (error) {
    sayError("Failed: Removing runner from the server");
    throw error;
  }
  say();
}
