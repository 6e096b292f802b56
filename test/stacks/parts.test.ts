// What parts of the stacks promise, each by itself: the inventory tells that one has changed, this tells what must not.
import { expect, test } from "vitest";
import { resourcesOf } from "../../sim/stack-file.ts";
import { limits } from "../../domain/limits.ts";
import { tags } from "../../domain/names.ts";
import { table } from "../../domain/table.ts";
import { exampleWith, stackNamed, synthesized } from "./synthesized.ts";

const second = 1_000;
const stacks = synthesized(exampleWith({}));
const [pool, control, observability] = ["pool", "control", "observability"].map((name) =>
  stackNamed(stacks, `example-${name}`),
) as [Stack, Stack, Stack];
type Stack = ReturnType<typeof stackNamed>;
const all = (stack: Stack, type: string) => resourcesOf(stack, type).map(([, block]) => block);

test("a machine that shuts down ends, with its encrypted disk; no container of a job reaches its role", () => {
  const templates = all(pool, "aws_launch_template");
  expect(templates.length).toBeGreaterThan(10);
  for (const template of templates) {
    expect(template).toMatchObject({
      instance_initiated_shutdown_behavior: "terminate",
      metadata_options: { http_tokens: "required", http_put_response_hop_limit: 1, instance_metadata_tags: "enabled" },
    });
    const disks = template["block_device_mappings"] as readonly { readonly ebs: object }[];
    expect(disks.length).toBeGreaterThan(0);
    for (const { ebs } of disks) expect(ebs).toMatchObject({ delete_on_termination: "true", encrypted: "true" });
    const carried = template["tag_specifications"] as readonly {
      readonly resource_type: string;
      readonly tags: object;
    }[];
    expect(carried.map(({ resource_type }) => resource_type).toSorted()).toEqual(["instance", "volume"]);
    for (const { tags: own } of carried)
      expect(own).toMatchObject({ [tags.environment]: "example", [tags.manager]: "pool" });
  }
});

test("a pool's queue keeps a message for longer than anything idles, sets none aside by itself, and is encrypted", () => {
  const queues = all(pool, "aws_sqs_queue").filter(({ name }) => !String(name).endsWith("-unreadable"));
  expect(queues.length).toBeGreaterThan(5);
  for (const queue of queues) {
    expect(queue).toMatchObject({
      message_retention_seconds: limits.poolRetentionMs / second,
      visibility_timeout_seconds: limits.leaseMs / second,
      sqs_managed_sse_enabled: true,
    });
    expect(queue).not.toHaveProperty("redrive_policy");
  }
  expect(limits.poolRetentionMs).toBeGreaterThan(limits.longestIdleMs);
});

test("the table deletes what is old, can be restored, is encrypted and paid for by use", () => {
  expect(all(pool, "aws_dynamodb_table")).toMatchObject([
    {
      hash_key: table.key,
      ttl: { attribute_name: table.ttl, enabled: true },
      point_in_time_recovery: { enabled: true },
      server_side_encryption: { enabled: true },
      billing_mode: "PAY_PER_REQUEST",
    },
  ]);
});

test("refresh comes every period, has ended before the next, and is not tried again later; where it stays away, an alarm tells", () => {
  const [lambda] = all(control, "aws_lambda_function");
  expect(Number(lambda?.["timeout"]) * second).toBe(limits.refreshLimitMs);
  expect(limits.refreshLimitMs).toBeLessThan(limits.refreshMs);
  const every = all(control, "aws_scheduler_schedule").find(({ name }) => name === "runpool-example-refresh");
  expect(every?.["schedule_expression"]).toBe(`rate(${limits.refreshMs / 60_000} minutes)`);
  expect(all(control, "aws_lambda_function_event_invoke_config")).toMatchObject([
    { maximum_retry_attempts: 0, maximum_event_age_in_seconds: 60 },
  ]);
  const alarms = all(observability, "aws_cloudwatch_metric_alarm");
  const silent = alarms.filter((alarm) => alarm["treat_missing_data"] === "breaching");
  expect(silent.map(({ alarm_name }) => alarm_name)).toEqual(["runpool-example_refresh-failing"]);
});

test("a schedule comes by the clock of its own time zone, summer and winter", () => {
  const morning = {
    name: "morning",
    cron: "cron(0 7 ? * MON-FRI *)",
    timezone: "Europe/Berlin",
    idleFloors: { "large/x64": 1 },
  };
  const scheduled = stackNamed(synthesized(exampleWith({ schedules: [morning] })), "example-control");
  const zones = all(scheduled, "aws_scheduler_schedule").map((one) => [
    one["schedule_expression"],
    one["schedule_expression_timezone"],
  ]);
  expect(zones).toContainEqual([morning.cron, morning.timezone]);
});
