// A lambda more is a description and a handler file: role, queues, log, code, rights of its deployment, alarms and its panel come with it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { onlyResource, resourcesOf, textOf, type StackFile } from "../../sim/stack-file.ts";
import { arnsOf } from "../../stacks/arns.ts";
import { alarmsOf } from "../../stacks/constructs/alarms.ts";
import { panelOf } from "../../stacks/constructs/dashboard.ts";
import { noCode } from "../../stacks/constructs/lambda-bundle.ts";
import { deployLambdas } from "../../stacks/policies/lambda-policy.ts";
import { environment, hook, jobs, toyStack, woken } from "../lambdas/toys.ts";
import { isAllowed, type PolicyStatement } from "./evaluate-policy.ts";

const all = (stack: StackFile, type: string) => resourcesOf(stack, type).map(([, block]) => block);
const here = (service: string, resource: string) => `arn:aws:${service}:eu-central-1:111122223333:${resource}`;
const rightsOf = (stack: StackFile) =>
  (JSON.parse(textOf(onlyResource(stack, "aws_iam_role_policy"), "policy")) as { Statement: PolicyStatement[] })
    .Statement;

test("one that reads a queue has it, may read it, and gives up what fails too often", () => {
  const { stack, folder } = toyStack([jobs], noCode);
  const made = onlyResource(stack, "aws_lambda_function");
  expect(made).toMatchObject({
    function_name: "runpool-example-toy-jobs",
    environment: { variables: { RUNPOOL_ENVIRONMENT: "example" } },
    timeout: 3,
  });
  expect(existsSync(join(folder, textOf(made, "filename")))).toBe(true);
  const [deadLetters, queue] = all(stack, "aws_sqs_queue");
  expect(deadLetters).toMatchObject({ name: "runpool-example-toy-jobs-dead-letters" });
  expect(queue).toMatchObject({ name: "runpool-example-toy-jobs", visibility_timeout_seconds: 18 });
  expect(queue?.["redrive_policy"]).toBe(
    '{"deadLetterTargetArn":"${aws_sqs_queue.toy-jobs-dead-letters.arn}","maxReceiveCount":2}',
  );
  expect(onlyResource(stack, "aws_lambda_event_source_mapping")).toMatchObject({
    event_source_arn: "${aws_sqs_queue.toy-jobs-queue.arn}",
    function_response_types: ["ReportBatchItemFailures"],
    batch_size: 5,
    scaling_config: { maximum_concurrency: 2 },
  });
  const may = (action: string, resource: string) => isAllowed(rightsOf(stack), { action, resource });
  expect(may("sqs:ReceiveMessage", here("sqs", "runpool-example-toy-jobs"))).toBe(true);
  expect(may("sqs:ReceiveMessage", here("sqs", "runpool-example_large"))).toBe(false);
  expect(may("sqs:SendMessage", here("sqs", "runpool-example-toy-jobs-dead-letters"))).toBe(false);
  expect(may("logs:PutLogEvents", here("logs", "log-group:/aws/lambda/runpool-example-toy-jobs:log-stream:a"))).toBe(
    true,
  );
});

test("one behind a URL has nothing that keeps failures, and runs no more often at once than it reserves", () => {
  const { stack } = toyStack([hook], noCode);
  expect(all(stack, "aws_sqs_queue")).toEqual([]);
  expect(onlyResource(stack, "aws_lambda_function_url")).toMatchObject({ authorization_type: "NONE" });
  expect(onlyResource(stack, "aws_lambda_permission")).toMatchObject({
    action: "lambda:InvokeFunction",
    principal: "*",
  });
  expect(onlyResource(stack, "aws_lambda_function")).toMatchObject({ reserved_concurrent_executions: 2 });
  expect(rightsOf(stack).map(({ Sid }) => Sid)).toEqual(["WriteLogs"]);
});

test("one that schedules, rules and changes wake keeps what none of them could bring about", () => {
  const { stack } = toyStack([woken], noCode);
  const deadLetters = "${aws_sqs_queue.toy-event-dead-letters.arn}";
  expect(onlyResource(stack, "aws_scheduler_schedule")).toMatchObject({
    name: "runpool-example_toy-hourly",
    target: { input: '{"by":"schedule"}', dead_letter_config: { arn: deadLetters } },
  });
  expect(onlyResource(stack, "aws_cloudwatch_event_target")).toMatchObject({
    dead_letter_config: { arn: deadLetters },
  });
  expect(onlyResource(stack, "aws_lambda_event_source_mapping")).toMatchObject({
    starting_position: "LATEST",
    maximum_retry_attempts: 1,
    destination_config: { on_failure: { destination_arn: deadLetters } },
  });
  expect(onlyResource(stack, "aws_lambda_function_event_invoke_config")).toMatchObject({
    maximum_retry_attempts: 1,
    destination_config: { on_failure: { destination: deadLetters } },
  });
});

test("its alarms and its panel follow from what it says; for no alarm there is a reason", () => {
  const ids = (lambda: typeof jobs) => alarmsOf("example", lambda).map(([id]) => id);
  expect(ids(jobs)).toEqual(["toy-jobs-failing", "toy-jobs-dead-letters"]);
  expect(ids(hook)).toEqual([]);
  const [[, silent]] = alarmsOf("example", woken) as [readonly [string, object]];
  expect(silent).toMatchObject({ treatMissingData: "breaching", threshold: -1 });
  const [[, failing]] = alarmsOf("example", jobs) as [readonly [string, object]];
  expect(failing).toMatchObject({ threshold: 0, alarmDescription: "Jobs fail." });
  expect(failing).not.toHaveProperty("treatMissingData");
  expect(panelOf("example", jobs)).toMatchObject({ title: "Toy-jobs" });
  expect(JSON.stringify(panelOf("example", jobs).lines)).toContain('"QueueName","runpool-example-toy-jobs"');
  expect(panelOf("example", hook).lines).toHaveLength(2);
});

test("who deploys it again may change it and what wakes it, and no other's", () => {
  const may = (lambda: typeof jobs, action: string, resource: string, context = {}) =>
    isAllowed(deployLambdas(environment, arnsOf(environment), [lambda]), { action, resource, context });
  const own = here("lambda", "function:runpool-example-toy-jobs");
  const other = here("lambda", "function:runpool-prod-toy-jobs");
  expect(may(jobs, "lambda:UpdateFunctionCode", own)).toBe(true);
  expect(may(jobs, "lambda:UpdateFunctionCode", other)).toBe(false);
  const mapping = here("lambda", "event-source-mapping:0");
  expect(may(jobs, "lambda:DeleteEventSourceMapping", mapping, { "lambda:FunctionArn": own })).toBe(true);
  expect(may(jobs, "lambda:DeleteEventSourceMapping", mapping, { "lambda:FunctionArn": other })).toBe(false);
  expect(may(jobs, "lambda:CreateFunctionUrlConfig", own)).toBe(false);
  expect(may(hook, "lambda:CreateFunctionUrlConfig", here("lambda", "function:runpool-example-toy-hook"))).toBe(true);
  expect(may(woken, "scheduler:UpdateSchedule", here("scheduler", "schedule/default/runpool-example_toy-hourly"))).toBe(
    true,
  );
  expect(may(woken, "scheduler:UpdateSchedule", here("scheduler", "schedule/default/runpool-example-two_x"))).toBe(
    false,
  );
  expect(may(woken, "events:PutRule", here("events", "rule/runpool-example_toy-rule"))).toBe(true);
});

test("one without a handler file is refused by the file's name", async () => {
  const { lambdaCode } = await import("../../stacks/constructs/lambda-bundle.ts");
  const code = await lambdaCode([]);
  expect(() => toyStack([jobs], code)).toThrow("entry/lambdas/toy-jobs.lambda.ts");
});
