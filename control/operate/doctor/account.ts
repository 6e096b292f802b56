// The doctor on the account: who calls and where, the host's clock, quotas, subnets, spot's role. Pure.
import type { Caller, SubnetSeen } from "../../../cloud/ports/doctor.ts";
import type { Configuration } from "../../../domain/configuration.ts";
import type { UsageClass } from "../../../domain/record.ts";
import { fail, lasting, ok, warn, type Check } from "./check.ts";

const second = 1000;
/** Agents and control plane correct their clocks by AWS's replies, in steps of a second; beyond this a host has lost its time service. */
const clockWarnMs = 5 * second;
/** AWS refuses signatures that are five minutes off (IAM User Guide, "Signing AWS API requests"). */
const clockFailMs = 4 * 60 * second;

export const judgeCaller = ({ account, arn }: Caller): Check => ok("credentials", `${arn} in account ${account}`);

export function judgeClock({ clockAheadMs }: Caller): Check {
  const name = "clock";
  const off = Math.abs(clockAheadMs);
  if (off < clockWarnMs) return ok(name, `within ${Math.max(1, off / second)} s of AWS's`);
  const found = `this host's clock is ${lasting(off)} ${clockAheadMs > 0 ? "behind" : "ahead of"} AWS's`;
  const remedy = "start a time service: sudo systemctl enable --now chrony (or systemd-timesyncd)";
  return off >= clockFailMs
    ? fail(name, `${found}; AWS refuses signatures 5 min off`, remedy)
    : warn(name, found, remedy);
}

/** The account and the region that the environment was deployed to, against those asked. */
export function judgePlace(
  { account, region }: Pick<Configuration, "account" | "region">,
  caller: Caller | undefined,
  asked: string,
): Check {
  const name = "region";
  if (region !== asked)
    return fail(name, `the configuration was deployed for ${region}, and lies in ${asked}`, `give --region ${region}`);
  if (caller !== undefined && caller.account !== account)
    return fail(
      name,
      `deployed in account ${account}, but you are in ${caller.account}`,
      "use that account's credentials",
    );
  return ok(name, `${asked}, account ${account}`);
}

const quotaNames: Readonly<Record<UsageClass, string>> = {
  "on-demand": "Running On-Demand Standard instances (L-1216C47A)",
  spot: "All Standard Spot Instance Requests (L-34B43A08)",
};
const quotaCode = (usageClass: UsageClass): string => (usageClass === "spot" ? "L-34B43A08" : "L-1216C47A");

export function judgeQuota(
  { resourceClasses, maxInstances }: Pick<Configuration, "resourceClasses" | "maxInstances">,
  usageClass: UsageClass,
  vcpus: number | undefined,
): Check {
  const name = `quota ${usageClass}`;
  if (vcpus === undefined) return warn(name, "the region knows no such quota", "look at EC2's quotas in the console");
  const classes = Object.entries(resourceClasses).sort(([, a], [, b]) => a.cpu - b.cpu);
  const [smallest] = classes;
  const found = `${vcpus} vCPUs (${quotaNames[usageClass]})`;
  if (smallest === undefined) return ok(name, found);
  const wanted = Math.max(smallest[1].cpu * maxInstances, classes.at(-1)?.[1].cpu ?? 0);
  const remedy = `aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${quotaCode(usageClass)} --desired-value ${wanted}`;
  if (vcpus < smallest[1].cpu) return fail(name, `${found}: not one ${smallest[0]} may run`, remedy);
  const never = classes.filter(([, { cpu }]) => cpu > vcpus).map(([one]) => one);
  if (never.length > 0) return warn(name, `${found}: never enough for ${never.join(", ")}`, remedy);
  const most = Math.floor(vcpus / smallest[1].cpu);
  if (most < maxInstances)
    return warn(name, `${found}: ${most} of ${smallest[0]}, not maxInstances (${maxInstances})`, remedy);
  return ok(name, found);
}

export const judgeSpotRole = (exists: boolean): Check =>
  exists
    ? ok("spot role", "AWSServiceRoleForEC2Spot exists")
    : fail(
        "spot role",
        "the account has no AWSServiceRoleForEC2Spot: EC2 refuses every spot request",
        "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com",
      );

/** Each machine takes one address. */
export function judgeSubnets(
  { subnets, maxInstances }: Pick<Configuration, "subnets" | "maxInstances">,
  seen: ReadonlyMap<string, SubnetSeen>,
  redeploy: string,
): readonly Check[] {
  if (subnets.length === 0) return [fail("subnets", "the environment has none: nothing can be launched", redeploy)];
  const checks = subnets.map(({ id, zone }): Check => {
    const name = `subnet ${zone}`;
    const subnet = seen.get(id);
    if (subnet === undefined) return fail(name, `${id} does not exist`, redeploy);
    if (subnet.zone !== zone) return fail(name, `${id} lies in ${subnet.zone}, not in ${zone}`, redeploy);
    const found = `${subnet.freeAddresses} free addresses in ${id}`;
    if (subnet.freeAddresses === 0)
      return fail(name, found, "end what uses them, or give the environment larger subnets");
    // A quarter of what the maximum may need: the zones share the load.
    if (subnet.freeAddresses * subnets.length * 4 < maxInstances)
      return warn(name, `${found}, and maxInstances is ${maxInstances}`, "give the environment larger subnets");
    return ok(name, found);
  });
  const total = subnets.reduce((sum, { id }) => sum + (seen.get(id)?.freeAddresses ?? 0), 0);
  if (total >= maxInstances || checks.some(({ verdict }) => verdict !== "ok")) return checks;
  const found = `${total} free addresses in all, and maxInstances is ${maxInstances}`;
  return [...checks, warn("subnets", found, "give the environment larger subnets")];
}
