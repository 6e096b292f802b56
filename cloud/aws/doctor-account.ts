// The account as the doctor sees it: STS, Service Quotas, IAM and EC2's subnets.
import { DescribeSubnetsCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { GetRoleCommand, type IAMClient } from "@aws-sdk/client-iam";
import { GetServiceQuotaCommand, type ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { GetCallerIdentityCommand, type STSClient } from "@aws-sdk/client-sts";
import type { UsageClass } from "../../domain/record.ts";
import type { AccountReader, SubnetSeen } from "../ports/doctor.ts";
import type { Clock } from "../ports/clock.ts";
import { correctedClock } from "./clock.ts";
import { look, lookAt } from "./doctor-look.ts";

export interface AccountOptions {
  readonly sts: STSClient;
  readonly quotas: ServiceQuotasClient;
  readonly iam: IAMClient;
  readonly ec2: EC2Client;
  /** The host's own clock, uncorrected. */
  readonly host: Clock;
}

/** EC2 User Guide, "Amazon EC2 service quotas". */
const quotaCodes: Readonly<Record<UsageClass, string>> = { "on-demand": "L-1216C47A", spot: "L-34B43A08" };
/** EC2 User Guide, "Service-linked role for Spot Instance requests". */
const spotRole = "AWSServiceRoleForEC2Spot";

async function subnets(client: EC2Client, ids: readonly string[]): Promise<ReadonlyMap<string, SubnetSeen>> {
  if (ids.length === 0) return new Map();
  // By filter: one id that does not exist would fail the whole request.
  const command = new DescribeSubnetsCommand({ Filters: [{ Name: "subnet-id", Values: [...ids] }] });
  const { Subnets = [] } = await client.send(command);
  return new Map(
    Subnets.map(({ SubnetId = "", AvailabilityZone = "", AvailableIpAddressCount = 0 }) => [
      SubnetId,
      { zone: AvailabilityZone, freeAddresses: AvailableIpAddressCount },
    ]),
  );
}

export function accountReader({ sts, quotas, iam, ec2, host }: AccountOptions): AccountReader {
  const clock = correctedClock(host);
  clock.watch(sts);
  return {
    caller: () =>
      lookAt("sts:GetCallerIdentity", async () => {
        const { Account = "", Arn = "" } = await sts.send(new GetCallerIdentityCommand({}));
        return { account: Account, arn: Arn, clockAheadMs: clock.offset() };
      }),
    vcpuQuota: (usageClass) =>
      look(
        "servicequotas:GetServiceQuota",
        async () => {
          const command = new GetServiceQuotaCommand({ ServiceCode: "ec2", QuotaCode: quotaCodes[usageClass] });
          return (await quotas.send(command)).Quota?.Value;
        },
        ["NoSuchResourceException"],
      ),
    spotRole: async () => {
      const ask = () => iam.send(new GetRoleCommand({ RoleName: spotRole }));
      const seen = await look("iam:GetRole", ask, ["NoSuchEntity", "NoSuchEntityException"]);
      return seen.kind === "unseen" ? seen : { kind: "seen", value: seen.value !== undefined };
    },
    subnets: (ids) => lookAt("ec2:DescribeSubnets", () => subnets(ec2, ids)),
  };
}
