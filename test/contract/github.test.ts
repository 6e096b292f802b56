// The forge's contract, over octokit on the GitHub stand-in, with a PAT and as an App.
import { generateKeyPairSync } from "node:crypto";
import { enrol } from "../../cloud/github/enrol.ts";
import { forgeClient, type ForgeAuth } from "../../cloud/github/forge-client.ts";
import { inventory } from "../../cloud/github/inventory.ts";
import { jobQueue } from "../../cloud/github/job-queue.ts";
import { registrar } from "../../cloud/github/registrar.ts";
import { chance } from "../../sim/chance.ts";
import { openGithub } from "../../sim/github/github.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { forgeContract } from "./forge-contract.ts";
import type { ForgeStand } from "./stand.ts";

const token = "ghp_contract";
const scope = "acme/shop";
const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

async function open(auth: ForgeAuth): Promise<ForgeStand> {
  const permissions = { administration: "write", actions: "read" } as const;
  const github = await openGithub({
    clock: hostClock,
    chance: chance("contract"),
    pats: [{ token, permissions, repositories: [scope] }],
    apps: [{ appId: 7, publicKey, installations: [{ id: 70, account: "acme", permissions, repositories: ["shop"] }] }],
  });
  const client = forgeClient({ apiUrl: github.url, auth, clock: hostClock });
  const registrations = registrar(client);
  return {
    forge: { enrol: enrol(async () => registrations), ...inventory(client), ...jobQueue(client) },
    queue: (runId, attempt, labels) => {
      const [owner = "", repo = ""] = scope.split("/");
      github.queueRun({ owner, repo, runId: Number(runId), attempt, jobs: [{ name: "job", labels }] });
    },
    now: () => hostClock.now(),
    scope,
    register: async (name) => {
      const runner = {
        name,
        groupId: 1,
        version: "2.336.0",
        os: "linux",
        ephemeral: false,
        disableUpdate: true,
        labels: [{ name: "large", type: "custom" }],
        publicKey,
      };
      const { token } = await registrations.registrationToken(scope);
      const response = await fetch(`${github.url}/_runner/runners`, {
        method: "POST",
        headers: { authorization: `RemoteAuth ${token}` },
        body: JSON.stringify(runner),
      });
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      return ((await response.json()) as { id: number }).id;
    },
    busy: (id) => {
      const runner = github.runners().find((one) => one.id === id);
      if (runner === undefined) throw new Error(`no runner ${id}`);
      runner.jobId = 1;
    },
    close: () => github.close(),
  };
}

forgeContract({ name: "GitHub with a PAT", open: () => open({ kind: "token", token }) });
forgeContract({ name: "GitHub as an App", open: () => open({ kind: "app", appId: 7, privateKey }) });
