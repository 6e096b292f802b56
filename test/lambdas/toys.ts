// Toy lambdas of the example's environment: what each says of itself, and the stack that this makes.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { onTestFinished } from "vitest";
import { lambda } from "../../build/bundles.ts";
import example from "../../environments/example.ts";
import type { StackFile } from "../../sim/stack-file.ts";
import { layGround } from "../../stacks/constructs/ground.ts";
import { lambdaCode } from "../../stacks/constructs/lambda-bundle.ts";
import { makeLambda, type Lambda } from "../../stacks/constructs/lambda.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";

export const environment = readEnvironment(example, "example");

const usual = { statements: [], timeoutS: 3, memoryMiB: 128 } as const;
const table = {
  table: "runpool-example",
  arn: "arn:aws:dynamodb:eu-central-1:111122223333:table/runpool-example/stream/2026",
};

export const jobs: Lambda = {
  ...usual,
  name: "toy-jobs",
  description: "does jobs",
  sources: [{ kind: "queue", batch: 5, concurrency: 2, tries: 2 }],
  alarm: { failing: "Jobs fail.", deadLetters: "A job was given up." },
};
export const hook: Lambda = {
  ...usual,
  name: "toy-hook",
  description: "answers",
  sources: [{ kind: "url" }],
  reservedConcurrency: 2,
  noAlarm: "its callers get the error",
};
export const woken: Lambda = {
  ...usual,
  name: "toy-event",
  description: "is woken",
  sources: [
    {
      kind: "schedule",
      id: "toy-hourly",
      name: "runpool-example_toy-hourly",
      expression: "rate(1 hour)",
      timezone: "UTC",
      event: { by: "schedule" },
    },
    {
      kind: "rule",
      id: "toy-rule",
      name: "runpool-example_toy-rule",
      pattern: { source: ["toys"], detail: { size: [1] } },
    },
    { kind: "stream", ...table, batch: 2, tries: 2 },
  ],
  variables: { TOY_GREETING: "hello" },
  events: { ageS: 3600, retries: 1 },
  alarm: { failing: "Nobody is woken.", comes: true, deadLetters: "An event was given up." },
};

/** The code of the toys' handler files, bundled as any lambda's is. */
export const toyCode = () =>
  lambdaCode(["toy-jobs", "toy-hook", "toy-event"].map((name) => lambda(name, "test/lambdas")));

/** A stack of these lambdas in a folder of the test's own, as Terraform would see it. */
export function toyStack(lambdas: readonly Lambda[], code: Awaited<ReturnType<typeof toyCode>>) {
  const outdir = mkdtempSync(join(tmpdir(), "runpool-toys-"));
  onTestFinished(() => rmSync(outdir, { recursive: true, force: true }));
  const app = new App({ outdir, skipValidation: true });
  const stack = new TerraformStack(app, "example-toys");
  layGround(stack, environment);
  for (const one of lambdas) makeLambda(stack, environment, one, code);
  app.synth();
  const folder = join(outdir, "stacks", "example-toys");
  return { folder, stack: JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as StackFile };
}
