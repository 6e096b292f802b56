// Behind a proxy every program's calls to AWS go through it, as Terraform's and the AWS CLI's do: the SDK's HTTP agents have to be told.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { openImds } from "../../sim/imds/imds.ts";
import { agentMachine } from "../../entry/agent/agent-machine.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { writePreRunner } from "../../entry/write-pre-runner.ts";
import { openHttpSim, place } from "../contract/http-sim.ts";
import { oneMachine } from "../contract/one-machine.ts";

/** A proxy that lets nobody through; the hosts that it was asked for. */
async function openProxy() {
  const asked = new Set<string>();
  const server = createServer((_, response) => response.writeHead(502).end());
  server.on("connect", ({ url = "" }, socket) => {
    asked.add(url);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

beforeEach(() => {
  vi.stubEnv("AWS_ENDPOINT_URL", undefined);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  return () => void vi.unstubAllEnvs();
});

/** A machine's metadata: who asks learns its region, and that is all that is answered. */
async function launched() {
  const sim = await openHttpSim();
  onTestFinished(() => sim.close());
  return await oneMachine(sim);
}

async function behindProxy() {
  const machine = await launched();
  const imds = await openImds({ machine, clock: hostClock });
  onTestFinished(() => imds.close());
  const proxy = await openProxy();
  const told = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, NO_PROXY: "127.0.0.1", NODE_USE_ENV_PROXY: "1" };
  for (const [name, value] of Object.entries(told)) vi.stubEnv(name, value);
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.url);
  return { proxy, imds };
}

test("the agent asks SSM through its proxy", async () => {
  const { proxy, imds } = await behindProxy();
  const { secrets, known } = agentMachine(imds.url);
  await known();
  await expect(secrets.read("/runpool/example/registration/x")).rejects.toThrow();
  expect([...proxy.asked]).toEqual([`ssm.${place.region}.amazonaws.com:443`]);
});

test("root reads the pre-runner script through the same", async () => {
  const { proxy } = await behindProxy();
  vi.stubEnv("RUNPOOL_ENVIRONMENT", "example");
  const folder = mkdtempSync(join(tmpdir(), "runpool-proxy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await expect(writePreRunner(join(folder, "pre-runner.sh"))).rejects.toThrow();
  expect([...proxy.asked]).toEqual([`dynamodb.${place.region}.amazonaws.com:443`]);
});

/** A program in the environment of somebody whose network has a proxy; what was asked of that. */
async function askedBy(program: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { asked, url } = await openProxy();
  const path = join(import.meta.dirname, "..", "..", "entry", program);
  const env = { ...process.env, HTTPS_PROXY: url, NO_PROXY: "" };
  const child = spawn(process.execPath, [path, ...args], { env, stdio: "ignore" });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code).not.toBe(0);
  return [...asked];
}

test("what guards a destroy asks EC2 through the proxy that Terraform goes by", async () => {
  expect(await askedBy("refuse-destroy.ts", "example", place.region)).toEqual([
    `ec2.${place.region}.amazonaws.com:443`,
  ]);
});

test("the command line asks the table through the proxy of its shell", async () => {
  const asked = await askedBy("cli/cli.ts", "status", "--environment", "example", "--region", place.region);
  expect(asked).toContain(`dynamodb.${place.region}.amazonaws.com:443`);
});
