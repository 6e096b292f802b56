// Environments beside each other in one account: no two resources share a name, and a class that is retired keeps its queues.
import { expect, test } from "vitest";
import { resourcesOf, textOf, type Block, type StackFile } from "../../sim/stack-file.ts";
import dev from "../../environments/dev.ts";
import example from "../../environments/example.ts";
import prod from "../../environments/prod.ts";
import { exampleWith, stackNamed, synthesized } from "./synthesized.ts";

const stacks = synthesized(dev, example, prod);

/** What names a resource to AWS, within account and region; none where AWS gives it an id, or where it is a part of a named one. */
const namedBy: Readonly<Record<string, string | undefined>> = {
  aws_budgets_budget: "name",
  aws_cloudwatch_dashboard: "dashboard_name",
  aws_cloudwatch_log_group: "name",
  aws_cloudwatch_metric_alarm: "alarm_name",
  aws_dynamodb_table: "name",
  aws_iam_instance_profile: "name",
  aws_iam_openid_connect_provider: "url",
  aws_iam_policy: "name",
  aws_iam_role: "name",
  aws_iam_service_linked_role: "aws_service_name",
  aws_lambda_function: "function_name",
  aws_launch_template: "name",
  aws_scheduler_schedule: "name",
  aws_security_group: "name",
  aws_sns_topic: "name",
  aws_sqs_queue: "name",
  aws_ssm_parameter: "name",
};
const unnamed: ReadonlySet<string> = new Set([
  "aws_dynamodb_table_item",
  "aws_iam_role_policy",
  "aws_iam_role_policy_attachment",
  "aws_internet_gateway",
  "aws_kms_grant",
  "aws_lambda_function_event_invoke_config",
  "aws_route_table",
  "aws_route_table_association",
  "aws_sns_topic_subscription",
  "aws_subnet",
  "aws_vpc",
  "aws_vpc_endpoint",
  "aws_vpc_security_group_egress_rule",
  "terraform_data",
]);

const resources = Object.entries(stacks).flatMap(([stack, { resource = {} }]) =>
  Object.entries(resource).flatMap(([type, made]) =>
    Object.entries(made).map(([id, block]) => ({ stack, type, id, block })),
  ),
);

test("every type of resource is known to be named, or not", () => {
  expect(resources.map(({ type }) => type).filter((type) => !(type in namedBy) && !unnamed.has(type))).toEqual([]);
});

test("dev, example and prod stand in one account without a clash of names", () => {
  const homes = new Map<string, string>();
  for (const { stack, type, id, block } of resources) {
    const attribute = namedBy[type];
    if (attribute === undefined) continue;
    const name = `${type} ${textOf(block, attribute)}`;
    expect(name).not.toContain("${");
    expect(homes.get(name), `${stack}/${id}: ${name}`).toBeUndefined();
    homes.set(name, `${stack}/${id}`);
  }
  for (const environment of ["dev", "example", "prod"])
    expect([...homes.keys()].filter((name) => name.includes(`runpool-${environment}`)).length).toBeGreaterThan(20);
});

test("no two stacks keep their state in one place", () => {
  const places = Object.values(stacks).map((stack) => {
    const [backend] = Object.values(
      (stack as StackFile & { terraform: { backend: Record<string, Block> } }).terraform.backend,
    );
    return `${String(backend?.["bucket"])} ${String(backend?.["path"] ?? backend?.["key"])}`;
  });
  expect(new Set(places).size).toBe(Object.keys(stacks).length);
});

test("a retired class keeps its queues, by which its messages end, and its launch templates, which nobody is told; it is not a class any more", () => {
  const classes = { large: {} };
  const pool = stackNamed(synthesized(exampleWith({ classes, retiredClasses: ["huge"] })), "example-pool");
  const queues = resourcesOf(pool, "aws_sqs_queue").map(([, queue]) => textOf(queue, "name"));
  expect(queues.toSorted()).toEqual(
    ["huge", "large"].flatMap((name) => [`runpool-example_${name}`, `runpool-example_${name}-unreadable`]),
  );
  const templates = resourcesOf(pool, "aws_launch_template").map(([, template]) => textOf(template, "name"));
  expect(templates.filter((name) => name.startsWith("runpool-example_huge-")).length).toBe(templates.length / 2);
  const [item] = resourcesOf(pool, "aws_dynamodb_table_item");
  const defaults = JSON.parse(textOf(item?.[1] ?? {}, "item")) as Record<string, { M: object }>;
  expect(Object.keys(defaults["resourceClasses"]?.M ?? {})).toEqual(["large"]);
  const named = Object.keys(defaults["templates"]?.M ?? {});
  expect(named).toHaveLength(templates.length / 2);
  for (const name of named) expect(name).toMatch(/#large\//);
  expect(Object.keys(defaults["queues"]?.M ?? {}).toSorted()).toEqual(["huge", "large"]);
});
