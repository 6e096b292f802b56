// An enterprise's runners are a classic token's alone: what GitHub's OpenAPI description says, here and in the stand-in.
import { generateKeyPairSync } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { forgeClient, type ForgeAuth } from "../../cloud/github/forge-client.ts";
import { forgeReader } from "../../cloud/github/doctor-forge.ts";
import { chance } from "../../sim/chance.ts";
import { openGithub } from "../../sim/github/github.ts";
import { hostClock } from "../../entry/host-clock.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const permissions = { organization_self_hosted_runners: "write", enterprise_self_hosted_runners: "write" } as const;
const classic = "ghp_ofanenterpriseowner";
const fineGrained = "github_pat_ofanenterpriseowner";
const app: ForgeAuth = {
  kind: "app",
  appId: 7,
  privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
};

async function opened() {
  const github = await openGithub({
    clock: hostClock,
    chance: chance("enterprise"),
    pats: [
      { token: classic, scopes: ["manage_runners:enterprise"] },
      { token: fineGrained, permissions },
    ],
    apps: [
      {
        appId: 7,
        publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
        // Even where somebody had granted it.
        installations: [{ id: 9, account: "octo-org", permissions }],
      },
    ],
  });
  onTestFinished(() => github.close());
  const clientOf = (auth: ForgeAuth) => forgeClient({ apiUrl: github.url, auth, clock: hostClock });
  return { clientOf, reader: (auth: ForgeAuth) => forgeReader(clientOf(auth)) };
}

test("an App is told at once that it cannot, and what can", async () => {
  const { reader } = await opened();
  for (const answer of [
    await reader(app).askForToken("enterprises/octo"),
    await reader({ ...app, installationId: 9 }).listRunners("enterprises/octo"),
  ]) {
    expect(answer).toEqual({
      kind: "refused",
      why: expect.stringContaining("GitHub lets no App register or list an enterprise's runners"),
    });
    expect(answer).toEqual({
      kind: "refused",
      why: expect.stringMatching(/classic PAT .*"manage_runners:enterprise"/),
    });
  }
  expect(await reader(app).listRunners("octo-org")).toEqual({ kind: "allowed" });
});

test("the stand-in refuses an App's token and a fine-grained one there, whatever they were granted", async () => {
  const { clientOf, reader } = await opened();
  const asInstallation = await clientOf({ ...app, installationId: 9 })("octo-org");
  await expect(asInstallation.request("POST /enterprises/octo/actions/runners/registration-token")).rejects.toThrow(
    /Resource not accessible by integration/,
  );
  expect(await reader({ kind: "token", token: fineGrained }).askForToken("enterprises/octo")).toEqual({
    kind: "refused",
    why: expect.stringMatching(/403.*classic PAT of an enterprise owner/),
  });
  expect(await reader({ kind: "token", token: classic }).askForToken("enterprises/octo")).toEqual({ kind: "allowed" });
});
