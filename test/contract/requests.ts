// Requests that tests of the adapters begin with: a launch, and a provision that is kept. Each test changes what it is about.
import type { LaunchRequest } from "../../cloud/ports/fleet.ts";
import type { Request } from "../../domain/request.ts";
import { fresh } from "./newcomers.ts";
import type { Stand } from "./stand.ts";

export const launchRequest: LaunchRequest = {
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

/** A launch of on-demand machines that this stand can serve. */
export async function launchRequestOn(
  { defaults, fleet }: Pick<Stand, "defaults" | "fleet">,
  differs: Partial<LaunchRequest> = {},
): Promise<LaunchRequest> {
  const template = defaults.templates["large/x64"];
  if (template === undefined) throw new Error("no template");
  return {
    ...launchRequest,
    clientToken: fresh("token"),
    template,
    imageId: await fleet.image(defaults.imageParameters.x64 ?? ""),
    subnets: defaults.subnets,
    minimum: { cpu: 2, mmem: 4096 },
    maximumCpu: 4,
    usageClass: "on-demand",
    allowedTypes: [],
    ...differs,
  };
}

/** Of no run yet. */
export const keptRequest: Omit<Request, "runId"> = {
  attempt: 1,
  provisionId: "provision",
  repository: "acme/shop",
  count: 1,
  resourceClass: "large",
  minimum: { cpu: 2, mmem: 4096 },
  architecture: "x64",
  usageClass: "spot",
  allowedTypes: [],
  labels: [],
  fallback: false,
};
