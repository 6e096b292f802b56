// The network that an environment has made for it: what waits for what, which addresses it has, and how many.
import { expect, test } from "vitest";
import { resourcesOf, textOf, type Block } from "../../sim/stack-file.ts";
import example from "../../environments/example.ts";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { refusals } from "./refusals.ts";
import { exampleWith, stackNamed, synthesized } from "./synthesized.ts";

const zones = ["eu-central-1a", "eu-central-1b"];
const hidden: EnvironmentFile["network"] = { kind: "private", cidr: "10.80.0.0/16", zones, endpoints: ["ssm"] };
const poolOf = (network: EnvironmentFile["network"]) =>
  stackNamed(synthesized(exampleWith({ network })), "example-pool");
const only = (stack: ReturnType<typeof poolOf>, type: string): Block => {
  const [[, block] = ["", {}], ...more] = resourcesOf(stack, type);
  expect(more).toEqual([]);
  return block;
};

test("a NAT gateway and its address wait for the internet gateway, which neither names", () => {
  const pool = poolOf(hidden);
  for (const type of ["aws_nat_gateway", "aws_eip"])
    expect(only(pool, type)["depends_on"], type).toContain("aws_internet_gateway.internet");
});

test("private subnets lead to the NAT gateway, which is in a public one; no two blocks overlap", () => {
  const pool = poolOf(hidden);
  const subnets = new Map(resourcesOf(pool, "aws_subnet"));
  expect([...subnets].map(([id, block]) => [id, textOf(block, "cidr_block")])).toEqual([
    ["private-eu-central-1a", "10.80.128.0/20"],
    ["private-eu-central-1b", "10.80.144.0/20"],
    ["public-eu-central-1a", "10.80.0.0/20"],
  ]);
  for (const block of subnets.values()) expect(block["map_public_ip_on_launch"] ?? false).toBe(false);
  expect(only(pool, "aws_nat_gateway")["subnet_id"]).toBe("${aws_subnet.public-eu-central-1a.id}");
  const routes = new Map(resourcesOf(pool, "aws_route_table"));
  expect(JSON.stringify(routes.get("private-routes")?.["route"])).toContain("${aws_nat_gateway.nat.id}");
  expect(JSON.stringify(routes.get("public-routes")?.["route"])).toContain("${aws_internet_gateway.internet.id}");
});

test("a network of its own has room for as many instances as there may be", () => {
  const with_ = (network: object, maxInstances: number) =>
    refusals({ ...example, network: { ...example.network, zones, ...network }, limits: { maxInstances } });
  expect(with_({ cidr: "10.80.0.0/24" }, 22)).toEqual([]);
  expect(with_({ cidr: "10.80.0.0/24" }, 23)).toEqual([
    "x: network.cidr: 10.80.0.0/24 has room for 22 instances, 11 a zone; limits.maxInstances is 23",
  ]);
  const endpoints = { kind: "private", cidr: "10.80.0.0/24", endpoints: ["ssm", "logs"] };
  expect(with_(endpoints, 19)[0]).toContain("has room for 18 instances, 9 a zone");
});

test("sessions without a NAT gateway have Session Manager's endpoints, or are refused", () => {
  const closed = (endpoints: readonly string[]) =>
    refusals({
      ...example,
      network: { ...hidden, nat: false, endpoints },
      proxy: { url: "http://proxy.example.org:3128" },
      sessionAccess: true,
    });
  expect(closed(["ssm"])).toEqual([
    'x: network.endpoints: must contain "ssmmessages": without nat, sessionAccess could only use the proxy',
  ]);
  expect(closed(["ssm", "ssmmessages"])).toEqual([]);
});
