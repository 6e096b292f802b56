// What an account has once: made where it is not given, whatever number of environments there is.
import { expect, test } from "vitest";
import { resourcesOf, type Block, type StackFile } from "../../sim/stack-file.ts";
import example from "../../environments/example.ts";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { exampleWith, synthesized } from "./synthesized.ts";

const stackOf = (...files: readonly EnvironmentFile[]): StackFile | undefined =>
  synthesized(...files)["account-111122223333"];
const named = (name: string, changes: Partial<EnvironmentFile> = {}) =>
  exampleWith({ name, classes: { large: {} }, ...changes });
const blocks = (stack: StackFile | undefined, type: string): readonly Block[] =>
  resourcesOf(stack ?? {}, type).map(([, block]) => block);
const urls = (stack: StackFile | undefined) =>
  blocks(stack, "aws_iam_openid_connect_provider").map(({ url }) => String(url));

const oidcProviderArn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
const keyOf = (region: string, id = "1") => `arn:aws:kms:${region}:111122223333:key/${id}`;
const elsewhere = {
  region: "us-east-1",
  network: { kind: "public" as const, cidr: "10.90.0.0/16", zones: ["us-east-1a"] },
};

test("a second environment makes no second provider and no second role", () => {
  const stack = stackOf(named("one"), named("two"));
  expect(urls(stack)).toEqual(["https://token.actions.githubusercontent.com"]);
  expect(blocks(stack, "aws_iam_service_linked_role")).toEqual([
    expect.objectContaining({ aws_service_name: "spot.amazonaws.com" }),
  ]);
});

test("each issuer has its provider", () => {
  const server = named("two", { forge: { ...example.forge, serverUrl: "https://ghes.example.org" } });
  expect(urls(stackOf(named("one"), server)).toSorted()).toEqual([
    "https://ghes.example.org/_services/token",
    "https://token.actions.githubusercontent.com",
  ]);
});

test("a provider that is given is not made, and is what the roles trust", () => {
  const stacks = synthesized(named("one", { given: { oidcProviderArn } }));
  expect(urls(stacks["account-111122223333"])).toEqual([]);
  expect(blocks(stacks["account-111122223333"], "aws_iam_service_linked_role")).toHaveLength(1);
  const trust = blocks(stacks["one-control"], "aws_iam_role").map((role) => String(role["assume_role_policy"]));
  expect(trust.some((text) => text.includes(`"Federated":"${oidcProviderArn}"`))).toBe(true);
});

test("spot's role is given as soon as one environment says so", () => {
  const stack = stackOf(named("one", { given: { spotServiceRole: true } }), named("two"));
  expect(blocks(stack, "aws_iam_service_linked_role")).toEqual([]);
  expect(urls(stack)).toHaveLength(1);
});

test("what is given now and was made here before is forgotten by Terraform, and not deleted", () => {
  const removed = (given: EnvironmentFile["given"]) =>
    (stackOf(named("one", { given })) as { removed?: object })?.removed;
  const left = (from: string) => ({ from, lifecycle: [{ destroy: false }] });
  expect(removed({})).toBeUndefined();
  expect(removed({ oidcProviderArn })).toEqual([
    left("aws_iam_openid_connect_provider.oidc-token-actions-githubusercontent-com"),
  ]);
  expect(removed({ spotServiceRole: true })).toEqual([left("aws_iam_service_linked_role.spot")]);
});

test("where all is given there is no account stack", () => {
  expect(stackOf(named("one", { given: { oidcProviderArn, spotServiceRole: true } }))).toBeUndefined();
});

test("spot is granted each own key once, by the role that is made", () => {
  const key = { kmsKeyArn: keyOf("eu-central-1") };
  const grants = blocks(stackOf(named("one", key), named("two", key)), "aws_kms_grant");
  expect(grants).toEqual([
    expect.objectContaining({ key_id: key.kmsKeyArn, grantee_principal: "${aws_iam_service_linked_role.spot.arn}" }),
  ]);
  expect(grants[0]?.["operations"]).toContain("CreateGrant");
});

test("keys are granted in their own regions, to the role by its name where it is given", () => {
  const given = { oidcProviderArn, spotServiceRole: true };
  const stack = stackOf(
    named("one", { given, kmsKeyArn: keyOf("eu-central-1") }),
    named("two", { given, ...elsewhere, kmsKeyArn: keyOf("us-east-1", "2") }),
    named("three", { given, ...elsewhere, kmsKeyArn: keyOf("us-east-1", "3") }),
  );
  const role = "arn:aws:iam::111122223333:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot";
  const grants = blocks(stack, "aws_kms_grant");
  expect(grants.map(({ grantee_principal }) => grantee_principal)).toEqual([role, role, role]);
  expect(grants.map(({ provider }) => provider)).toEqual([undefined, "aws.us-east-1", "aws.us-east-1"]);
  expect(stack?.provider?.aws?.map(({ region, alias }) => [region, alias])).toEqual([
    ["eu-central-1", undefined],
    ["us-east-1", "us-east-1"],
  ]);
});

test("accounts have a stack each", () => {
  const stacks = Object.keys(synthesized(named("one"), named("two", { account: "999988887777" })));
  expect(stacks.filter((name) => name.startsWith("account-")).toSorted()).toEqual([
    "account-111122223333",
    "account-999988887777",
  ]);
});
