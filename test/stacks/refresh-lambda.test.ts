// entry/lambdas/refresh.lambda.ts as it is deployed: the embedded cloud, furnished from the stacks, runs the zip that Terraform uploads.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { expect, onTestFinished, test, vi } from "vitest";
import { toAttribute } from "../../cloud/aws/attribute-values.ts";
import { savedRequests } from "../../cloud/aws/saved-requests.ts";
import { secrets } from "../../cloud/aws/secrets.ts";
import { settings } from "../../cloud/aws/settings.ts";
import { chance } from "../../sim/chance.ts";
import { furnishFromStack } from "../../sim/furnish-from-stack.ts";
import { openGithub } from "../../sim/github/github.ts";
import { filesOf } from "../../sim/lambda/containers.ts";
import { furnishLambdas } from "../../sim/lambda/furnish.ts";
import { invoke } from "../../sim/lambda/sources.ts";
import { onlyResource, textOf, type StackFile } from "../../sim/stack-file.ts";
import { limits } from "../../domain/limits.ts";
import { forgeCredentialParameter, registrationTokenParameter, tableName } from "../../domain/names.ts";
import example from "../../environments/example.ts";
import { lambdaCode } from "../../stacks/constructs/lambda-bundle.ts";
import { synthesize } from "../../stacks/synth.ts";
import { requestOf } from "../control/calm-world.ts";
import { deployedOn, recorded } from "../lambdas/runtime.ts";
import { missing, needs } from "../tools.ts";
import { embeddedFor } from "./embedded.ts";
import { certificate } from "./private-ca.ts";
import { exampleWith } from "./synthesized.ts";

const token = "ghp_refreshlambdatokenxxxxxxxxxxxxxxxxxx";
const day = { name: "day", cron: "cron(0 7 ? * * *)", timezone: "Europe/Berlin", idleFloors: { "large/x64": 0 } };
const place = { environment: "example", region: "eu-central-1" };

const code = await lambdaCode();

/** `schedules`: it also comes by them, as the clock is moved. */
async function openLambda({ schedules = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "runpool-lambda-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  synthesize({ example: { ...example, schedules: [day] } }, folder, code);
  const stackOf = (name: string) =>
    JSON.parse(readFileSync(join(folder, "stacks", name, "cdk.tf.json"), "utf8")) as StackFile;
  const [pool, control] = [stackOf("example-pool"), stackOf("example-control")];
  const { cloud, clients, clock } = await embeddedFor(pool);
  const permissions = { administration: "write", actions: "read" } as const;
  const github = await openGithub({ clock, chance: chance("lambda"), pats: [{ token, permissions }] });
  onTestFinished(() => github.close());
  const forge = { kind: "github", serverUrl: github.url, apiUrl: github.url, repositories: example.forge.repositories };
  await furnishFromStack(clients, pool, (item) => ({ ...item, forge: toAttribute(forge) }));
  const { runtime, printed } = recorded(deployedOn(cloud, join(folder, "functions")));
  const { aws_scheduler_schedule: _, ...unscheduled } = control.resource ?? {};
  const furnished = schedules ? control : { ...control, resource: unscheduled };
  const controlFolder = join(folder, "stacks", "example-control");
  await furnishLambdas(cloud, furnished, { folder: controlFolder, runtime });
  const archive = join(controlFolder, textOf(onlyResource(control, "aws_lambda_function"), "filename"));
  const call = async (event: object) => {
    const from = printed.length;
    const input = { FunctionName: "runpool-example-refresh", Payload: JSON.stringify(event) };
    const { reply } = await invoke(cloud.sources, input);
    return { reply, lines: printed.slice(from) };
  };
  const putCredential = (Value: string) =>
    clients.ssm.send(
      new PutParameterCommand({ Name: forgeCredentialParameter("example"), Value, Type: "SecureString" }),
    );
  const random = { next: () => 0 };
  const stored = settings({ client: clients.dynamodb, table: tableName("example"), clock, random, ...place });
  const requests = savedRequests({ client: clients.dynamodb, table: tableName("example"), clock });
  return { archive, call, printed, putCredential, stored, requests, clock, held: secrets(clients.ssm) };
}

test("the deployed bundle renews every partition's token, keeps the floors of the schedule that came last, and tells its metrics", async () => {
  const { call, putCredential, stored, held } = await openLambda();
  await putCredential(token);
  await stored.writeOverlay({ idleMs: 120_000 });
  const { reply, lines } = await call({});
  expect(reply).toHaveProperty("payload");
  for (const repository of example.forge.repositories)
    expect((await held.read(registrationTokenParameter("example", `github:${repository}`)))?.value).toBeTruthy();
  expect((await stored.load()).overlay).toMatchObject({ idleMs: 120_000, idleFloors: { "large/x64": 0 } });
  const metrics = lines.filter((line) => "_aws" in line);
  expect(metrics.find((line) => line["State"] === "idle")).toMatchObject({ Environment: "example", Instances: 0 });
  expect(metrics.find((line) => "RefreshProblems" in line)).toMatchObject({ RefreshProblems: 0, Leaked: 0 });
  expect(JSON.stringify(lines)).not.toContain(token);
});

test("it comes by its schedule, and what is no event of its is refused", async () => {
  const { call, printed, putCredential, clock } = await openLambda({ schedules: true });
  const done = () => printed.filter((line) => "RefreshProblems" in line).length;
  const until = (count: number) => vi.waitFor(() => expect(done()).toBe(count), { timeout: 60_000 });
  await until(1);
  await putCredential(token);
  await clock.advance(limits.refreshMs - 1);
  expect(done()).toBe(1);
  await clock.advance(1);
  await until(2);
  expect((await call({ schedule: 7 })).reply).toMatchObject({ error: { errorType: "EventRefused" } });
});

test("what came of a provision is told once, by repository", async () => {
  const { call, putCredential, requests, clock } = await openLambda();
  await putCredential(token);
  const [repository = ""] = example.forge.repositories;
  const request = requestOf({ runId: "1001", repository });
  const at = clock.now() - 2 * limits.outcomeTellMs;
  const { attempt, provisionId, resourceClass, usageClass } = request;
  const about = { attempt, provisionId, repository, resourceClass, usageClass };
  const came = { readyMs: 31_000, created: 2, reused: 1, claimsLost: 4, usdPerHour: 3.6 };
  await requests.save(request, at, { ...about, ...came, at });
  await requests.end("1001", { attempt: 1, at: at + 29_000 });
  const told = async () => (await call({})).lines.filter(({ runId }) => runId === "1001");
  expect(await told()).toMatchObject([
    { repository, TimeToReady: 31_000, InstancesCreated: 2, InstancesReused: 1, ClaimsLost: 4 },
    { repository, InstanceSeconds: 180, RunCost: 0.06 },
  ]);
  expect(await told()).toEqual([]);
});

test("the age that is told is the oldest token's, whichever was renewed since", async () => {
  const { call, putCredential, held, clock } = await openLambda();
  await putCredential(token);
  const tokenAge = async () => (await call({})).lines.find((line) => "TokenAge" in line)?.["TokenAge"];
  const begun = performance.now();
  await call({});
  await clock.advance(600_000);
  const [first = "", ...others] = example.forge.repositories;
  expect(others.length).toBeGreaterThan(0);
  await held.write(registrationTokenParameter("example", `github:${first}`), "renewed");
  const age = Number(await tokenAge());
  // Within the second that the clock of the host may be off, and the time that this has taken.
  expect(age).toBeGreaterThanOrEqual(600_000 - 1000);
  expect(age).toBeLessThanOrEqual(600_000 + 1000 + performance.now() - begun);
});

test("without its credential the lambda comes all the same, says which parameter is missing, and an alarm's metric tells it", async () => {
  const { call } = await openLambda();
  const { reply, lines } = await call({});
  expect(reply).toHaveProperty("payload");
  const said = lines.find(({ event }) => event === "token.not-renewed");
  expect(said?.["problem"]).toContain("/runpool/example/forge-credential is missing");
  expect(lines.find((line) => "RefreshProblems" in line)?.["RefreshProblems"]).toBeGreaterThan(0);
});

test("a private authority's certificates lie beside the code of its environment alone, and Node.js is told of them", () => {
  const folder = mkdtempSync(join(tmpdir(), "runpool-lambda-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  synthesize({ example, own: exampleWith({ name: "own", privateCa: certificate }) }, folder, code);
  const look = (name: string) => {
    const path = join(folder, "stacks", `${name}-control`);
    const stack = JSON.parse(readFileSync(join(path, "cdk.tf.json"), "utf8")) as StackFile;
    const lambda = onlyResource(stack, "aws_lambda_function");
    const { variables } = lambda["environment"] as { variables: Record<string, string> };
    return { archive: readFileSync(join(path, String(lambda["filename"]))), variables };
  };
  const own = look("own");
  expect(own.variables["NODE_EXTRA_CA_CERTS"]).toBe("/var/task/private-ca.pem");
  const files = [...filesOf(own.archive)];
  expect(files.at(-1)).toEqual(["private-ca.pem", Buffer.from(certificate)]);
  expect(files[0]?.[0]).toBe("index.mjs");
  const other = look("example");
  expect(other.variables).not.toHaveProperty("NODE_EXTRA_CA_CERTS");
  expect(other.archive.equals(code("refresh"))).toBe(true);
});

test("the zip is one that others can read", async (context) => {
  const { archive } = await openLambda();
  const python = missing("python3");
  if (python !== undefined) needs(context, "unzip");
  const { status } =
    python === undefined
      ? spawnSync("python3", ["-m", "zipfile", "-t", archive])
      : spawnSync("unzip", ["-t", archive], { encoding: "utf8" });
  expect(status).toBe(0);
});
