// What is asked of EC2, and what its answers mean.
import { describe, expect, it, onTestFinished } from "vitest";
import { createFleetInput, requirementsOf } from "../../cloud/aws/fleet-request.ts";
import { distinct, failureOf } from "../../cloud/aws/launch-failures.ts";
import { fleet } from "../../cloud/aws/fleet.ts";
import type { LaunchRequest } from "../../cloud/ports.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";

const request: LaunchRequest = {
  count: 3,
  clientToken: "token",
  template: { id: "lt-0123456789abcdef0", version: "4" },
  imageId: "ami-0123456789abcdef0",
  subnets: [
    { id: "subnet-a", zone: "eu-west-1a" },
    { id: "subnet-b", zone: "eu-west-1b" },
  ],
  minimum: { cpu: 4, mmem: 8192 },
  maximumCpu: 8,
  architecture: "x64",
  usageClass: "spot",
  avoid: [],
  allowedTypes: ["c*", "m5.*"],
  tags: { "runpool:environment": "dev" },
};

describe("a launch request", () => {
  it("becomes one instant fleet with an override a subnet", () => {
    expect(createFleetInput(request)).toMatchSnapshot();
  });

  it("leaves burstable types out unless they are asked for by name", () => {
    const burstable = (...allowedTypes: string[]) => requirementsOf({ ...request, allowedTypes }).BurstablePerformance;
    expect(burstable()).toBe("excluded");
    expect(burstable("c*", "trn1.2xlarge")).toBe("excluded");
    for (const named of ["t3.large", "t4g.*", "t*"]) expect(burstable("c*", named)).toBe("included");
  });
});

it("EC2's codes become the few kinds that call for different answers", () => {
  const kind = (code: string, message = "") => failureOf(code, message).kind;
  expect(kind("InsufficientInstanceCapacity")).toBe("no-capacity");
  expect(kind("UnfulfillableCapacity")).toBe("no-capacity");
  expect(kind("VcpuLimitExceeded")).toBe("quota");
  expect(kind("MaxSpotInstanceCountExceeded")).toBe("quota");
  expect(kind("RequestLimitExceeded")).toBe("throttled");
  expect(kind("UnauthorizedOperation")).toBe("refused");
  expect(kind("InvalidFleetConfig", "No instance types satisfy the instance requirements")).toBe("no-type");
  const twice = [failureOf("Unsupported", "in eu-west-1a"), failureOf("Unsupported", "in eu-west-1a")];
  expect(distinct(twice)).toHaveLength(1);
});

describe("on the embedded EC2", () => {
  const open = async (): Promise<{ sim: HttpSim; wanted: LaunchRequest }> => {
    const sim = await openHttpSim({ maxAttempts: 2 });
    onTestFinished(() => sim.close());
    const template = sim.defaults.templates["large/x64"];
    if (template === undefined) throw new Error("no template");
    const imageId = await sim.fleet.image(sim.defaults.imageParameters.x64 ?? "");
    const subnets = sim.defaults.subnets;
    return { sim, wanted: { ...request, usageClass: "on-demand", template, imageId, subnets, allowedTypes: ["m5.*"] } };
  };

  it("a fleet that gets fewer says so, and keeps what it got", async () => {
    const { sim, wanted } = await open();
    sim.cloud.capacity.scarcities.push({ remaining: 1 });
    const outcome = await sim.fleet.launch(wanted);
    if (outcome.kind !== "answered") throw new Error(outcome.problem);
    expect(outcome.launched).toHaveLength(1);
    expect(new Set(outcome.failures.map(({ kind }) => kind))).toEqual(new Set(["no-capacity"]));
  });

  it("pays no more for a spot machine than it may, and on-demand what it costs", async () => {
    const { sim, wanted } = await open();
    const spot = { ...wanted, usageClass: "spot" as const, spotMaxPrice: 0.0001 };
    const outcome = await sim.fleet.launch(spot);
    expect(outcome).toMatchObject({ kind: "answered", launched: [] });
    expect(JSON.stringify(outcome)).toContain("SpotMaxPriceTooLow");
    expect(await sim.fleet.launch({ ...spot, clientToken: "b", spotMaxPrice: 10 })).toMatchObject({ failures: [] });
    expect(await sim.fleet.launch({ ...spot, clientToken: "c", usageClass: "on-demand" })).toMatchObject({
      failures: [],
    });
  });

  it("asks for the sizes of types once, and not at all for those it has met", async () => {
    const { sim, wanted } = await open();
    await sim.fleet.launch(wanted);
    await sim.fleet.launch({ ...wanted, clientToken: "another" });
    expect(sim.door.calls().ec2).toMatchObject({ CreateFleet: 2, DescribeInstanceTypes: 1 });
  });

  it("keeps machines whose type's size cannot be had, as the least that they are", async () => {
    const { sim, wanted } = await open();
    sim.faults.set("ec2", "DescribeInstanceTypes", { throttled: 1 });
    const outcome = await sim.fleet.launch(wanted);
    expect(outcome).toMatchObject({ launched: [{ cpu: 4, mmem: 8192 }, {}, {}] });
  });

  it("a quota, a bad template and throttling are answers; lost replies are unknown", async () => {
    const { sim, wanted } = await open();
    sim.cloud.capacity.vcpuQuota["on-demand"] = 0;
    expect(await sim.fleet.launch(wanted)).toMatchObject({ launched: [], failures: [{ kind: "quota" }] });
    const bad = { ...wanted, clientToken: "b", template: { id: "lt-0123456789abcdef0", version: "1" } };
    expect(await sim.fleet.launch(bad)).toMatchObject({ launched: [], failures: [{ kind: "refused" }] });
    sim.faults.set("ec2", "CreateFleet", { throttled: 1 });
    expect(await sim.fleet.launch(wanted)).toMatchObject({ launched: [], failures: [{ kind: "throttled" }] });
    sim.faults.set("ec2", "CreateFleet", { throttled: 0, lostAfter: 1 });
    expect(await sim.fleet.launch(wanted)).toMatchObject({ kind: "unknown" });
  });

  it("names the parameter that holds no image", async () => {
    const { sim } = await open();
    await expect(sim.fleet.image("/runpool/none/ami/x64")).rejects.toThrow(/\/runpool\/none\/ami\/x64.*build one/);
    await sim.secrets.write("/runpool/odd", "latest");
    await expect(sim.fleet.image("/runpool/odd")).rejects.toThrow(/is no AMI id/);
  });

  it("builds its client with the first call that needs EC2, and only once", async () => {
    const { sim } = await open();
    let built = 0;
    const lazy = fleet({
      ec2: () => {
        built++;
        return sim.clients.ec2;
      },
      ssm: () => sim.clients.ssm,
      environment: "dev",
    });
    await lazy.image(sim.defaults.imageParameters.x64 ?? "");
    await lazy.describe([]);
    expect(built).toBe(0);
    await Promise.all([lazy.ours(), lazy.ours()]);
    expect(built).toBe(1);
  });
});
