// Registering and removing with config.sh: files, flags, and every failure in the real runner's words and exit code.
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBench, quickPace } from "./runner-bench.ts";
import type { Ended } from "../child.ts";
import type { Bench } from "./runner-bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const configure = async (folder: string, ...args: readonly string[]): Promise<Ended> =>
  bench.start(folder, "config.sh", ["--unattended", "--url", bench.url, "--token", await bench.token(), ...args]).ended;
const known = (name: string) => bench.github.runners().find((runner) => runner.name === name);

describe("config.sh", () => {
  test("registers an offline runner with its labels, and writes the files of the real one", async () => {
    const folder = bench.folder();
    const { code, out } = await configure(folder, "--name", "plain", "--labels", "3001,large", "--disableupdate");
    expect([code, out]).toEqual([0, expect.stringContaining("√ Runner successfully added")]);
    expect(known("plain")?.labels.map((label) => `${label.name}:${label.type}`)).toEqual([
      "self-hosted:read-only",
      "Linux:read-only",
      expect.stringMatching(/^(X64|ARM64):read-only$/),
      "3001:custom",
      "large:custom",
    ]);
    expect(known("plain")?.status).toBe("offline");
    const settings = JSON.parse(readFileSync(join(folder, ".runner"), "utf8")) as Record<string, unknown>;
    expect(settings).toMatchObject({
      AgentId: known("plain")?.id,
      AgentName: "plain",
      GitHubUrl: bench.url,
      WorkFolder: "_work",
      DisableUpdate: true,
    });
    for (const name of [".credentials", ".credentials_rsaparams"])
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder, ".path"))).toBe(true);
  });

  test("takes every flag from the environment", async () => {
    const folder = bench.folder();
    const { code } = await bench.start(folder, "config.sh", [], {
      ACTIONS_RUNNER_INPUT_UNATTENDED: "true",
      ACTIONS_RUNNER_INPUT_URL: bench.url,
      ACTIONS_RUNNER_INPUT_TOKEN: await bench.token(),
      ACTIONS_RUNNER_INPUT_NAME: "by-environment",
      ACTIONS_RUNNER_INPUT_LABELS: "3002",
      "ACTIONS_RUNNER_INPUT_NO-DEFAULT-LABELS": "true",
      ACTIONS_RUNNER_INPUT_EPHEMERAL: "true",
    }).ended;
    expect(code).toBe(0);
    expect(known("by-environment")?.labels.map((label) => label.name)).toEqual(["3002"]);
    expect(known("by-environment")?.ephemeral).toBe(true);
  });

  test("with an expired token prints NotFound of runner-registration and exits with 1, without a second try", async () => {
    const token = await bench.token();
    bench.skip(60 * 60_000);
    const before = bench.github.runnerCalls()["POST /actions/runner-registration"] ?? 0;
    const { code, err } = await bench.start(bench.folder(), "config.sh", [
      "--unattended",
      "--url",
      bench.url,
      "--token",
      token,
    ]).ended;
    bench.skip(-60 * 60_000);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^Http response code: NotFound from 'POST http:.*\/api\/v3\/actions\/runner-registration' \(Request Id: [0-9A-F]+\)$/m,
    );
    expect(err).toContain("Response status code does not indicate success: 404 (Not Found).");
    expect(bench.github.runnerCalls()["POST /actions/runner-registration"]).toBe(before + 1);
    expect(err).not.toContain(token);
  });

  test("with a removal token, or one of another repository, is refused like with an expired one", async () => {
    const removal = await bench.start(bench.folder(), "config.sh", [
      "--unattended",
      "--url",
      bench.url,
      "--token",
      await bench.token("remove"),
    ]).ended;
    const other = await bench.start(bench.folder(), "config.sh", [
      "--unattended",
      "--url",
      `${bench.github.url}/octo/other`,
      "--token",
      await bench.token(),
    ]).ended;
    expect([removal.code, other.code]).toEqual([1, 1]);
    expect(removal.err + other.err).toMatch(/NotFound[^]*NotFound/);
  });

  test("without a token gives up as an unattended runner does", async () => {
    const { code, err } = await bench.start(bench.folder(), "config.sh", ["--unattended", "--url", bench.url]).ended;
    expect([code, err]).toEqual([
      1,
      "Invalid configuration provided for token. Terminating unattended configuration.\n",
    ]);
  });

  test("refuses a name that is taken, and takes it over with --replace and new labels", async () => {
    await bench.configured(bench.folder(), "--name", "twin", "--labels", "3003");
    const id = known("twin")?.id;
    const refused = await configure(bench.folder(), "--name", "TWIN", "--labels", "3004");
    expect([refused.code, refused.err]).toEqual([1, "A runner exists with the same name TWIN.\n"]);
    expect(refused.out).toContain("A runner exists with the same name\n");
    const replaced = await configure(
      bench.folder(),
      "--name",
      "twin",
      "--labels",
      "3004",
      "--no-default-labels",
      "--replace",
    );
    expect([replaced.code, replaced.out]).toEqual([0, expect.stringContaining("√ Successfully replaced the runner")]);
    expect([known("twin")?.id, known("twin")?.labels.map((label) => label.name)]).toEqual([id, ["3004"]]);
  });

  test("refuses a folder that is configured already", async () => {
    const folder = bench.folder();
    await bench.configured(folder, "--name", "once");
    const { code, err } = await configure(folder, "--name", "twice");
    expect(code).toBe(1);
    expect(err).toContain(
      "Cannot configure the runner because it is already configured. To reconfigure the runner, run 'config.cmd remove' or './config.sh remove' first.",
    );
  });

  test("with a version that GitHub no longer registers is refused after three tries", async () => {
    const before = bench.github.runnerCalls()["POST /actions/runner-registration"] ?? 0;
    const { code, err } = await configure(bench.folder({ version: "2.328.9", pace: quickPace }), "--name", "old");
    expect(code).toBe(1);
    expect(err).toContain("Http response code: Forbidden from 'POST");
    expect(err).toContain("v2.328.9 is deprecated");
    expect(err).toContain("Response status code does not indicate success: 403 (Forbidden).");
    expect(bench.github.runnerCalls()["POST /actions/runner-registration"]).toBe(before + 3);
  });

  test("says so when GitHub cannot be reached", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const nobody = ["--unattended", "--url", `http://127.0.0.1:${port}/octo/app`, "--token", "T"];
    const { code, err } = await bench.start(bench.folder(), "config.sh", nobody).ended;
    expect([code, err]).toEqual([1, `Connection refused (127.0.0.1:${port})\n`]);
  });

  test("retries a server that stumbles", async () => {
    bench.github.faults.add({ kind: "server-error", status: 503, route: "runner-registration", times: 2 });
    const { code, err } = await configure(bench.folder(), "--name", "patient");
    expect(code).toBe(0);
    expect(err.match(/Http response code: ServiceUnavailable/g)).toHaveLength(2);
  });

  test("refuses unknown runner groups, no labels at all, and root", async () => {
    const group = await configure(bench.folder(), "--name", "grouped", "--runnergroup", "nope");
    expect([group.code, group.err]).toEqual([1, 'Could not find any self-hosted runner group named "nope".\n']);
    const bare = await configure(bench.folder(), "--name", "bare", "--no-default-labels");
    expect([bare.code, bare.err]).toEqual([
      1,
      "Disabling default labels via --no-default-labels without specifying --labels is not supported\n",
    ]);
    if (process.getuid?.() !== 0) return;
    const asRoot = await bench.start(bench.folder(), "config.sh", [], { RUNNER_ALLOW_RUNASROOT: "" }).ended;
    expect([asRoot.code, asRoot.out]).toEqual([1, "Must not run with sudo\n"]);
  });
});

describe("config.sh remove", () => {
  test("removes the runner at the server and the files in the folder", async () => {
    const folder = bench.folder();
    await bench.configured(folder, "--name", "leaving");
    const { code, out } = await bench.start(folder, "config.sh", ["remove", "--token", await bench.token("remove")])
      .ended;
    expect([code, out]).toEqual([0, expect.stringContaining("√ Runner removed successfully")]);
    expect(known("leaving")).toBeUndefined();
    for (const name of [".runner", ".credentials", ".credentials_rsaparams"])
      expect(existsSync(join(folder, name))).toBe(false);
  });

  test("with --local removes only the files, and leaves a ghost", async () => {
    const folder = bench.folder();
    await bench.configured(folder, "--name", "ghost");
    const { code } = await bench.start(folder, "config.sh", ["remove", "--local"]).ended;
    expect([code, existsSync(join(folder, ".runner")), known("ghost")?.status]).toEqual([0, false, "offline"]);
  });

  test("acts on whatever .runner is in the folder at that moment", async () => {
    const folder = bench.folder();
    await bench.configured(folder, "--name", "first");
    const token = await bench.token("remove");
    await bench.start(folder, "config.sh", ["remove", "--local"]).ended;
    await bench.configured(folder, "--name", "second");
    await bench.start(folder, "config.sh", ["remove", "--token", token]).ended;
    expect([known("first")?.name, known("second")]).toEqual(["first", undefined]);
  });

  test("with a registration token fails, and keeps the files", async () => {
    const folder = bench.folder();
    await bench.configured(folder, "--name", "kept");
    const { code, err } = await bench.start(folder, "config.sh", ["remove", "--token", await bench.token()]).ended;
    expect(code).toBe(1);
    expect(err).toContain("Failed: Removing runner from the server");
    expect([existsSync(join(folder, ".runner")), known("kept")?.name]).toEqual([true, "kept"]);
  });
});
