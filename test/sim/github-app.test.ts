// GitHub Apps at the stand-in: JSON web tokens really verified, installation tokens that expire and hold only what they were granted.
import { createSign, generateKeyPairSync } from "node:crypto";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBench, repo } from "./runner-bench.ts";
import type { Bench } from "./runner-bench.ts";

const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const stranger = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const appId = 71;
const registrationToken = "POST /repos/{owner}/{repo}/actions/runners/registration-token" as const;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  const permissions = { administration: "write", actions: "read" } as const;
  bench.github.acceptApp({
    appId,
    clientId: "Iv23test",
    publicKey: keys.publicKey,
    installations: [{ id: 9, account: "octo", permissions, repositories: ["app"] }],
  });
});
afterAll(() => bench.close());

const octokit = (options: Record<string, unknown>): Octokit =>
  new Octokit({
    baseUrl: bench.github.url,
    authStrategy: createAppAuth,
    auth: { appId, privateKey: keys.privateKey, ...options },
  });
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token of our own making, to get wrong what auth-app gets right. Times are seconds from now. */
const app = async (
  claims: { iss?: unknown; iat?: number; exp?: number },
  key = keys.privateKey,
  alg = "RS256",
): Promise<{ status: number; message: string }> => {
  const now = Math.floor(Date.now() / 1000);
  const head = `${encode({ alg, typ: "JWT" })}.${encode({ iss: claims.iss ?? appId, iat: now + (claims.iat ?? -30), exp: now + (claims.exp ?? 300) })}`;
  const token = `${head}.${createSign("RSA-SHA256").update(head).sign(key, "base64url")}`;
  const response = await fetch(`${bench.github.url}/app`, { headers: { authorization: `Bearer ${token}` } });
  const body = (await response.json()) as { message?: string };
  return { status: response.status, message: body.message ?? "" };
};

describe("an App", () => {
  test("is known by its token, by id or client id, and finds its installation", async () => {
    const { data } = await octokit({}).request("GET /app");
    expect(data).toMatchObject({ id: appId, client_id: "Iv23test" });
    expect((await octokit({ appId: "Iv23test" }).request("GET /app")).status).toBe(200);
    expect((await octokit({}).request("GET /repos/{owner}/{repo}/installation", repo)).data.id).toBe(9);
    expect((await octokit({}).request("GET /orgs/{org}/installation", { org: "Octo" })).data.id).toBe(9);
    await expect(octokit({}).request("GET /orgs/{org}/installation", { org: "others" })).rejects.toMatchObject({
      status: 404,
    });
  });

  test("takes an installation token that may do what the installation may, where it is installed, and nothing else", async () => {
    const installed = octokit({ installationId: 9 });
    const { data, status } = await installed.request(registrationToken, repo);
    expect([status, data.token]).toEqual([201, expect.stringMatching(/^A[A-Z2-7]{28}$/)]);
    expect(Date.parse(data.expires_at) - Date.now()).toBeGreaterThan(59 * 60_000);
    await expect(installed.request(registrationToken, { ...repo, repo: "other" })).rejects.toMatchObject({
      status: 404,
    });
    const org = installed.request("POST /orgs/{org}/actions/runners/registration-token", { org: "octo" });
    await expect(org).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining("Resource not accessible by integration"),
    });
  });

  test("may take less than it has, not more", async () => {
    const narrowed = await octokit({}).request("POST /app/installations/{installation_id}/access_tokens", {
      installation_id: 9,
      permissions: { actions: "read" },
    });
    const reader = new Octokit({ baseUrl: bench.github.url, auth: narrowed.data.token });
    expect((await reader.request("GET /repos/{owner}/{repo}/actions/runs", repo)).status).toBe(200);
    await expect(reader.request(registrationToken, repo)).rejects.toMatchObject({ status: 403 });
    const more = octokit({}).request("POST /app/installations/{installation_id}/access_tokens", {
      installation_id: 9,
      permissions: { actions: "write" },
    });
    await expect(more).rejects.toMatchObject({ status: 422 });
  });

  test("finds its installation token refused an hour later", async () => {
    const { data } = await octokit({}).request("POST /app/installations/{installation_id}/access_tokens", {
      installation_id: 9,
    });
    const holder = new Octokit({ baseUrl: bench.github.url, auth: data.token });
    expect((await holder.request("GET /repos/{owner}/{repo}/actions/runs", repo)).status).toBe(200);
    bench.skip(60 * 60_000);
    const late = holder.request("GET /repos/{owner}/{repo}/actions/runs", repo);
    await expect(late).rejects.toMatchObject({ status: 401 });
    bench.skip(-60 * 60_000);
  });

  test("cannot call what needs an installation with its own token", async () => {
    const { token } = (await octokit({}).auth({ type: "app" })) as { token: string };
    const direct = await fetch(`${bench.github.url}/repos/octo/app/actions/runners`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(direct.status).toBe(401);
  });
});

describe("an App's token is refused", () => {
  test.each([
    ["signed with another key", () => app({}, stranger.privateKey), 401, "A JSON web token could not be decoded"],
    ["by an unknown issuer", () => app({ iss: 5 }), 404, "Integration not found"],
    ["with another algorithm", () => app({}, keys.privateKey, "none"), 401, "A JSON web token could not be decoded"],
    [
      "that has expired",
      () => app({ exp: -1 }),
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    ],
    [
      "that lives longer than ten minutes",
      () => app({ exp: 900 }),
      401,
      "'Expiration time' claim ('exp') is too far in the future",
    ],
    [
      "issued in the future",
      () => app({ iat: 120 }),
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    ],
  ] as const)("%s", async (_case, call, status, message) => {
    expect(await call()).toEqual({ status, message });
  });

  test("unless it is in order", async () => {
    expect((await app({})).status).toBe(200);
  });
});
