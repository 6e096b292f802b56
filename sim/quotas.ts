// The embedded Service Quotas: EC2's vCPU quotas, as an account of some age has them.
import type { Placed } from "./http/faults.ts";
import { AwsFault, type Service } from "./http/service.ts";

export interface ServiceQuotas {
  readonly service: Service;
  /** vCPUs by quota code; may be changed while it runs. */
  readonly vcpus: Map<string, number>;
}

/** EC2 User Guide, "Amazon EC2 service quotas": standard families on demand, and as spot. */
const names: Readonly<Record<string, string>> = {
  "L-1216C47A": "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
  "L-34B43A08": "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
};

export function serviceQuotas({ region, account }: Placed): ServiceQuotas {
  const vcpus = new Map(Object.keys(names).map((code) => [code, 640]));
  return {
    vcpus,
    service: async ({ action, input }) => {
      if (action !== "GetServiceQuota") throw new AwsFault("UnknownOperationException", "");
      const code = String(input["QuotaCode"]);
      const value = input["ServiceCode"] === "ec2" ? vcpus.get(code) : undefined;
      if (value === undefined)
        throw new AwsFault(
          "NoSuchResourceException",
          "The request failed because the specified service quota does not exist.",
        );
      return {
        Quota: {
          ServiceCode: "ec2",
          ServiceName: "Amazon Elastic Compute Cloud (Amazon EC2)",
          QuotaArn: `arn:aws:servicequotas:${region}:${account}:ec2/${code}`,
          QuotaCode: code,
          QuotaName: names[code],
          Value: value,
          Unit: "None",
          Adjustable: true,
          GlobalQuota: false,
        },
      };
    },
  };
}
