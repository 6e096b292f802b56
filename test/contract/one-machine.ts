// A machine of the embedded cloud, launched by the adapter of EC2.
import type { UsageClass } from "../../domain/record.ts";
import type { HttpSim } from "./http-sim.ts";
import { launchRequestOn } from "./requests.ts";

/** One `large`, tagged as the pool's. */
export async function oneMachine(sim: HttpSim, usageClass: UsageClass = "on-demand") {
  const tags = { "runpool:manager": "pool", "runpool:class": "large" };
  await sim.fleet.launch(await launchRequestOn(sim, { count: 1, usageClass, tags }));
  const [machine] = sim.cloud.machines();
  if (machine === undefined) throw new Error("no machine");
  return machine;
}
