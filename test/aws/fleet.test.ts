// What is asked of EC2, and what its answers mean.
import { describe, expect, it, onTestFinished } from "vitest";
import { createFleetInput, requirementsOf } from "../../cloud/aws/fleet-request.ts";
import { distinct, failureOf } from "../../cloud/aws/launch-failures.ts";
import { fleet } from "../../cloud/aws/fleet.ts";
import type { LaunchFailure, LaunchRequest } from "../../cloud/ports/fleet.ts";
import { catalogue } from "../../sim/ec2/catalogue.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";
import { launchRequest as request, launchRequestOn } from "../contract/requests.ts";

describe("a launch request", () => {
  it("becomes one instant fleet with an override a subnet", () => {
    const tagged = (ResourceType: string) => ({ ResourceType, Tags: [{ Key: "runpool:environment", Value: "dev" }] });
    expect(createFleetInput(request)).toEqual({
      Type: "instant",
      ClientToken: "token",
      TargetCapacitySpecification: { TotalTargetCapacity: 3, DefaultTargetCapacityType: "spot" },
      SpotOptions: { AllocationStrategy: "price-capacity-optimized" },
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: "lt-0123456789abcdef0", Version: "4" },
          Overrides: ["subnet-a", "subnet-b"].map((SubnetId) => ({
            SubnetId,
            ImageId: "ami-0123456789abcdef0",
            InstanceRequirements: {
              AllowedInstanceTypes: ["c*", "m5.*"],
              VCpuCount: { Min: 4, Max: 8 },
              MemoryMiB: { Min: 8192 },
              BareMetal: "excluded",
              BurstablePerformance: "excluded",
              SpotMaxPricePercentageOverLowestPrice: 100,
            },
          })),
        },
      ],
      TagSpecifications: ["instance", "fleet"].map(tagged),
    });
  });

  it("leaves burstable types out unless they are asked for by name", () => {
    const burstable = (...allowedTypes: string[]) => requirementsOf({ ...request, allowedTypes }).BurstablePerformance;
    expect(burstable()).toBe("excluded");
    expect(burstable("c*", "trn1.2xlarge")).toBe("excluded");
    for (const named of ["t3.large", "t4g.*", "t*"]) expect(burstable("c*", named)).toBe("included");
  });
});

describe("capacity pools that had nothing a moment ago", () => {
  const [a, b] = ["eu-west-1a", "eu-west-1b"];
  /** By subnet: what its override allows or excludes. */
  const asked = (differs: Partial<LaunchRequest>, types?: readonly string[]) =>
    Object.fromEntries(
      (createFleetInput({ ...request, ...differs }, types).LaunchTemplateConfigs?.[0]?.Overrides ?? []).map(
        ({ SubnetId = "", InstanceRequirements }) => [
          SubnetId,
          InstanceRequirements?.AllowedInstanceTypes ??
            InstanceRequirements?.ExcludedInstanceTypes?.map((type) => `not ${type}`),
        ],
      ),
    );

  it("are left out of their zone's override alone, by name among names", () => {
    const named = { allowedTypes: ["c5.xlarge", "c6i.xlarge"], avoid: [{ instanceType: "c5.xlarge", zone: a }] };
    expect(asked(named)).toEqual({ "subnet-a": ["c6i.xlarge"], "subnet-b": ["c5.xlarge", "c6i.xlarge"] });
  });

  it("are left out of what wildcards stand for", () => {
    const avoid = [
      { instanceType: "c5.xlarge", zone: b },
      { instanceType: "c6i.xlarge", zone: b },
    ];
    const types = ["c5.xlarge", "c6i.xlarge", "m5.xlarge"];
    expect(asked({ avoid }, types)).toEqual({ "subnet-a": ["c*", "m5.*"], "subnet-b": ["m5.xlarge"] });
    expect(requirementsOf({ ...request, avoid }, a, types)).toEqual(requirementsOf(request));
    // What they stand for may not be known: then they stay.
    expect(asked({ avoid })).toEqual({ "subnet-a": ["c*", "m5.*"], "subnet-b": ["c*", "m5.*"] });
  });

  it("are excluded where every type is allowed", () => {
    const avoid = [{ instanceType: "c5.xlarge", zone: a }];
    expect(asked({ allowedTypes: [], avoid }, ["c5.xlarge", "m5.xlarge"])).toEqual({
      "subnet-a": ["not c5.xlarge"],
      "subnet-b": undefined,
    });
  });

  it("take their zone with them when it has no other, but never the last one", () => {
    const avoid = [{ instanceType: "c5.xlarge", zone: a }];
    for (const allowedTypes of [["c5.*"], ["c5.xlarge"], []])
      expect(asked({ allowedTypes, avoid }, ["c5.xlarge"])).toEqual({
        "subnet-b": allowedTypes.length > 0 ? allowedTypes : undefined,
      });
    const all = [...avoid, { instanceType: "c5.xlarge", zone: b }];
    expect(asked({ allowedTypes: ["c5.*"], avoid: all }, ["c5.xlarge"])).toEqual({
      "subnet-a": ["c5.*"],
      "subnet-b": ["c5.*"],
    });
  });

  it("leave 400 types at most, the same for the same round", () => {
    const types = Array.from({ length: 600 }, (_, i) => `c${i}.xlarge`);
    const avoid = [{ instanceType: "c0.xlarge", zone: a }];
    expect(asked({ avoid }, types)["subnet-a"]).toEqual(types.slice(1, 401));
    const every = types.map((instanceType) => ({ instanceType, zone: a }));
    expect(asked({ allowedTypes: [], avoid: every })["subnet-a"]).toHaveLength(400);
  });
});

const codes: readonly (readonly [LaunchFailure["kind"], string])[] = [
  [
    "no-capacity",
    "InsufficientInstanceCapacity InsufficientCapacity InsufficientCapacityOnHost InsufficientHostCapacity InsufficientReservedInstanceCapacity InsufficientFreeAddressesInSubnet UnfulfillableCapacity Unsupported UnsupportedOperation SpotMaxPriceTooLow",
  ],
  ["token-used", "IdempotentParameterMismatch"],
  [
    "throttled",
    "RequestLimitExceeded Throttling ThrottlingException EC2ThrottledException RequestThrottled BandwidthLimitExceeded InternalError InternalFailure ServerInternal Unavailable ServiceUnavailable RequestTimeout RequestExpired ConcurrentTagAccess",
  ],
  [
    "quota",
    "VcpuLimitExceeded InstanceLimitExceeded ResourceLimitExceeded TargetCapacityLimitExceeded TargetCapacityLimitExceededException MaxSpotInstanceCountExceeded MaxSpotFleetRequestCountExceeded FleetRequestLimitExceeded AttachmentLimitExceeded VolumeLimitExceeded MaxIOPSLimitExceeded",
  ],
  [
    "refused",
    "UnauthorizedOperation AccessDenied AccessDeniedException AuthFailure AuthFailure.ServiceLinkedRoleCreationNotPermitted Blocked OptInRequired PendingVerification InvalidClientTokenId UnrecognizedClientException ExpiredToken ExpiredTokenException MissingAction MissingParameter UnknownParameter ValidationError InvalidParameter InvalidParameterCombination InvalidParameterValue InvalidFleetConfig InvalidFleetConfiguration InvalidInstanceRequirements InvalidAMIID.Malformed InvalidAMIID.NotFound InvalidAMIID.Unavailable InvalidBlockDeviceMapping InvalidGroup.NotFound InvalidIamInstanceProfileArn.Malformed InvalidKeyPair.NotFound InvalidLaunchTemplateId.Malformed InvalidLaunchTemplateId.NotFound InvalidLaunchTemplateId.VersionNotFound InvalidLaunchTemplateName.NotFoundException InvalidSecurityGroupID.NotFound InvalidSnapshot.NotFound InvalidSubnetID.NotFound InvalidSubnet.NotFound VPCIdNotSpecified",
  ],
  ["unknown", "Whatever SomethingThatEC2SaysNextYear"],
];

describe("EC2's codes become the few kinds that call for different answers", () => {
  const rows = codes.flatMap(([kind, named]) => named.split(" ").map((code) => [code, kind] as const));
  it.each(rows)("%s is %s", (code, kind) => expect(failureOf(code, "").kind).toBe(kind));

  it.each([
    ["InvalidFleetConfig", "No instance types satisfy the instance requirements", "no-type"],
    [
      "InvalidFleetConfiguration",
      "Your requested instance type (m5.large) is not supported in your requested Availability Zone (eu-west-1a).",
      "no-capacity",
    ],
  ])("%s: %s is %s", (code, message, kind) => expect(failureOf(code, message).kind).toBe(kind));

  it("each once a capacity pool", () => {
    const twice = [failureOf("Unsupported", "in eu-west-1a"), failureOf("Unsupported", "in eu-west-1a")];
    expect(distinct(twice)).toHaveLength(1);
  });
});

describe("on the embedded EC2", () => {
  const open = async (): Promise<{ sim: HttpSim; wanted: LaunchRequest }> => {
    const sim = await openHttpSim({ maxAttempts: 2 });
    onTestFinished(() => sim.close());
    const { minimum, maximumCpu } = request;
    return { sim, wanted: await launchRequestOn(sim, { minimum, maximumCpu, allowedTypes: ["m5.*"] }) };
  };

  it("a fleet that gets fewer says so, and keeps what it got", async () => {
    const { sim, wanted } = await open();
    sim.cloud.capacity.scarcities.push({ remaining: 1 });
    const outcome = await sim.fleet.launch(wanted);
    if (outcome.kind !== "answered") throw new Error(outcome.problem);
    expect(outcome.launched).toHaveLength(1);
    expect(new Set(outcome.failures.map(({ kind }) => kind))).toEqual(new Set(["no-capacity"]));
  });

  it("finds machines of a wildcard in a second round only because the empty capacity pools are left out", async () => {
    const { sim, wanted } = await open();
    const [first, second] = [sim.defaults.subnets[0], sim.defaults.subnets[1]];
    if (first === undefined || second === undefined) throw new Error("no two zones");
    // The three cheapest of the zones are empty: with them in the request EC2 always gives up before it comes to others.
    for (const zone of [first.zone, second.zone])
      for (const type of ["c5a.xlarge", "c6a.xlarge"]) sim.cloud.capacity.scarcities.push({ type, zone, remaining: 0 });
    const asked: LaunchRequest = { ...wanted, subnets: [first, second], allowedTypes: ["c*"] };
    const round = async (clientToken: string, avoid: LaunchRequest["avoid"]) => {
      const outcome = await sim.fleet.launch({ ...asked, clientToken, avoid });
      if (outcome.kind !== "answered") throw new Error(outcome.problem);
      const kinds = [...new Set(outcome.failures.map(({ kind }) => kind))];
      return { launched: outcome.launched, kinds, empty: outcome.failures.flatMap(({ pool }) => pool ?? []) };
    };
    const one = await round("one", []);
    expect([one.launched, one.kinds, one.empty.length]).toEqual([[], ["no-capacity"], 3]);
    expect(sim.door.calls().ec2).not.toHaveProperty("GetInstanceTypesFromInstanceRequirements");
    expect((await round("the same again", [])).launched).toEqual([]);
    const two = await round("two", one.empty);
    expect(two.launched).toHaveLength(3);
    // Said again after a lost reply the round is the very same request; a further one asks EC2 nothing that it knows.
    expect((await round("two", one.empty)).launched).toEqual(two.launched);
    await round("three", one.empty);
    expect(sim.door.calls().ec2).toMatchObject({ GetInstanceTypesFromInstanceRequirements: 1 });
  });

  it("a round whose wildcards cannot be resolved keeps them, also when it is repeated", async () => {
    const { sim, wanted } = await open();
    const avoid = [{ instanceType: "m5.xlarge", zone: wanted.subnets[0]?.zone ?? "" }];
    sim.faults.set("ec2", "GetInstanceTypesFromInstanceRequirements", { throttled: 1 });
    const first = await sim.fleet.launch({ ...wanted, avoid });
    sim.faults.set("ec2", "GetInstanceTypesFromInstanceRequirements", { throttled: 0 });
    expect(first).toMatchObject({ launched: [{}, {}, {}], failures: [] });
    expect(await sim.fleet.launch({ ...wanted, avoid })).toEqual(first);
  });

  it("where every capacity pool was tried EC2 is asked once more, and nothing left is no capacity, not a wrong request", async () => {
    const { sim, wanted } = await open();
    const large = { ...wanted, allowedTypes: [], minimum: { cpu: 64, mmem: 1024 }, maximumCpu: 64 };
    const types = catalogue.filter(({ vcpu, architecture }) => vcpu === 64 && architecture === "x86_64");
    const avoid = types.flatMap(({ name }) => wanted.subnets.map(({ zone }) => ({ instanceType: name, zone })));
    expect(await sim.fleet.launch({ ...large, avoid })).toMatchObject({ launched: [{}, {}, {}], failures: [] });
    const other = { ...large, maximumCpu: 65, clientToken: "unresolved", avoid };
    sim.faults.set("ec2", "GetInstanceTypesFromInstanceRequirements", { throttled: 1 });
    expect(await sim.fleet.launch(other)).toMatchObject({ launched: [], failures: [{ kind: "no-capacity" }] });
    sim.faults.set("ec2", "GetInstanceTypesFromInstanceRequirements", { throttled: 0 });
    const never = { ...other, clientToken: "never", minimum: { cpu: 64, mmem: 9_999_999 } };
    expect(await sim.fleet.launch(never)).toMatchObject({ launched: [], failures: [{ kind: "no-type" }] });
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
    await expect(sim.fleet.image("/runpool/none/ami/x64")).rejects.toThrow(/\/runpool\/none\/ami\/x64.*build an image/);
    await sim.secrets.write("/runpool/odd", "latest");
    await expect(sim.fleet.image("/runpool/odd")).rejects.toThrow(/is not an AMI id/);
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
