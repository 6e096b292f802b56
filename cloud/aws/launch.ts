// One CreateFleet `instant`, and what it launched in our terms.
import type { CreateFleetInstance, CreateFleetResult, EC2Client, _InstanceType } from "@aws-sdk/client-ec2";
import type * as Ec2 from "./ec2-sdk.ts";
import type { Launched, LaunchFailure, LaunchOutcome, LaunchRequest, Unknown } from "../ports.ts";
import { createFleetInput, requirementsOf } from "./fleet-request.ts";
import { distinct, failureOf } from "./launch-failures.ts";
import { asSdkError, problemOf, troubleOf } from "./sdk-errors.ts";

export interface LaunchTools {
  readonly sdk: typeof Ec2;
  readonly client: EC2Client;
  /** Sizes of instance types met before: they never change. */
  readonly sizes: Map<string, { readonly cpu: number; readonly mmem: number }>;
}

/** Asks for all unknown types at once. A failure is not worth losing machines that run: they then count as the minimum they have. */
async function learnSizes({ sdk, client, sizes }: LaunchTools, types: readonly string[]): Promise<void> {
  const unknown = types.filter((type) => !sizes.has(type));
  if (unknown.length === 0) return;
  const command = new sdk.DescribeInstanceTypesCommand({ InstanceTypes: unknown as _InstanceType[] });
  const reply = await client.send(command).catch((error: unknown) => {
    troubleOf(error);
    return undefined;
  });
  for (const { InstanceType, VCpuInfo, MemoryInfo } of reply?.InstanceTypes ?? []) {
    const [cpu, mmem] = [VCpuInfo?.DefaultVCpus, MemoryInfo?.SizeInMiB];
    if (InstanceType !== undefined && cpu !== undefined && mmem !== undefined) sizes.set(InstanceType, { cpu, mmem });
  }
}

async function launchedBy(
  tools: LaunchTools,
  request: LaunchRequest,
  groups: readonly CreateFleetInstance[],
): Promise<readonly Launched[]> {
  await learnSizes(tools, [...new Set(groups.map(({ InstanceType }) => InstanceType ?? ""))]);
  const zones = new Map(request.subnets.map(({ id, zone }) => [id, zone]));
  return groups.flatMap(({ InstanceIds, InstanceType = "", LaunchTemplateAndOverrides, Lifecycle }) => {
    const { SubnetId = "", AvailabilityZone } = LaunchTemplateAndOverrides?.Overrides ?? {};
    const size = tools.sizes.get(InstanceType) ?? request.minimum;
    return (InstanceIds ?? []).map((instanceId) => ({
      instanceId,
      instanceType: InstanceType,
      cpu: size.cpu,
      mmem: size.mmem,
      zone: zones.get(SubnetId) ?? AvailabilityZone ?? request.subnets[0]?.zone ?? "",
      usageClass: Lifecycle === "spot" ? "spot" : Lifecycle === "on-demand" ? "on-demand" : request.usageClass,
    }));
  });
}

/** Whether any type of the region meets the requirements: EC2 does not document how CreateFleet says that none does. */
async function noTypeMatches({ sdk, client }: LaunchTools, request: LaunchRequest): Promise<boolean> {
  const command = new sdk.GetInstanceTypesFromInstanceRequirementsCommand({
    ArchitectureTypes: [request.architecture === "x64" ? "x86_64" : "arm64"],
    VirtualizationTypes: ["hvm"],
    InstanceRequirements: requirementsOf(request),
  });
  try {
    for (let next: string | undefined; ; command.input.NextToken = next) {
      const reply = await client.send(command);
      if ((reply.InstanceTypes ?? []).length > 0) return false;
      next = reply.NextToken;
      if (next === undefined || next === "") return true;
    }
  } catch (error) {
    troubleOf(error);
    return false;
  }
}

const isFleetConfig = ({ reason }: LaunchFailure): boolean => /^Invalid(FleetConfig|InstanceRequirement)/.test(reason);

async function explained(
  tools: LaunchTools,
  request: LaunchRequest,
  failures: readonly LaunchFailure[],
): Promise<readonly LaunchFailure[]> {
  const vague = failures.some((failure) => failure.kind === "refused" && isFleetConfig(failure));
  if (!vague || !(await noTypeMatches(tools, request))) return distinct(failures);
  return distinct(failures.map(({ kind, reason }) => ({ kind: kind === "refused" ? "no-type" : kind, reason })));
}

/** The SDK tries again after a lost reply with the same client token, so nothing is launched twice. */
export async function launch(tools: LaunchTools, request: LaunchRequest): Promise<LaunchOutcome | Unknown> {
  let reply: CreateFleetResult;
  try {
    reply = await tools.client.send(new tools.sdk.CreateFleetCommand(createFleetInput(request)));
  } catch (error) {
    const trouble = troubleOf(error);
    const failure = failureOf(asSdkError(error).name, asSdkError(error).message);
    // A server error that names a lack of capacity or a limit is an answer; any other is none.
    if (trouble === "unclear" && failure.kind === "refused")
      return { kind: "unknown", problem: `CreateFleet: ${problemOf(error)}` };
    const certain: LaunchFailure = trouble === "throttled" ? { ...failure, kind: "throttled" } : failure;
    return { kind: "answered", launched: [], failures: await explained(tools, request, [certain]) };
  }
  const failures = (reply.Errors ?? []).map(({ ErrorCode, ErrorMessage, LaunchTemplateAndOverrides }) => {
    const { InstanceType: instanceType, SubnetId, AvailabilityZone } = LaunchTemplateAndOverrides?.Overrides ?? {};
    const zone = request.subnets.find(({ id }) => id === SubnetId)?.zone ?? AvailabilityZone;
    const failure = failureOf(ErrorCode ?? "Unknown", ErrorMessage ?? "");
    const named = instanceType !== undefined && zone !== undefined && failure.kind === "no-capacity";
    return named ? { ...failure, pool: { instanceType, zone } } : failure;
  });
  const launched = await launchedBy(tools, request, reply.Instances ?? []);
  return { kind: "answered", launched, failures: await explained(tools, request, failures) };
}
