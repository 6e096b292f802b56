// A machine of the embedded cloud, launched by the adapter of EC2.
import type { UsageClass } from "../../domain/record.ts";
import type { HttpSim } from "./http-sim.ts";

/** One `large`, tagged as the pool's. */
export async function oneMachine({ fleet, defaults, cloud }: HttpSim, usageClass: UsageClass = "on-demand") {
  const template = defaults.templates["large/x64"];
  if (template === undefined) throw new Error("no template");
  await fleet.launch({
    count: 1,
    clientToken: "one",
    template,
    imageId: await fleet.image(defaults.imageParameters.x64 ?? ""),
    subnets: defaults.subnets,
    minimum: { cpu: 2, mmem: 4096 },
    maximumCpu: 4,
    architecture: "x64",
    usageClass,
    avoid: [],
    allowedTypes: [],
    tags: { "runpool:manager": "pool", "runpool:class": "large" },
  });
  const [machine] = cloud.machines();
  if (machine === undefined) throw new Error("no machine");
  return machine;
}
